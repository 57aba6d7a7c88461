import { layoutOf } from '../../engine/bsatn/layout.ts';
import type { TableReader } from '../../engine/store/contract.ts';
import type { IndexDef } from '../../engine/store/definition.ts';
import type { Store } from '../../engine/store/store.ts';

/** What is wrong with the indexes of a store: nothing, when each shows exactly the rows of its table. */
export function indexFaults(store: Store): string[] {
  return store.tables().flatMap((table) => table.def.indexes.flatMap((index) => faultsOf(table, index)));
}

function faultsOf(table: TableReader, index: IndexDef): string[] {
  const handles = table.scan();
  const what = `the index ${index.name} of ${table.def.name}`;
  const faults: string[] = [];
  if (handles.length !== table.rowCount) faults.push(`${table.def.name} counts ${table.rowCount} of its rows`);
  const byKey = new Map<string, number[]>();
  for (const handle of handles) {
    const key = keyOf(table, index, handle).toString('latin1');
    byKey.set(key, [...(byKey.get(key) ?? []), handle]);
  }
  for (const [key, expected] of byKey) {
    if (index.isUnique && expected.length > 1) faults.push(`${what} has ${expected.length} rows of one key`);
    const found = table.point(index.id, Buffer.from(key, 'latin1'));
    if (!isSame(found, expected))
      faults.push(`${what} finds ${found.length} rows of a key that ${expected.length} have`);
  }
  if (index.algorithm !== 'hash') {
    const all = table.range(index.id, new Uint8Array(), 0, { kind: 'unbounded' }, { kind: 'unbounded' });
    if (!isSame(all, handles)) faults.push(`${what} lists ${all.length} rows of ${handles.length}`);
  }
  return faults;
}

function keyOf(table: TableReader, index: IndexDef, handle: number): Buffer {
  const layout = layoutOf(table.def.row);
  const row = table.row(handle);
  return Buffer.concat(
    index.columns.map((column) => {
      const start = layout.columnStart(row, 0, column);
      return row.subarray(start, layout.columnEnd(row, start, column));
    }),
  );
}

function isSame(found: readonly number[], expected: readonly number[]): boolean {
  const sorted = [...found].sort((a, b) => a - b);
  const wanted = [...expected].sort((a, b) => a - b);
  return sorted.length === wanted.length && sorted.every((handle, i) => handle === wanted[i]);
}
