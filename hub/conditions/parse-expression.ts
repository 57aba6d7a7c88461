import { type Arithmetic, type Expression, functions, type Path } from './expression.ts';
import { didYouMean } from './hints.ts';

const charsMax = 500;
const depthMax = 16;

/** Where in the text something is wrong, counted from 0. */
export interface ExpressionProblem {
  readonly offset: number;
  readonly message: string;
  readonly hint: string;
}

export type ParsedExpression =
  | { readonly ok: true; readonly expression: Expression }
  | { readonly ok: false; readonly problem: ExpressionProblem };

/**
 * Reads `payload.price * 1.2 + length(payload.items)`: paths with `.name`, `[0]` and `['any key']`, numbers, 'texts', + - * / %,
 * parentheses and functions. A minus with a letter on either side belongs to a name.
 */
export function parseExpression(text: string): ParsedExpression {
  if (text.length > charsMax) {
    return fail(0, `the expression has ${text.length} characters, at most ${charsMax} are allowed`);
  }
  const tokens = tokenize(text);
  if (!Array.isArray(tokens)) return { ok: false, problem: tokens };
  try {
    const reader = new Reader(tokens, text.length);
    return { ok: true, expression: reader.whole() };
  } catch (error) {
    if (error instanceof Mistake) return { ok: false, problem: error.problem };
    throw error;
  }
}

function fail(offset: number, message: string, hint = ''): { readonly ok: false; readonly problem: ExpressionProblem } {
  return { ok: false, problem: { offset, message, hint } };
}

class Mistake extends Error {
  readonly problem: ExpressionProblem;

  constructor(offset: number, message: string, hint = '') {
    super(message);
    this.problem = { offset, message, hint };
  }
}

interface Token {
  readonly kind: 'name' | 'number' | 'text' | 'sign';
  readonly text: string;
  readonly offset: number;
}

const tokenPattern = new RegExp(
  [
    String.raw`(?<space>\s+)`,
    String.raw`(?<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)`,
    '(?<name>[A-Za-z_$][A-Za-z0-9_$]*(?:-[A-Za-z0-9_$]+)*)',
    String.raw`(?<text>'(?:[^'\\]|\\[\\'])*')`,
    String.raw`(?<sign>[-+*/%().,[\]])`,
  ].join('|'),
  'y',
);

function tokenize(text: string): Token[] | ExpressionProblem {
  const tokens: Token[] = [];
  let offset = 0;
  while (offset < text.length) {
    tokenPattern.lastIndex = offset;
    const groups = tokenPattern.exec(text)?.groups;
    if (!groups) {
      const found = text[offset] ?? '';
      const hint =
        found === "'" || found === '"'
          ? "a text is written 'like this'"
          : /[=<>!&|]/.test(found)
            ? 'comparisons are keys of their own: equals, gt, lt, in, …'
            : '';
      return { offset, message: `${JSON.stringify(found)} has no meaning in an expression`, hint };
    }
    for (const [kind, part] of Object.entries(groups)) {
      if (part === undefined) continue;
      if (kind !== 'space') tokens.push({ kind: kind as Token['kind'], text: part, offset });
      offset += part.length;
    }
  }
  return tokens;
}

class Reader {
  readonly #tokens: readonly Token[];
  readonly #end: number;
  #next = 0;
  #depth = 0;

  constructor(tokens: readonly Token[], end: number) {
    this.#tokens = tokens;
    this.#end = end;
  }

  whole(): Expression {
    const expression = this.#sum();
    const rest = this.#tokens[this.#next];
    if (rest) throw new Mistake(rest.offset, `${rest.text} is not expected here`, hintForRest(rest.text));
    return expression;
  }

  #sum(): Expression {
    let left = this.#product();
    for (;;) {
      const op = this.#take('+', '-');
      if (op === undefined) return left;
      left = { kind: 'arithmetic', op, left, right: this.#product() };
    }
  }

