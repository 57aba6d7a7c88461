import { type Condition, conditionBounds, type Operator, operatorNames, operators, type Test } from './condition.ts';
import type { Expression } from './expression.ts';
import { didYouMean } from './hints.ts';
import { patternCharsMax, patternProblem } from './patterns.ts';
import { readExpression, type Scope } from './scope.ts';
import { type Definitions, expected, type JsonSchema, type Shape } from './shape.ts';
import { type Json, kindOf, type MapEntry, type Position, type Problems, type SourceNode } from './source.ts';

/**
 * The shape of a condition: a map of tests that must all hold (`payload.amount: { gt: 100 }`, `kind: order.created`), with `all`,
 * `any` and `not` for groups, or a list of such maps that must all hold.
 */
export function conditionShape(scope: Scope): Shape<Condition> {
  return {
    read(node, problems) {
      const reader = new ConditionReader(scope, problems);
      const condition = reader.read(node, 1);
      return reader.isWhole ? condition : undefined;
    },
    schema: (definitions) => conditionSchema(definitions),
  };
}

/** What people try first, with the word that is right here. */
const otherWords: Readonly<Record<string, Operator>> = {
  '=': 'equals',
  '==': 'equals',
  '===': 'equals',
  eq: 'equals',
  is: 'equals',
  '!=': 'notEquals',
  ne: 'notEquals',
  neq: 'notEquals',
  '>': 'gt',
  above: 'gt',
  greaterThan: 'gt',
  '>=': 'gte',
  atLeast: 'gte',
  '<': 'lt',
  below: 'lt',
  lessThan: 'lt',
  '<=': 'lte',
  atMost: 'lte',
  range: 'between',
  oneOf: 'in',
  includes: 'contains',
  regex: 'matches',
  match: 'matches',
  pattern: 'matches',
  present: 'exists',
};

class ConditionReader {
  readonly #scope: Scope;
  readonly #problems: Problems;
  #tests = 0;
  isWhole = true;

  constructor(scope: Scope, problems: Problems) {
    this.#scope = scope;
    this.#problems = problems;
  }

  read(node: SourceNode, depth: number): Condition | undefined {
    const { depthMax } = conditionBounds;
    if (depth > depthMax) return this.#refuse(node.at, `the condition is nested more than ${depthMax} levels deep`);
    const parts =
      node.kind === 'list'
        ? node.items.map((item) => this.read(item, depth + 1))
        : node.kind === 'map'
          ? node.entries.flatMap((entry) => this.#entry(entry, depth))
          : undefined;
    if (!parts || parts.length === 0) {
      const hint = 'a path and what it must be, such as payload.amount: { gt: 100 }';
      return this.#refuse(
        node.at,
        parts ? 'a condition is missing' : `expected a condition, found ${kindOf(node)}`,
        hint,
      );
    }
    const of = parts.filter((part) => part !== undefined);
    return of.length === 1 ? of[0] : { kind: 'all', of, at: node.at };
  }

