import type { Layout } from '../bsatn/layout.ts';
import { conjuncts, type LiteralComparison, type Predicate } from './predicate.ts';
import type { Probe, Scan, Source } from './source.ts';
import { columnsKey, isFloat, keyOf } from './value.ts';

/**
 * Equalities of which each row that meets all the conditions meets at least one, as in `owner = 1 OR shared = TRUE` and
 * `id = 1 OR id = 2`; undefined when there is no such set.
 */
export function alternativesIn(conditions: readonly Predicate[]): readonly LiteralComparison[] | undefined {
  for (const condition of conditions) {
    if (condition.kind !== 'or') continue;
    const alternatives = condition.terms.map(equalityIn);
    if (alternatives.every((alternative) => alternative !== undefined)) return alternatives;
  }
  return undefined;
}

function equalityIn(predicate: Predicate): LiteralComparison | undefined {
  for (const term of conjuncts(predicate)) {
    if (term.kind === 'literal' && term.op === '=' && !isFloat(term.type)) return term;
  }
  return undefined;
}

/** Finds the rows that meet one of the alternatives, each once, when there is an index for every one. */
export function alternativesScan(source: Source, alternatives: readonly LiteralComparison[]): Scan | undefined {
  const columns = new Map<number, IndexedColumn>();
  const ways: { readonly column: IndexedColumn; readonly value: Uint8Array; readonly position: number }[] = [];
  for (const { column: ref, value } of alternatives) {
    const column = columns.get(ref.column) ?? indexedColumn(source, ref.column);
    if (column === undefined) return undefined;
    columns.set(ref.column, column);
    const key = keyOf(value);
    if (column.positions.has(key)) continue;
    column.positions.set(key, ways.length);
    ways.push({ column, value, position: ways.length });
  }
  const all = [...columns.values()];
  const isFirst = (row: Uint8Array, position: number): boolean => {
    return all.every(({ positions, keyOfRow }) => (positions.get(keyOfRow(row)) ?? position) >= position);
  };
  return (visit) => {
    for (const { column, value, position } of ways) {
      const goesOn = column.probe.fetch(value, (row, weight) => !isFirst(row, position) || visit(row, weight));
      if (!goesOn) return false;
    }
    return true;
  };
}

interface IndexedColumn {
  readonly probe: Probe;
  readonly keyOfRow: (row: Uint8Array) => string;
  /** The values asked for, numbered in the order in which they are looked up. */
  readonly positions: Map<string, number>;
}

function indexedColumn(source: Source, column: number): IndexedColumn | undefined {
  const [probe] = source.probes(new Set([column]));
  const layout: Layout = source.layout;
  return probe && { probe, keyOfRow: columnsKey(layout, [column]), positions: new Map() };
}
