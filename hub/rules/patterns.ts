import type { Condition, Operator } from '../conditions/condition.ts';
import { evaluate, type Failure } from '../conditions/evaluate.ts';
import { evaluateExpression } from '../conditions/expression.ts';
import type { Json } from '../conditions/source.ts';
import { type Pattern, patternsOf, type Rule, type Selector } from './rule.ts';

const nowhere = { line: 0, column: 0 };

/** What a selector asks as a condition; nothing when anything will do. */
export function selectorCondition(selector: Selector): Condition | undefined {
  const tests = (['kind', 'source', 'subject'] as const).flatMap((field): Condition[] => {
    const wanted = selector[field];
    if (wanted === undefined || wanted === '*') return [];
    const op: Operator = wanted.endsWith('*') ? 'startsWith' : 'equals';
    const value = wanted.endsWith('*') ? wanted.slice(0, -1) : wanted;
    const left = { kind: 'path', path: [field] } as const;
    return [{ kind: 'test', left, op, right: [{ kind: 'constant', value }], at: nowhere }];
  });
  return tests.length === 0 ? undefined : { kind: 'all', of: tests, at: nowhere };
}

/** Nothing when an event matches a pattern; otherwise what failed first. */
export function mismatch({ on, when }: Pattern, event: Json): Failure | undefined {
  let first: Failure | undefined;
  for (const selector of on) {
    const condition = selectorCondition(selector);
    const failure = condition && evaluate(condition, event);
    if (!failure) return when && evaluate(when, event);
    first ??= failure;
  }
  return first;
}

/** For each key that an event has, as JSON, the patterns that it matches with it. Without a key it belongs to nothing. */
export function groupsOf(
  rule: Rule,
  matched: ReadonlySet<number>,
  event: Json,
): ReadonlyMap<string, ReadonlySet<number>> {
  const patterns = patternsOf(rule);
  const groups = new Map<string, Set<number>>();
  for (const index of [...matched].sort((a, b) => a - b)) {
    const group = groupOf(rule, patterns[index], event);
    if (group !== undefined) groups.set(group, (groups.get(group) ?? new Set()).add(index));
  }
  return groups;
}

/** The key that an event has for a pattern, as JSON; empty for a rule without keys, nothing when the event has none. */
function groupOf(rule: Rule, pattern: Pattern | undefined, event: Json): string | undefined {
  const by = pattern?.by ?? rule.by;
  if (!by) return '';
  const value = evaluateExpression(by, event);
  if (value === undefined) return undefined;
  const text = JSON.stringify(value);
  return text.length > groupCharsMax ? undefined : text;
}

export const groupCharsMax = 512;
