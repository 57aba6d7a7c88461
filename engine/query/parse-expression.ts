import type { ColumnOperand, Comparison, Expression, Literal, LiteralOperand, Operand } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { QueryRejection } from './rejection.ts';

/** Parentheses and NOTs inside one another. */
const depthMax = 256;

const comparisons: ReadonlySet<string> = new Set<Comparison>(['=', '<>', '<', '<=', '>', '>=']);

export function parseExpression(cursor: Cursor, depth = 0): Expression {
  if (depth > depthMax) throw new QueryRejection('too-large', `the condition is nested deeper than ${depthMax} levels`);
  return chain(cursor, 'or', () => chain(cursor, 'and', () => parseTerm(cursor, depth)));
}

function chain(cursor: Cursor, kind: 'and' | 'or', parse: () => Expression): Expression {
  const first = parse();
  if (!cursor.isWord(kind)) return first;
  const terms = [first];
  while (cursor.takeWord(kind)) terms.push(parse());
  return { kind, terms };
}

function parseTerm(cursor: Cursor, depth: number): Expression {
  if (cursor.takeWord('not')) {
    if (depth >= depthMax)
      throw new QueryRejection('too-large', `the condition is nested deeper than ${depthMax} levels`);
    return { kind: 'not', term: parseTerm(cursor, depth + 1) };
  }
  if (cursor.takeSymbol('(')) {
    const inner = parseExpression(cursor, depth + 1);
    cursor.expectSymbol(')');
    return inner;
  }
  const { at } = cursor.token;
  const left = parseOperand(cursor);
  if (cursor.token.kind === 'symbol' && comparisons.has(cursor.token.text)) {
    const op = cursor.take().text as Comparison;
    return { kind: 'compare', op, left, right: parseOperand(cursor), at };
  }
  if (left.kind === 'column') return { kind: 'compare', op: '=', left, right: isTrue(at), at };
  if (left.literal.kind === 'bool') return { kind: 'constant', value: left.literal.value };
  throw cursor.unexpected('a comparison such as = or <');
}

/** What a column of truth values that stands alone is compared with. */
function isTrue(at: number): LiteralOperand {
  return { kind: 'literal', literal: { kind: 'bool', value: true }, at };
}

function parseOperand(cursor: Cursor): Operand {
  return isLiteralStart(cursor) ? parseLiteral(cursor) : parseColumn(cursor);
}

function isLiteralStart(cursor: Cursor): boolean {
  const { kind, text } = cursor.token;
  if (kind === 'name') return cursor.isWord('true') || cursor.isWord('false') || cursor.isWord('null');
  return kind !== 'quoted' && (kind !== 'symbol' || text === '-' || text === '+');
}

export function parseLiteral(cursor: Cursor): LiteralOperand {
  const { at } = cursor.token;
  return { kind: 'literal', literal: literal(cursor), at };
}

function literal(cursor: Cursor): Literal {
  if (cursor.takeWord('true')) return { kind: 'bool', value: true };
  if (cursor.takeWord('false')) return { kind: 'bool', value: false };
  if (cursor.isWord('null')) {
    throw new QueryRejection('unsupported', `NULL at character ${cursor.token.at + 1} is not supported in queries`);
  }
  const isNegative = cursor.takeSymbol('-');
  if (isNegative || cursor.takeSymbol('+')) {
    if (cursor.token.kind !== 'number') throw cursor.unexpected('a number after the sign');
    return { kind: 'number', text: (isNegative ? '-' : '') + cursor.take().text };
  }
  const { kind, text } = cursor.token;
  switch (kind) {
    case 'number':
      cursor.take();
      return { kind, text };
    case 'text':
      cursor.take();
      return { kind, value: text };
    case 'hex':
      cursor.take();
      return { kind, digits: text };
    case 'parameter':
      if (text !== 'sender') {
        throw new QueryRejection('unsupported', `:${text} is no parameter; the only parameter is :sender`);
      }
      cursor.take();
      return { kind: 'sender' };
    default:
      throw cursor.unexpected('a value');
  }
}

/** `col`, `t.col` or `ns.t.col` */
export function parseColumn(cursor: Cursor): ColumnOperand {
  const { at } = cursor.token;
  const parts = [cursor.takeName('a column or a value')];
  while (cursor.takeSymbol('.')) parts.push(cursor.takeName('a column'));
  const column = parts.pop() ?? '';
  return { kind: 'column', relation: parts.length === 0 ? undefined : parts.join('.'), column, at };
}
