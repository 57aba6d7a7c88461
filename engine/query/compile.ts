import type { Layout } from '../bsatn/layout.ts';
import { assert } from '../errors.ts';
import type { Comparison } from './ast.ts';
import type { ColumnComparison, LiteralComparison, Predicate } from './predicate.ts';
import { type Compare, columnsKey, comparableKind, compareOf, isFloat, keyOf, sameBytes } from './value.ts';

/** One row of each relation of a query, by position; rows not yet found are stale. */
export type Tuple = Uint8Array[];
export type Test = (tuple: Tuple) => boolean;

/** Turns a condition into a closure over rows as they lie in the heap: nothing is decoded, no tree is walked. */
export function compilePredicate(predicate: Predicate, layouts: readonly Layout[]): Test {
  switch (predicate.kind) {
    case 'constant': {
      const { value } = predicate;
      return () => value;
    }
    case 'and': {
      const tests = predicate.terms.map((term) => compilePredicate(term, layouts));
      return (tuple) => {
        for (let i = 0; i < tests.length; i++) if (!(tests[i] as Test)(tuple)) return false;
        return true;
      };
    }
    case 'or':
      return compileOr(predicate.terms, layouts);
    case 'literal':
      return compileLiteral(predicate, layoutAt(layouts, predicate.column.relation));
    case 'columns':
      return compileColumns(predicate, layouts);
  }
}

function layoutAt(layouts: readonly Layout[], relation: number): Layout {
  const layout = layouts[relation];
  assert(layout !== undefined, `relation ${relation} of ${layouts.length}`);
  return layout;
}

/** Many alternatives for one column, as `id = 1 OR id = 2 OR …`, become one look-up. */
function compileOr(terms: readonly Predicate[], layouts: readonly Layout[]): Test {
  const values = new Map<string, { relation: number; column: number; keys: Set<string> }>();
  const tests: Test[] = [];
  for (const term of terms) {
    if (term.kind !== 'literal' || term.op !== '=' || isFloat(term.type)) {
      tests.push(compilePredicate(term, layouts));
      continue;
    }
    const { relation, column } = term.column;
    const name = `${relation}.${column}`;
    const found = values.get(name) ?? { relation, column, keys: new Set() };
    found.keys.add(keyOf(term.value));
    values.set(name, found);
  }
  for (const { relation, column, keys } of values.values()) {
    const key = columnsKey(layoutAt(layouts, relation), [column]);
    tests.push((tuple) => keys.has(key(tuple[relation] as Uint8Array)));
  }
  return (tuple) => {
    for (let i = 0; i < tests.length; i++) if ((tests[i] as Test)(tuple)) return true;
    return false;
  };
}

function compileLiteral({ column: ref, op, value, type }: LiteralComparison, layout: Layout): Test {
  const { relation, column } = ref;
  if ((op === '=' || op === '<>') && !isFloat(type)) {
    const wanted = op === '=';
    return (tuple) => {
      const row = tuple[relation] as Uint8Array;
      const start = layout.columnStart(row, 0, column);
      // A value that starts with the same bytes has the same length: no BSATN value is a prefix of another.
      if (start + value.length > row.length) return !wanted;
      for (let i = 0; i < value.length; i++) if (row[start + i] !== value[i]) return !wanted;
      return wanted;
    };
  }
  const compare = comparer(type);
  const holds = outcomes[op];
  return (tuple) => {
    const row = tuple[relation] as Uint8Array;
    return holds(compare(row, layout.columnStart(row, 0, column), value, 0));
  };
}

function compileColumns({ left, op, right, type }: ColumnComparison, layouts: readonly Layout[]): Test {
  const leftLayout = layoutAt(layouts, left.relation);
  const rightLayout = layoutAt(layouts, right.relation);
  const compare = comparer(type);
  const holds = outcomes[op];
  const isEquality = op === '=' && !isFloat(type);
  return (tuple) => {
    const a = tuple[left.relation] as Uint8Array;
    const b = tuple[right.relation] as Uint8Array;
    const aStart = leftLayout.columnStart(a, 0, left.column);
    const bStart = rightLayout.columnStart(b, 0, right.column);
    if (!isEquality) return holds(compare(a, aStart, b, bStart));
    const aEnd = leftLayout.columnEnd(a, aStart, left.column);
    return sameBytes(a, aStart, aEnd, b, bStart, rightLayout.columnEnd(b, bStart, right.column));
  };
}

function comparer(type: ColumnComparison['type']): Compare {
  const kind = comparableKind(type);
  assert(kind !== undefined, 'a comparison of values that have no order');
  return compareOf(kind);
}

const outcomes: Record<Comparison, (order: number) => boolean> = {
  '=': (order) => order === 0,
  '<>': (order) => order !== 0,
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};
