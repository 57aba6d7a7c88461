import fc from 'fast-check';
import {
  bytesType,
  connectionIdType,
  identityType,
  isBytes,
  scheduleAtType,
  specialOf,
  timeDurationType,
  timestampType,
  uuidType,
} from '../../bsatn/special.ts';
import { integerKinds, listType, unitEnumType, valuesOf } from '../../bsatn/testing/arbitrary.ts';
import type { Type } from '../../bsatn/type.ts';
import type { Value } from '../../bsatn/value.ts';
import type { ModuleTable } from '../../module/definition.ts';
import { isFloat } from '../value.ts';
import { type Row, testIndex, testTable } from './database.ts';
import type { Condition, ModelQuery, Op, Place, Scalar, Shape } from './model.ts';

export const senders = [1n, 2n, 3n] as const;

const integerTypes = integerKinds.map((kind): Type => ({ kind }));
const comparableTypes: readonly Type[] = [
  ...integerTypes,
  { kind: 'string' },
  { kind: 'bool' },
  { kind: 'f32' },
  { kind: 'f64' },
  bytesType,
  identityType,
  connectionIdType,
  timestampType,
  uuidType,
];
const u32: Type = { kind: 'u32' };
const unit: Type = { kind: 'product', fields: [] };

/** Types of columns that are only ever returned. */
const opaqueTypes: readonly Type[] = [
  unitEnumType,
  listType,
  sumOf(['some', u32], ['none', unit]),
  sumOf(['some', { kind: 'string' }], ['none', unit]),
  sumOf(['ok', { kind: 'string' }], ['err', u32]),
  sumOf(
    ['text', { kind: 'string' }],
    ['place', { kind: 'product', fields: [{ name: 'x', type: { kind: 'f64' } }] }],
    ['nothing', unit],
  ),
  timeDurationType,
  scheduleAtType,
  { kind: 'array', of: { kind: 'string' } },
  { kind: 'product', fields: [{ name: 'a', type: { kind: 'u32' } }] },
];

function sumOf(...variants: (readonly [string, Type])[]): Type {
  return { kind: 'sum', variants: variants.map(([name, type]) => ({ name, type })) };
}

/** Tells types apart as queries do: all identities are one, and so are all byte arrays. */
function nameOf(type: Type): string {
  return specialOf(type) ?? (isBytes(type) ? 'bytes' : type.kind);
}

/** Few values of each type, so that conditions match and joins find partners. Bytes are written in hexadecimal digits. */
const domains: Record<string, readonly Scalar[]> = {
  u8: [0, 1, 2, 255],
  i8: [-1, 0, 1, 127],
  u16: [0, 1, 2, 300],
  i16: [-300, 0, 1, 2],
  u32: [0, 1, 2, 300],
  i32: [-(2 ** 31), -1, 0, 1],
  u64: [0n, 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 64n - 1n],
  i64: [-(2n ** 53n) - 1n, -(2n ** 53n), -1n, 0n, 1n, 2n ** 40n],
  u128: [0n, 1n, 2n ** 64n, 2n ** 64n + 1n],
  i128: [-(2n ** 64n) - 1n, -(2n ** 64n), 0n, 1n],
  u256: [0n, 1n, 2n ** 255n],
  i256: [-(2n ** 255n), -1n, 0n],
  string: ['', 'a', 'aa', 'b', "it's", 'é', '\u{1f600}'],
  bool: [false, true],
  f32: [0, -0, 1.5, -2, Math.fround(0.1)],
  f64: [0, -0, 1.5, -2, 0.1, 2 ** 53 + 2],
  bytes: ['', '00', '0000', '00ff', 'ab'],
  identity: senders,
  'connection-id': [1n, 2n ** 127n],
  timestamp: [-1n, 0n, 1_700_000_000_123_456n],
  uuid: [0n, 2n ** 64n],
};

/** None for what cannot be compared. */
export function domainOf(type: Type): readonly Scalar[] {
  return domains[nameOf(type)] ?? [];
}

function anyValueOf(type: Type): fc.Arbitrary<Value> {
  const domain = domainOf(type);
  if (domain.length === 0) return valuesOf(type);
  const scalar = fc.constantFrom(...domain);
  if (isBytes(type)) return scalar.map((digits): Value => new Uint8Array(Buffer.from(String(digits), 'hex')));
  if (type.kind === 'product') return scalar.map((value): Value => [value as bigint]);
  if (isFloat(type))
    return fc.oneof(scalar, fc.constantFrom(Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY));
  return scalar;
}

export function rowOf(table: ModuleTable): fc.Arbitrary<Row> {
  return fc.tuple(...table.row.fields.map((field) => anyValueOf(field.type)));
}

export function shapeOf({ row }: { readonly row: ModuleTable['row'] }): Shape {
  return { columns: row.fields.map((field) => field.type) };
}

