import { SenderError } from 'spacetimedb/server';
import { didYouMean } from '../conditions/hints.ts';
import type { Json } from '../conditions/source.ts';
import { fits, wanted } from './asks.ts';
import type { Ask } from './plan.ts';

/**
 * Lets through only what was asked for. Nothing is asked: anything may come.
 * @throws SenderError that names the first input that does not fit
 */
export function requireAnswers(what: string, asks: readonly Ask[], given: Json): void {
  if (asks.length === 0) return;
  if (given === null || typeof given !== 'object' || Array.isArray(given)) {
    throw new SenderError(
      `invalid-input: ${what} is not a map; send ${asks.map(({ name }) => name).join(', ')} as JSON`,
    );
  }
  const answers = given as { readonly [key: string]: Json };
  const known = asks.map(({ name }) => name);
  for (const name of Object.keys(answers)) {
    if (known.includes(name)) continue;
    throw new SenderError(`invalid-input: ${what} has ${name}, which is not asked for; ${didYouMean(name, known)}`);
  }
  for (const ask of asks) {
    const value = Object.hasOwn(answers, ask.name) ? answers[ask.name] : undefined;
    if (value === undefined) {
      if (!ask.isRequired || ask.preset !== '') continue;
      throw new SenderError(`invalid-input: ${what} lacks ${ask.name}${ask.about === '' ? '' : `: ${ask.about}`}`);
    }
    if (!fits(ask, value)) {
      throw new SenderError(`invalid-input: ${ask.name} of ${what} is ${shown(value)}; send ${wanted(ask)}`);
    }
  }
}

function shown(value: Json): string {
  const text = JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 60)}…` : text;
}