  #product(): Expression {
    let left = this.#single();
    for (;;) {
      const op = this.#take('*', '/', '%');
      if (op === undefined) return left;
      left = { kind: 'arithmetic', op, left, right: this.#single() };
    }
  }

  #single(): Expression {
    const token = this.#tokens[this.#next];
    if (!token) throw new Mistake(this.#end, 'the expression ends too early', 'a path or a number is missing here');
    this.#next += 1;
    this.#depth += 1;
    if (this.#depth > depthMax)
      throw new Mistake(token.offset, `the expression is nested more than ${depthMax} levels deep`);
    const expression = this.#after(token);
    this.#depth -= 1;
    return expression;
  }

  #after(token: Token): Expression {
    if (token.kind === 'number') return { kind: 'constant', value: Number(token.text) };
    if (token.kind === 'text') return { kind: 'constant', value: unquote(token.text) };
    if (token.kind === 'name') return this.#take('(') ? this.#call(token) : { kind: 'path', path: this.#path(token) };
    if (token.text === '-') {
      const of = this.#single();
      if (of.kind === 'constant' && typeof of.value === 'number') return { kind: 'constant', value: -of.value };
      return { kind: 'arithmetic', op: '-', left: { kind: 'constant', value: 0 }, right: of };
    }
    if (token.text === '(') {
      const inner = this.#sum();
      this.#expect(')');
      return inner;
    }
    throw new Mistake(token.offset, `${token.text} is not expected here`, 'a path or a number is missing before it');
  }

  #path(root: Token): Path {
    const path: (string | number)[] = [root.text];
    for (;;) {
      if (this.#take('.')) {
        const token = this.#tokens[this.#next];
        if (token?.kind !== 'name') {
          throw new Mistake(
            token?.offset ?? this.#end,
            'a name is missing after the dot',
            "places in lists are written [0], unusual keys ['like this']",
          );
        }
        path.push(token.text);
        this.#next += 1;
      } else if (this.#take('[')) {
        const token = this.#tokens[this.#next];
        this.#next += 1;
        if (token?.kind === 'number' && /^\d{1,6}$/.test(token.text)) path.push(Number(token.text));
        else if (token?.kind === 'text') path.push(unquote(token.text));
        else throw new Mistake(token?.offset ?? this.#end, "expected [0] or ['a key']");
        this.#expect(']');
      } else {
        return path;
      }
    }
  }

  #call(name: Token): Expression {
    const called = Object.hasOwn(functions, name.text) ? functions[name.text] : undefined;
    if (!called) {
      throw new Mistake(
        name.offset,
        `there is no function ${name.text}`,
        didYouMean(name.text, Object.keys(functions)),
      );
    }
    const of = [this.#sum()];
    while (this.#take(',')) of.push(this.#sum());
    this.#expect(')');
    if (of.length < called.argumentsMin || of.length > called.argumentsMax) {
      const { argumentsMin: least, argumentsMax: most } = called;
      const takes = least === most ? `${least}` : `${least} to ${most}`;
      throw new Mistake(name.offset, `${name.text} takes ${takes} values, not ${of.length}`);
    }
    return { kind: 'call', name: name.text, of };
  }

  #take<S extends Arithmetic | '(' | '[' | '.' | ','>(...signs: readonly S[]): S | undefined {
    const token = this.#tokens[this.#next];
    const sign = token?.kind === 'sign' ? signs.find((each) => each === token.text) : undefined;
    if (sign !== undefined) this.#next += 1;
    return sign;
  }

  #expect(sign: ')' | ']'): void {
    const token = this.#tokens[this.#next];
    if (token?.text !== sign) throw new Mistake(token?.offset ?? this.#end, `expected ${sign}`);
    this.#next += 1;
  }
}

function hintForRest(text: string): string {
  return /^[A-Za-z0-9'(]/.test(text) ? 'an operator such as + or * is missing before it' : '';
}

function unquote(text: string): string {
  return text.slice(1, -1).replaceAll(/\\([\\'])/g, '$1');
}