/** Few types a world, so that there is something to join. */
const palette = fc.tuple(
  fc.uniqueArray(fc.constantFrom(...comparableTypes), { minLength: 2, maxLength: 3 }),
  fc.uniqueArray(fc.constantFrom(...opaqueTypes), { maxLength: 1 }),
);

/** Which indexes a table has. */
export interface Indexing {
  readonly indexed: readonly boolean[];
  /** Whether there is one of the first two columns together, the second first. */
  readonly isPair: boolean;
  readonly isHash: boolean;
}

export const indexing: fc.Arbitrary<Indexing> = fc.record({
  indexed: fc.array(fc.boolean(), { minLength: 5, maxLength: 5 }),
  isPair: fc.boolean(),
  isHash: fc.boolean(),
});

/** The same table with other indexes; its primary key keeps its own. */
export function indexedAs(table: ModuleTable, { indexed, isPair, isHash }: Indexing): ModuleTable {
  const { name, row, primaryKey } = table;
  const single = row.fields.flatMap((_, i) => {
    const isKey = i === primaryKey;
    return isKey || indexed[i] ? [testIndex(name, [i], isKey)] : [];
  });
  const indexes = isPair ? [...single, testIndex(name, [1, 0])] : single;
  const algorithm = isHash ? ('hash' as const) : ('btree' as const);
  return { ...table, indexes: indexes.map((index) => ({ ...index, algorithm })) };
}

const serialMax = 120;
/** A column with many values, so that a table can have more rows than a window keeps in reserve. */
const serialType: Type = { kind: 'u16' };

const drafts = palette.chain(([comparable, opaque]) => {
  const comparableType = fc.constantFrom(...comparable, identityType);
  return fc.array(
    fc.record({
      types: fc
        .tuple(
          fc.array(comparableType, { minLength: 2, maxLength: 2 }),
          fc.array(fc.oneof(comparableType, fc.constantFrom(...comparable, ...opaque)), { maxLength: 2 }),
          fc.constantFrom([], [], [serialType]),
        )
        .map((parts) => parts.flat()),
      indexing,
      hasKey: fc.boolean(),
    }),
    { minLength: 2, maxLength: 3 },
  );
});

/**
 * Tables `t0`, `t1`, … of two to five columns, about half of them indexed; the first two can be compared. Some have a
 * last column that counts.
 */
export const tables: fc.Arbitrary<ModuleTable[]> = drafts.map((tables) => {
  return tables.map(({ types, indexing }, n) => indexedAs(tableOf(n, types, undefined), indexing));
});

/** The same, about half of them with a primary key. */
export const keyedTables: fc.Arbitrary<ModuleTable[]> = drafts.map((tables) => {
  return tables.map(({ types, indexing, hasKey }, n) => {
    // A key of few values holds few rows.
    const primaryKey = types.at(-1) === serialType ? types.length - 1 : 0;
    return indexedAs(tableOf(n, types, hasKey ? primaryKey : undefined), indexing);
  });
});

function tableOf(n: number, types: readonly Type[], primaryKey: number | undefined): ModuleTable {
  const columns = types.map((type, i) => [`c${i}`, type] as const);
  return testTable(`t${n}`, columns, { primaryKey });
}

/** The column that counts, if the table has one. */
export function serialOf({ row }: ModuleTable): number | undefined {
  const last = row.fields.length - 1;
  return row.fields[last]?.type === serialType ? last : undefined;
}

/** The row with other values in the column that counts. */
export function numbered(table: ModuleTable, row: Row, count: number): Row[] {
  const serial = serialOf(table);
  return serial === undefined
    ? [row]
    : Array.from({ length: Math.min(count, serialMax) }, (_, i) => row.with(serial, i));
}

export interface Joinable {
  readonly name: string;
  readonly shape: Shape;
  /** Columns that a subscription may join by. */
  readonly joinColumns: readonly number[];
}

export function joinableTable(table: ModuleTable): Joinable {
  const joinColumns = table.row.fields.flatMap((_, i) => {
    const isIndexed = table.indexes.some(
      ({ algorithm, columns }) => columns[0] === i && (columns.length === 1 || algorithm !== 'hash'),
    );
    return isIndexed ? [i] : [];
  });
  return { name: table.name, shape: shapeOf(table), joinColumns };
}

/** A query of one of `relations`, or of two with an equality between them. */
export function queryOf(relations: readonly Joinable[], output?: Joinable): fc.Arbitrary<ModelQuery> {
  const firsts = output ? [output] : relations;
  const single = fc
    .constantFrom(...firsts)
    .chain((relation) =>
      conditionOf([relation.shape]).map(
        (where): ModelQuery => ({ from: [relation.name], on: undefined, where, output: 0 }),
      ),
    );
  const pairs = firsts.flatMap((a) => relations.flatMap((b) => joinsOf(a, b)));
  if (pairs.length === 0) return single;
  const joined = fc.constantFrom(...pairs).chain(({ a, b, left, right }) =>
    fc.record({
      from: fc.constant([a.name, b.name]),
      on: fc.constant({ left: { side: 0, column: left }, right: { side: 1, column: right } }),
      where: conditionOf([a.shape, b.shape]),
      output: output ? fc.constant(0) : fc.constantFrom(0, 1),
    }),
  );
  return fc.oneof({ weight: 2, arbitrary: single }, { weight: 3, arbitrary: joined });
}

