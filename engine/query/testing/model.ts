import type { Type } from '../../bsatn/type.ts';
import type { Value } from '../../bsatn/value.ts';
import type { Row } from './database.ts';

// The simplest thing that can answer a query: decoded rows, nested loops, a walk over the condition for every row.
// It shares no code with what it checks.

export type Condition =
  | { readonly kind: 'all' | 'any'; readonly of: readonly Condition[] }
  | { readonly kind: 'not'; readonly of: Condition }
  | { readonly kind: 'true' | 'false' }
  | {
      readonly kind: 'literal';
      readonly side: number;
      readonly column: number;
      readonly op: Op;
      readonly value: Scalar;
    }
  | { readonly kind: 'sender'; readonly side: number; readonly column: number; readonly op: '=' | '<>' }
  | { readonly kind: 'columns'; readonly left: Place; readonly op: Op; readonly right: Place };

export type Op = '=' | '<>' | '<' | '<=' | '>' | '>=';
export type Scalar = boolean | number | bigint | string;

export interface Place {
  readonly side: number;
  readonly column: number;
}

export interface ModelQuery {
  /** Names of tables or views. */
  readonly from: readonly string[];
  readonly on: { readonly left: Place; readonly right: Place } | undefined;
  readonly where: Condition;
  readonly output: number;
  /** The first rows by columns of the output, equal rows counted as one. */
  readonly first?: { readonly orders: readonly ModelOrder[]; readonly limit: number } | undefined;
}

export interface ModelOrder {
  readonly column: number;
  readonly isDescending: boolean;
}

export interface Shape {
  readonly columns: readonly Type[];
}

/** What a name stands for: its rows, as one sender sees them. */
export type RowsOf = (name: string, sender: bigint) => readonly Row[];

/** The output row of every combination that matches. */
export function answer(query: ModelQuery, rowsOf: RowsOf, sender: bigint): Row[] {
  const found: Row[] = [];
  const [first, second] = query.from;
  for (const a of rowsOf(first ?? '', sender)) {
    for (const b of second === undefined ? [undefined] : rowsOf(second, sender)) {
      const rows = b === undefined ? [a] : [a, b];
      if (query.on && compare(at(rows, query.on.left), at(rows, query.on.right)) !== 0) continue;
      if (holds(query.where, rows, sender)) found.push(rows[query.output] as Row);
    }
  }
  return found;
}

/** The first of distinct rows: ties are broken by the rows' bytes. */
export function firstOf(query: ModelQuery, rows: readonly Row[], bytesOf: (row: Row) => Uint8Array): readonly Row[] {
  const { first } = query;
  if (first === undefined) return rows;
  return [...rows]
    .sort((a, b) => {
      for (const { column, isDescending } of first.orders) {
        const order = compare(at([a], { side: 0, column }), at([b], { side: 0, column }));
        if (order !== 0) return isDescending ? -order : order;
      }
      return Buffer.compare(bytesOf(a), bytesOf(b));
    })
    .slice(0, first.limit);
}

function holds(condition: Condition, rows: readonly Row[], sender: bigint): boolean {
  switch (condition.kind) {
    case 'all':
      return condition.of.every((part) => holds(part, rows, sender));
    case 'any':
      return condition.of.some((part) => holds(part, rows, sender));
    case 'not':
      return !holds(condition.of, rows, sender);
    case 'true':
      return true;
    case 'false':
      return false;
    case 'literal':
      return meets(compare(at(rows, condition), condition.value), condition.op);
    case 'sender':
      return meets(compare(at(rows, condition), sender), condition.op);
    case 'columns':
      return meets(compare(at(rows, condition.left), at(rows, condition.right)), condition.op);
  }
}

function meets(order: number, op: Op): boolean {
  switch (op) {
    case '=':
      return order === 0;
    case '<>':
      return order !== 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}

function at(rows: readonly Row[], { side, column }: Place): Scalar {
  const value = rows[side]?.[column] as Value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  return (Array.isArray(value) ? value[0] : value) as Scalar;
}

function compare(a: Scalar, b: Scalar): number {
  if (typeof a === 'string' && typeof b === 'string') return Buffer.compare(Buffer.from(a), Buffer.from(b));
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Writes a query as the SQL that a client would send. */
export function render(query: ModelQuery, shapeOf: (name: string) => Shape): string {
  const aliases = ['x', 'y'];
  const place = ({ side, column }: Place): string => `${aliases[side]}.c${column}`;
  const condition = (part: Condition): string => {
    switch (part.kind) {
      case 'all':
      case 'any': {
        if (part.of.length === 0) return part.kind === 'all' ? 'TRUE' : 'FALSE = TRUE';
        return part.of.map((inner) => `(${condition(inner)})`).join(part.kind === 'all' ? ' AND ' : ' OR ');
      }
      case 'not':
        return `NOT (${condition(part.of)})`;
      case 'true':
        return 'TRUE';
      case 'false':
        return 'FALSE';
      case 'literal': {
        const type = shapeOf(query.from[part.side] ?? '').columns[part.column];
        return `${place(part)} ${part.op} ${literal(part.value, type)}`;
      }
      case 'sender':
        return `${place(part)} ${part.op} :sender`;
      case 'columns':
        return `${place(part.left)} ${part.op} ${place(part.right)}`;
    }
  };
  const [first, second] = query.from;
  const join = query.on && `JOIN ${second} AS y ON ${place(query.on.left)} = ${place(query.on.right)}`;
  const orders = query.first?.orders.map(
    ({ column, isDescending }) => `${place({ side: query.output, column })} ${isDescending ? 'DESC' : 'ASC'}`,
  );
  const window = query.first && `ORDER BY ${orders?.join(', ')} LIMIT ${query.first.limit}`;
  const where = condition(query.where);
  return `SELECT ${aliases[query.output]}.* FROM ${first} AS x ${join ?? ''} WHERE ${where} ${window ?? ''}`;
}

export function literal(value: Scalar, type: Type | undefined): string {
  if (type?.kind === 'array') return `0x${value}`;
  if (type?.kind === 'product') return specialLiteral(value as bigint, type.fields[0]?.name ?? '');
  if (typeof value === 'string') return `'${value.replaceAll("'", "''")}'`;
  return Object.is(value, -0) ? '-0.0' : String(value);
}

function specialLiteral(value: bigint, field: string): string {
  if (!field.startsWith('__timestamp')) {
    return `0x${value.toString(16).padStart(field === '__identity__' ? 64 : 32, '0')}`;
  }
  const seconds = (value - (((value % 1_000_000n) + 1_000_000n) % 1_000_000n)) / 1_000_000n;
  const micros = value - seconds * 1_000_000n;
  const text = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return `'${text}.${String(micros).padStart(6, '0')}Z'`;
}
