import type { Condition, Test } from './condition.ts';
import { evaluateExpression, expressionText, type Path, pathsOf, pathText, readPath } from './expression.ts';
import { patternMatches } from './patterns.ts';
import type { Json, Position } from './source.ts';

/** A value that a condition looked at; without `value` nothing was there. */
export interface Seen {
  readonly path: string;
  readonly value?: Json;
}

/** The first condition that did not hold, where it is written, and what it saw. */
export interface Failure {
  readonly condition: string;
  readonly at: Position;
  readonly seen: readonly Seen[];
}

/** Whether a condition holds of a value; `holdsTest` may answer from what it has seen before. */
export function holds(condition: Condition, value: Json, holdsTest: HoldsTest = testHolds): boolean {
  switch (condition.kind) {
    case 'test':
      return holdsTest(condition, value);
    case 'all':
      return condition.of.every((each) => holds(each, value, holdsTest));
    case 'any':
      return condition.of.some((each) => holds(each, value, holdsTest));
    case 'not':
      return !holds(condition.of, value, holdsTest);
  }
}

export type HoldsTest = (test: Test, value: Json) => boolean;

/**
 * Nothing when the condition holds of the value; otherwise what failed first. Of `any` that is its first alternative. It never
 * throws, and costs at most the tests of the condition times the size of the value.
 */
export function evaluate(condition: Condition, value: Json): Failure | undefined {
  return holds(condition, value) ? undefined : firstFailure(condition, value);
}

/** What of a condition that does not hold failed first. */
function firstFailure(condition: Condition, value: Json): Failure {
  switch (condition.kind) {
    case 'test':
      return { condition: conditionText(condition), at: condition.at, seen: seenBy([condition], value) };
    case 'not':
      return { condition: conditionText(condition), at: condition.at, seen: seenBy(testsOf(condition.of), value) };
    case 'all': {
      const failed = condition.of.find((each) => !holds(each, value));
      return failed ? firstFailure(failed, value) : { condition: conditionText(condition), at: condition.at, seen: [] };
    }
    case 'any': {
      const [first, ...others] = condition.of;
      if (!first) return { condition: conditionText(condition), at: condition.at, seen: [] };
      const failure = firstFailure(first, value);
      return others.length === 0
        ? failure
        : { ...failure, condition: `${failure.condition}, nor any of ${others.length} more` };
    }
  }
}

/** Whether one test holds of a value. */
export function testHolds({ left, op, right }: Test, value: Json): boolean {
  const seen = evaluateExpression(left, value);
  const first = right[0] === undefined ? undefined : evaluateExpression(right[0], value);
  switch (op) {
    case 'exists':
      return (seen !== undefined) === (first === true);
    case 'equals':
      return seen !== undefined && seen === first;
    case 'notEquals':
      return seen === undefined || seen !== first;
    case 'in':
      return seen !== undefined && isOneOf(seen, right, value);
    case 'notIn':
      return seen === undefined || !isOneOf(seen, right, value);
    case 'gt':
      return compare(seen, first) > 0;
    case 'gte':
      return compare(seen, first) >= 0;
    case 'lt':
      return compare(seen, first) < 0;
    case 'lte':
      return compare(seen, first) <= 0;
    case 'between': {
      const last = right[1] === undefined ? undefined : evaluateExpression(right[1], value);
      return compare(seen, first) >= 0 && compare(seen, last) <= 0;
    }
    case 'contains':
      if (Array.isArray(seen)) return first !== undefined && (seen as readonly Json[]).includes(first);
      return typeof seen === 'string' && typeof first === 'string' && seen.includes(first);
    case 'startsWith':
      return typeof seen === 'string' && typeof first === 'string' && seen.startsWith(first);
    case 'endsWith':
      return typeof seen === 'string' && typeof first === 'string' && seen.endsWith(first);
    case 'equalsIgnoreCase':
      return typeof seen === 'string' && typeof first === 'string' && seen.toLowerCase() === first.toLowerCase();
    case 'matches':
      return typeof seen === 'string' && typeof first === 'string' && patternMatches(first, seen);
  }
}

/** A condition in one line. */
export function conditionText(condition: Condition): string {
  switch (condition.kind) {
    case 'test': {
      const written = condition.right.map(expressionText);
      const { op } = condition;
      const right = op === 'in' || op === 'notIn' || op === 'between' ? `[${written.join(', ')}]` : written.join(', ');
      return clip(`${expressionText(condition.left)} ${op} ${right}`);
    }
    case 'not':
      return clip(`not (${conditionText(condition.of)})`);
    default:
      return clip(`${condition.kind} of (${condition.of.map(conditionText).join('; ')})`);
  }
}

/** All tests of a condition, in the order in which they are written. */
export function testsOf(condition: Condition): readonly Test[] {
  if (condition.kind === 'test') return [condition];
  return condition.kind === 'not' ? testsOf(condition.of) : condition.of.flatMap(testsOf);
}

const seenMax = 8;
const seenCharsMax = 200;

/** What tests looked at, each path once. */
function seenBy(tests: readonly Test[], value: Json): readonly Seen[] {
  const paths = new Map<string, Path>();
  for (const { left, right } of tests) {
    for (const path of [left, ...right].flatMap(pathsOf)) paths.set(pathText(path), path);
    if (paths.size >= seenMax) break;
  }
  return [...paths].slice(0, seenMax).map(([text, path]) => {
    const seen = readPath(value, path);
    return seen === undefined ? { path: text } : { path: text, value: excerpt(seen) };
  });
}

/** What is too long to be shown is cut. */
function excerpt(value: Json): Json {
  if (value === null || (typeof value !== 'object' && typeof value !== 'string')) return value;
  if (typeof value === 'string') return value.length > seenCharsMax ? `${value.slice(0, seenCharsMax)}…` : value;
  const written = JSON.stringify(value);
  return written.length > seenCharsMax ? `${written.slice(0, seenCharsMax)}…` : value;
}

function isOneOf(seen: Json, choices: Test['right'], value: Json): boolean {
  return choices.some(
    (choice) => seen === (choice.kind === 'constant' ? choice.value : evaluateExpression(choice, value)),
  );
}

/** Not a number, which compares with nothing, unless both are numbers or both are texts. */
function compare(seen: Json | undefined, other: Json | undefined): number {
  if (typeof seen === 'number' && typeof other === 'number') return seen < other ? -1 : seen > other ? 1 : 0;
  if (typeof seen === 'string' && typeof other === 'string') return seen < other ? -1 : seen > other ? 1 : 0;
  return Number.NaN;
}

function clip(text: string): string {
  return text.length > seenCharsMax ? `${text.slice(0, seenCharsMax)}…` : text;
}