  #entry({ key, keyAt, value }: MapEntry, depth: number): readonly (Condition | undefined)[] {
    if (key === 'not') {
      const of = this.read(value, depth + 1);
      return [of && { kind: 'not', of, at: keyAt }];
    }
    if (key === 'all' || key === 'any') {
      if (value.kind !== 'list' || value.items.length === 0) {
        return [this.#refuse(value.at, `expected a list of conditions, found ${kindOf(value)}`)];
      }
      const of = value.items.map((item) => this.read(item, depth + 1)).filter((item) => item !== undefined);
      return [{ kind: key, of, at: keyAt }];
    }
    const left = readExpression(key, keyAt, this.#scope, this.#problems);
    if (!left) return [this.#lost()];
    return this.#testsOf(left, value, keyAt);
  }

  /** The tests of one path: a plain value means equality. */
  #testsOf(left: Expression, node: SourceNode, keyAt: Position): readonly (Condition | undefined)[] {
    if (node.kind === 'scalar') return [this.#test(left, 'equals', node, keyAt)];
    if (node.kind === 'list') {
      return [this.#refuse(node.at, 'a list cannot be compared with', 'write { in: [ … ] } for one of them')];
    }
    if (node.entries.length === 0)
      return [this.#refuse(node.at, 'a test is missing', `known are: ${operatorNames.join(', ')}`)];
    return node.entries.map((entry) => {
      const op = operatorNames.find((name) => name === entry.key);
      if (op) return this.#test(left, op, entry.value, entry.keyAt);
      const meant = Object.hasOwn(otherWords, entry.key) ? otherWords[entry.key] : undefined;
      const hint = meant ? `did you mean ${meant}?` : didYouMean(entry.key, operatorNames);
      return this.#refuse(entry.keyAt, `there is no test ${entry.key}`, hint);
    });
  }

  #test(left: Expression, op: Operator, node: SourceNode, at: Position): Test | undefined {
    this.#tests += 1;
    const { testsMax } = conditionBounds;
    if (this.#tests === testsMax + 1) return this.#refuse(at, `the condition has more than ${testsMax} tests`);
    if (this.#tests > testsMax) return this.#lost();
    const right = this.#right(op, node);
    return right ? { kind: 'test', left, op, right, at } : this.#lost();
  }

  #right(op: Operator, node: SourceNode): readonly Expression[] | undefined {
    const { choicesMax } = conditionBounds;
    switch (op) {
      case 'exists':
        if (node.kind === 'scalar' && typeof node.value === 'boolean') return [{ kind: 'constant', value: node.value }];
        return expected(node, this.#problems, 'true or false');
      case 'matches': {
        if (node.kind !== 'scalar' || typeof node.value !== 'string') {
          return expected(node, this.#problems, 'a regular expression as a text', 'put single quotes around it');
        }
        const problem = patternProblem(node.value);
        if (problem !== undefined) return this.#refuse(node.textAt, problem, patternHint(node.value));
        return [{ kind: 'constant', value: node.value }];
      }
      case 'in':
      case 'notIn':
        if (node.kind !== 'list' || node.items.length === 0 || node.items.length > choicesMax) {
          return expected(node, this.#problems, `a list of 1 to ${choicesMax} values`);
        }
        return this.#operands(node.items, isAny, '');
      case 'between': {
        if (node.kind !== 'list' || node.items.length !== 2) {
          return expected(node, this.#problems, 'a list of two values, [low, high]');
        }
        const bounds = this.#operands(node.items, isOrdered, 'a number or a text');
        const [low, high] = bounds ?? [];
        if (low?.kind === 'constant' && high?.kind === 'constant') {
          const [a, b] = [low.value, high.value];
          if (typeof a !== typeof b) return expected(node, this.#problems, 'two numbers or two texts');
          if (a !== null && b !== null && a > b) {
            return this.#refuse(node.at, 'nothing is in this range', 'the lower bound comes first');
          }
        }
        return bounds;
      }
      case 'gt':
      case 'gte':
      case 'lt':
      case 'lte':
        return this.#operands([node], isOrdered, 'a number or a text');
      case 'contains':
      case 'equals':
      case 'notEquals':
        return this.#operands([node], isAny, '');
      case 'startsWith':
      case 'endsWith':
      case 'equalsIgnoreCase':
        return this.#operands([node], (value) => typeof value === 'string', 'a text');
    }
  }

  #operands(
    nodes: readonly SourceNode[],
    fits: (value: Json) => boolean,
    what: string,
  ): readonly Expression[] | undefined {
    const read = nodes.map((node) => this.#operand(node, fits, what));
    return read.every((each) => each !== undefined) ? read : undefined;
  }

  /** A constant, or `{ value: an expression }`. */
  #operand(node: SourceNode, fits: (value: Json) => boolean, what: string): Expression | undefined {
    if (node.kind === 'map') {
      const [entry, second] = node.entries;
      if (entry?.key === 'value' && !second && entry.value.kind === 'scalar' && entry.value.value !== null) {
        return readExpression(String(entry.value.value), entry.value.textAt, this.#scope, this.#problems);
      }
      const hint = 'write { value: payload.other } to compare with another value of the event';
      return expected(node, this.#problems, 'a value', hint);
    }
    if (node.kind === 'list') return expected(node, this.#problems, what || 'a text, a number, true, false or null');
    if (!fits(node.value)) return expected(node, this.#problems, what);
    if (typeof node.value === 'string') {
      const { constantCharsMax } = conditionBounds;
      if (node.value.length > constantCharsMax) {
        return this.#refuse(
          node.at,
          `this text has ${node.value.length} characters, at most ${constantCharsMax} are allowed`,
        );
      }
      if (node.value.includes('{{')) {
        const hint = `write { value: ${node.value.replaceAll(/[{}]/g, '').trim()} }`;
        return this.#refuse(node.at, 'conditions do not fill in {{…}}', hint);
      }
    }
    return { kind: 'constant', value: node.value };
  }

  #refuse(at: Position, message: string, hint = ''): undefined {
    this.#problems.add(at, message, hint);
    return this.#lost();
  }

  #lost(): undefined {
    this.isWhole = false;
    return undefined;
  }
}

function isAny(): boolean {
  return true;
}

function isOrdered(value: Json): boolean {
  return typeof value === 'number' || typeof value === 'string';
}

function patternHint(pattern: string): string {
  return /\(\?[=!<]|\\\d/.test(pattern)
    ? 'looking ahead or behind and references to groups are not possible in linear time'
    : 'regular expressions are those of RE2';
}

function conditionSchema(definitions: Definitions): JsonSchema {
  if (!definitions.has('condition')) {
    const scalar = { type: ['string', 'number', 'boolean', 'null'] };
    const value = {
      type: 'object',
      properties: { value: { description: 'An expression over the same value.', type: 'string' } },
      required: ['value'],
      additionalProperties: false,
    };
    const operand = { anyOf: [scalar, value] };
    const operandOf = (op: Operator): JsonSchema => {
      switch (op) {
        case 'exists':
          return { type: 'boolean' };
        case 'matches':
          return { type: 'string', maxLength: patternCharsMax };
        case 'in':
        case 'notIn':
          return { type: 'array', items: operand, minItems: 1, maxItems: conditionBounds.choicesMax };
        case 'between':
          return { type: 'array', items: operand, minItems: 2, maxItems: 2 };
        default:
          return operand;
      }
    };
    const tests = {
      type: 'object',
      properties: Object.fromEntries(
        operatorNames.map((op) => [op, { description: `Holds when ${operators[op]}.`, ...operandOf(op) }]),
      ),
      additionalProperties: false,
      minProperties: 1,
    };
    const many = { type: 'array', items: { $ref: '#/$defs/condition' }, minItems: 1 };
    definitions.set('condition', {
      description: 'Tests of paths, which must all hold; a plain value means equality.',
      anyOf: [
        {
          type: 'object',
          properties: {
            all: { description: 'Each of these holds.', ...many },
            any: { description: 'At least one of these holds.', ...many },
            not: { description: 'This does not hold.', $ref: '#/$defs/condition' },
          },
          additionalProperties: { anyOf: [scalar, tests] },
          minProperties: 1,
        },
        many,
      ],
    });
  }
  return { $ref: '#/$defs/condition' };
}
