import { layoutOf } from '../bsatn/layout.ts';
import type { TableReader } from './contract.ts';
import type { IndexDef } from './definition.ts';
import type { Store } from './store.ts';

/** What is wrong with the indexes of a store: nothing, when each shows exactly the rows of its table. */
export function indexFaults(store: Store): string[] {
  return store.tables().flatMap((table) => table.def.indexes.flatMap((index) => faultsOf(table, index)));
}

function faultsOf(table: TableReader, index: IndexDef): string[] {
  const handles = table.scan();
  const what = `the index ${index.name} of ${table.def.name}`;
  const faults: string[] = [];
  if (handles.length !== table.rowCount) faults.push(`${table.def.name} counts ${table.rowCount} of its rows`);
  const counts = new Map<string, number>();
  for (const handle of handles) {
    const key = keyOf(table, index, handle);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  for (const [key, count] of counts) {
    if (index.isUnique && count > 1) faults.push(`${what} has ${count} rows of one key`);
    const found = table.point(index.id, Buffer.from(key, 'latin1'));
    const ofKey = new Set(found.filter((handle) => keyOf(table, index, handle) === key));
    if (found.length !== count || ofKey.size !== count) {
      faults.push(`${what} finds ${found.length} rows of a key that ${count} have`);
    }
  }
  if (index.algorithm !== 'hash') {
    const all = table.range(index.id, new Uint8Array(), 0, { kind: 'unbounded' }, { kind: 'unbounded' });
    if (!isSame(all, handles)) faults.push(`${what} lists ${all.length} rows of ${handles.length}`);
  }
  return faults;
}

function keyOf(table: TableReader, index: IndexDef, handle: number): string {
  const layout = layoutOf(table.def.row);
  const row = table.row(handle);
  return Buffer.concat(
    index.columns.map((column) => {
      const start = layout.columnStart(row, 0, column);
      return row.subarray(start, layout.columnEnd(row, start, column));
    }),
  ).toString('latin1');
}

function isSame(found: readonly number[], expected: readonly number[]): boolean {
  const sorted = [...found].sort((a, b) => a - b);
  const wanted = [...expected].sort((a, b) => a - b);
  return sorted.length === wanted.length && sorted.every((handle, i) => handle === wanted[i]);
}
