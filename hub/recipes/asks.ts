import type { Json } from '../conditions/source.ts';
import type { Ask } from './plan.ts';

/** Whether a value is one that is asked for. */
export function fits({ type, choices }: Pick<Ask, 'type' | 'choices'>, value: Json): boolean {
  if (choices.length > 0 && !(typeof value === 'string' && choices.includes(value))) return false;
  switch (type) {
    case 'any':
      return true;
    case 'list':
      return Array.isArray(value);
    case 'text':
      return typeof value === 'string';
    case 'number':
      return typeof value === 'number';
    case 'boolean':
      return typeof value === 'boolean';
  }
}

/** What is asked for, in words. */
export function wanted({ type, choices }: Pick<Ask, 'type' | 'choices'>): string {
  if (choices.length > 0) return `one of ${choices.join(', ')}`;
  return { text: 'a text', number: 'a number', boolean: 'true or false', list: 'a list', any: 'anything' }[type];
}
