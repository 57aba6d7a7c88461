import fc from 'fast-check';
import { isInteger, rangeOf } from '../../bsatn/integer.ts';
import { integerKinds, keyType, rowType, scalarType, valuesOf } from '../../bsatn/testing/arbitrary.ts';
import type { Type } from '../../bsatn/type.ts';
import type { IndexDef, IndexId, SequenceDef, TableDef, TableId } from '../definition.ts';
import type { Row } from './model.ts';

/** A table with a few columns of any type, indexes and sequences, and rows for it that often share keys. */
export const tableAndRows: fc.Arbitrary<{ def: TableDef; rows: Row[] }> = fc
  .tuple(
    fc.array(fc.oneof(scalarType, keyType), { minLength: 1, maxLength: 4 }),
    fc.constantFrom(...integerKinds),
    fc.boolean(),
  )
  .chain(([types, kind, hasId]) => {
    const columns: Type[] = hasId ? [...types, { kind }] : types;
    return fc.record({
      def: fc
        .record({ indexes: fc.array(indexDef(columns.length), { maxLength: 3 }), sequences: sequences(columns) })
        .map(({ indexes, sequences }) => tableDef(columns, indexes, sequences)),
      rows: valuePools(columns),
    });
  });

/** Rows that draw each column from a pool of three values. */
function valuePools(columns: readonly Type[]): fc.Arbitrary<Row[]> {
  return fc
    .tuple(...columns.map((type) => fc.tuple(valuesOf(type), valuesOf(type), valuesOf(type))))
    .chain((pools) =>
      fc.array(fc.tuple(...pools.map((pool) => fc.constantFrom(...pool))), { minLength: 6, maxLength: 10 }),
    );
}

function indexDef(columnCount: number): fc.Arbitrary<Omit<IndexDef, 'id' | 'name'>> {
  return fc.record({
    algorithm: fc.constantFrom('btree' as const, 'btree' as const, 'hash' as const),
    columns: fc.shuffledSubarray([...Array(columnCount).keys()], { minLength: 1 }),
    isUnique: fc.boolean(),
  });
}

function sequences(columns: readonly Type[]): fc.Arbitrary<SequenceDef[]> {
  const integers = columns.flatMap((type, column) =>
    isInteger(type.kind) ? [{ column, range: rangeOf(type.kind) }] : [],
  );
  return fc
    .tuple(fc.subarray(integers), fc.constantFrom(1n, 2n, -1n), fc.boolean())
    .map(([chosen, increment, isNarrow]) =>
      chosen.map(({ column, range }) => ({
        column,
        start: 1n,
        min: isNarrow ? 1n : range.min,
        max: isNarrow ? 4n : range.max,
        increment,
      })),
    );
}

export function tableDef(
  columns: readonly Type[],
  indexes: readonly Omit<IndexDef, 'id' | 'name'>[],
  sequences: readonly SequenceDef[] = [],
  isEvent = false,
): TableDef {
  return {
    id: 1 as TableId,
    name: 'things',
    row: rowType(columns),
    primaryKey: undefined,
    indexes: indexes.map((index, i) => ({ ...index, id: (i + 1) as IndexId, name: `things_${i}` })),
    sequences,
    isEvent,
  };
}
