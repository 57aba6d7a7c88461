import type { Json, Scalar } from './source.ts';

/** A path from a root into a value: keys of maps and places in lists. */
export type Path = readonly (string | number)[];

/** What a condition compares: constants, paths, arithmetic and a few functions. Written by `parseExpression`. */
export type Expression =
  | { readonly kind: 'constant'; readonly value: Scalar }
  | { readonly kind: 'path'; readonly path: Path }
  | { readonly kind: 'arithmetic'; readonly op: Arithmetic; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'call'; readonly name: string; readonly of: readonly Expression[] };

export type Arithmetic = '+' | '-' | '*' | '/' | '%';

/** The value of an expression, or nothing: where a path leads nowhere, a type does not fit or a result is not finite. */
export function evaluateExpression(expression: Expression, scope: Json): Json | undefined {
  switch (expression.kind) {
    case 'constant':
      return expression.value;
    case 'path':
      return readPath(scope, expression.path);
    case 'arithmetic': {
      const left = evaluateExpression(expression.left, scope);
      const right = evaluateExpression(expression.right, scope);
      return typeof left === 'number' && typeof right === 'number'
        ? finite(calculate(expression.op, left, right))
        : undefined;
    }
    case 'call':
      return functions[expression.name]?.apply(expression.of.map((each) => evaluateExpression(each, scope)));
  }
}

/** What is at a path, own properties only. */
export function readPath(scope: Json, path: Path): Json | undefined {
  let value: Json | undefined = scope;
  for (const step of path) {
    if (value === null || typeof value !== 'object') return undefined;
    if (Array.isArray(value)) {
      if (typeof step !== 'number') return undefined;
      value = (value as readonly Json[])[step];
    } else {
      if (typeof step !== 'string' || !Object.hasOwn(value, step)) return undefined;
      value = (value as { readonly [key: string]: Json })[step];
    }
    if (value === undefined) return undefined;
  }
  return value;
}

/** A path as it is written. */
export function pathText(path: Path): string {
  return path
    .map((step, index) => {
      if (typeof step === 'number') return `[${step}]`;
      if (!isName.test(step)) return `['${step.replaceAll(/[\\']/g, '\\$&')}']`;
      return index === 0 ? step : `.${step}`;
    })
    .join('');
}

export const isName = /^[A-Za-z_$][A-Za-z0-9_$]*(?:-[A-Za-z0-9_$]+)*$/;

export function expressionText(expression: Expression): string {
  switch (expression.kind) {
    case 'constant':
      return JSON.stringify(expression.value);
    case 'path':
      return pathText(expression.path);
    case 'arithmetic':
      return `${operandText(expression.left)} ${expression.op} ${operandText(expression.right)}`;
    case 'call':
      return `${expression.name}(${expression.of.map(expressionText).join(', ')})`;
  }
}

function operandText(expression: Expression): string {
  return expression.kind === 'arithmetic' ? `(${expressionText(expression)})` : expressionText(expression);
}

/** The paths that an expression reads. */
export function pathsOf(expression: Expression): readonly Path[] {
  switch (expression.kind) {
    case 'constant':
      return [];
    case 'path':
      return [expression.path];
    case 'arithmetic':
      return [...pathsOf(expression.left), ...pathsOf(expression.right)];
    case 'call':
      return expression.of.flatMap(pathsOf);
  }
}

interface ExpressionFunction {
  readonly argumentsMin: number;
  readonly argumentsMax: number;
  apply(given: readonly (Json | undefined)[]): Json | undefined;
}

function numeric(argumentsMin: number, argumentsMax: number, of: (...given: number[]) => number): ExpressionFunction {
  return {
    argumentsMin,
    argumentsMax,
    apply: (given) => {
      const numbers = given.filter((each) => typeof each === 'number');
      return numbers.length === given.length ? finite(of(...numbers)) : undefined;
    },
  };
}

export const functions: Readonly<Record<string, ExpressionFunction>> = {
  length: {
    argumentsMin: 1,
    argumentsMax: 1,
    apply: ([value]) => (typeof value === 'string' || Array.isArray(value) ? value.length : undefined),
  },
  lower: {
    argumentsMin: 1,
    argumentsMax: 1,
    apply: ([value]) => (typeof value === 'string' ? value.toLowerCase() : undefined),
  },
  abs: numeric(1, 1, Math.abs),
  round: numeric(1, 1, Math.round),
  floor: numeric(1, 1, Math.floor),
  ceil: numeric(1, 1, Math.ceil),
  min: numeric(1, 8, Math.min),
  max: numeric(1, 8, Math.max),
};

function calculate(op: Arithmetic, left: number, right: number): number {
  switch (op) {
    case '+':
      return left + right;
    case '-':
      return left - right;
    case '*':
      return left * right;
    case '/':
      return left / right;
    case '%':
      return left % right;
  }
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}
