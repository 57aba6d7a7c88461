import type { Expression } from './expression.ts';
import type { Position } from './source.ts';

/** A condition over a value, as it was read; it is JSON and can be kept as such. */
export type Condition = Group | Negation | Test;

export interface Group {
  readonly kind: 'all' | 'any';
  readonly of: readonly Condition[];
  readonly at: Position;
}

export interface Negation {
  readonly kind: 'not';
  readonly of: Condition;
  readonly at: Position;
}

/** One comparison: `right` has two values for `between`, any number for `in` and `notIn`, and one for the others. */
export interface Test {
  readonly kind: 'test';
  readonly left: Expression;
  readonly op: Operator;
  readonly right: readonly Expression[];
  readonly at: Position;
}

/** What a test can ask, with what it means. */
export const operators = {
  equals: 'it is the same text, number, true, false or null',
  notEquals: 'it is another value, or nothing is there',
  gt: 'it is greater: a number than a number, or a text later in the order of characters',
  gte: 'it is greater or the same',
  lt: 'it is less',
  lte: 'it is less or the same',
  between: 'it is in a range [low, high], both included',
  in: 'it is one of a list',
  notIn: 'it is none of a list, or nothing is there',
  contains: 'a text has this text in it, or a list this item',
  startsWith: 'a text begins with this',
  endsWith: 'a text ends with this',
  equalsIgnoreCase: 'a text is the same but for upper and lower case',
  matches: 'a regular expression (RE2, linear time) matches somewhere in a text of at most 4,096 characters',
  exists: 'something is there (true), or nothing (false)',
} as const;

export type Operator = keyof typeof operators;
export const operatorNames = Object.keys(operators) as Operator[];

/** What a condition has at most: tests, levels, choices of `in` and `notIn`, and characters of a constant. */
export const conditionBounds = { testsMax: 256, depthMax: 16, choicesMax: 1000, constantCharsMax: 1000 } as const;