/** The same, about every third of them with ORDER BY and LIMIT. */
export function windowOf(query: ModelQuery): fc.Arbitrary<ModelQuery> {
  const order = fc.record({ column: fc.constantFrom(0, 1), isDescending: fc.boolean() });
  const first = fc.record({
    orders: fc.uniqueArray(order, { minLength: 1, maxLength: 2, selector: ({ column }) => column }),
    limit: fc.oneof({ weight: 4, arbitrary: fc.nat(3) }, { weight: 1, arbitrary: fc.nat(40) }),
  });
  const none = fc.constant(undefined);
  return fc
    .oneof({ weight: 2, arbitrary: none }, { weight: 1, arbitrary: first })
    .map((first) => ({ ...query, first }));
}

function joinsOf(a: Joinable, b: Joinable): { a: Joinable; b: Joinable; left: number; right: number }[] {
  return a.joinColumns.flatMap((left) =>
    b.joinColumns.flatMap((right) => {
      const type = a.shape.columns[left] as Type;
      const other = b.shape.columns[right] as Type;
      // 0 and -0 are equal for a condition, not for an index.
      return nameOf(type) === nameOf(other) && domainOf(type).length > 0 && !isFloat(type)
        ? [{ a, b, left, right }]
        : [];
    }),
  );
}

function conditionOf(shapes: readonly Shape[]): fc.Arbitrary<Condition> {
  const places = shapes.flatMap(({ columns }, side) =>
    columns.flatMap((type, column) => (domainOf(type).length > 0 ? [{ side, column, type }] : [])),
  );
  const literal = fc.constantFrom(...places).chain(({ side, column, type }) =>
    fc.record({
      kind: fc.constant('literal' as const),
      side: fc.constant(side),
      column: fc.constant(column),
      op: fc.oneof({ weight: 3, arbitrary: fc.constant<Op>('=') }, { weight: 2, arbitrary: op }),
      value: fc.constantFrom(...domainOf(type)),
    }),
  );
  const identities = places.filter(({ type }) => specialOf(type) === 'identity');
  const sender = fc
    .constantFrom(...identities, undefined)
    .map(
      (place): Condition =>
        place === undefined ? { kind: 'true' } : { kind: 'sender', side: place.side, column: place.column, op: '=' },
    );
  const leaf = fc.oneof(
    { weight: 6, arbitrary: literal },
    { weight: 3, arbitrary: sender },
    { weight: 1, arbitrary: columnsOf(places) },
    { weight: 1, arbitrary: fc.constantFrom<Condition>({ kind: 'true' }, { kind: 'false' }) },
  );
  return fc.letrec<{ condition: Condition }>((tie) => ({
    condition: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      leaf,
      fc.record({
        kind: fc.constantFrom('all' as const, 'any' as const),
        of: fc.array(tie('condition'), { maxLength: 3 }),
      }),
      fc.record({ kind: fc.constant('not' as const), of: tie('condition') }),
    ),
  })).condition;
}

const op = fc.constantFrom<Op>('=', '<>', '<', '<=', '>', '>=');

function columnsOf(places: readonly (Place & { readonly type: Type })[]): fc.Arbitrary<Condition> {
  const pairs = places.flatMap((left) =>
    places.flatMap((right) => (left !== right && nameOf(left.type) === nameOf(right.type) ? [{ left, right }] : [])),
  );
  if (pairs.length === 0) return fc.constant({ kind: 'true' });
  return fc
    .record({ pair: fc.constantFrom(...pairs), op })
    .map(({ pair: { left, right }, op }): Condition => ({ kind: 'columns', left, op, right }));
}

/** The same query with other constants: each literal is replaced by the one so many places later in its domain. */
export function shifted(query: ModelQuery, by: number, shapeOf: (name: string) => Shape): ModelQuery {
  const shift = (condition: Condition): Condition => {
    switch (condition.kind) {
      case 'all':
      case 'any':
        return { kind: condition.kind, of: condition.of.map(shift) };
      case 'not':
        return { kind: 'not', of: shift(condition.of) };
      case 'literal': {
        const type = shapeOf(query.from[condition.side] ?? '').columns[condition.column] as Type;
        const domain = domainOf(type);
        const position = domain.findIndex((value) => Object.is(value, condition.value));
        return { ...condition, value: domain[(position + by) % domain.length] as Scalar };
      }
      default:
        return condition;
    }
  };
  return { ...query, where: shift(query.where) };
}
