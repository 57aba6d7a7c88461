import { type Layout, layoutOf } from '../bsatn/layout.ts';
import type { Bound, TableReader } from '../store/contract.ts';
import type { IndexDef, IndexId, TableId } from '../store/definition.ts';
import type { Catalog, CatalogTable } from './catalog.ts';
import { code, SyscallFailure } from './failure.ts';

/** A table as system calls reach it. */
export interface BoundTable {
  readonly id: TableId;
  readonly declared: CatalogTable['declared'];
  readonly reader: TableReader;
  readonly row: Layout;
}

/** An index as system calls reach it. */
export interface BoundIndex {
  readonly id: IndexId;
  readonly table: BoundTable;
  readonly def: IndexDef;
  /** The index's columns one after another. */
  readonly key: Layout;
}

/** A module's tables and indexes by the numbers that it uses. */
export class BoundTables {
  readonly #catalog: Catalog;
  readonly #tables = new Map<number, BoundTable>();
  readonly #indexes = new Map<number, BoundIndex>();

  constructor(catalog: Catalog, reader: (table: TableId) => TableReader) {
    this.#catalog = catalog;
    for (const { declared, stored } of catalog.tables) {
      const table: BoundTable = { id: stored.id, declared, reader: reader(stored.id), row: layoutOf(stored.row) };
      this.#tables.set(stored.id, table);
      for (const def of stored.indexes) {
        const fields = def.columns.flatMap((column) => stored.row.fields[column] ?? []);
        this.#indexes.set(def.id, { id: def.id, table, def, key: layoutOf({ kind: 'product', fields }) });
      }
    }
  }

  tableId(name: string): number {
    const table = this.#catalog.tableByName(name);
    if (table === undefined) throw new SyscallFailure(code.noSuchTable);
    return table.stored.id;
  }

  indexId(name: string): number {
    const index = this.#catalog.indexByName(name);
    if (index === undefined) throw new SyscallFailure(code.noSuchIndex);
    return index.index;
  }

  table(id: number): BoundTable {
    const table = this.#tables.get(id);
    if (table === undefined) throw new SyscallFailure(code.noSuchTable);
    return table;
  }

  index(id: number): BoundIndex {
    const index = this.#indexes.get(id);
    if (index === undefined) throw new SyscallFailure(code.noSuchIndex);
    return index;
  }
}

/** The arguments of a range scan: `bytes` is the prefix, the start bound and the end bound one after another. */
export interface RangeArgs {
  readonly bytes: Uint8Array;
  readonly prefixBytes: number;
  readonly prefixColumns: number;
  readonly startBytes: number;
  /** 0: the end is the start. */
  readonly endBytes: number;
}

export interface Range {
  readonly prefix: Uint8Array;
  readonly prefixColumns: number;
  readonly start: Bound;
  readonly end: Bound;
}

/** Checks and splits the arguments of a range scan. @throws SyscallFailure */
export function readRange(index: BoundIndex, args: RangeArgs): Range {
  if (index.def.algorithm === 'hash') throw new SyscallFailure(code.rangeOverHash);
  const { bytes, prefixBytes, prefixColumns, startBytes, endBytes } = args;
  // The bounded column follows the prefix, so a prefix must leave one.
  if (prefixColumns >= index.def.columns.length) throw new SyscallFailure(code.decode);
  const startAt = prefixBytes + startBytes;
  if (startAt + endBytes > bytes.length) throw new SyscallFailure(code.decode);
  if (index.key.prefixEnd(bytes, 0, prefixBytes, prefixColumns) !== prefixBytes) throw new SyscallFailure(code.decode);
  const start = readBound(index, bytes, prefixBytes, startAt, prefixColumns);
  const end = endBytes === 0 ? start : readBound(index, bytes, startAt, startAt + endBytes, prefixColumns);
  return { prefix: bytes.subarray(0, prefixBytes), prefixColumns, start, end };
}

function readBound(index: BoundIndex, bytes: Uint8Array, at: number, limit: number, column: number): Bound {
  const tag = at < limit ? bytes[at] : undefined;
  if (tag === 2 && at + 1 === limit) return { kind: 'unbounded' };
  if (tag !== 0 && tag !== 1) throw new SyscallFailure(code.decode);
  if (index.key.valueEnd(bytes, at + 1, limit, column) !== limit) throw new SyscallFailure(code.decode);
  return { kind: tag === 0 ? 'included' : 'excluded', value: bytes.subarray(at + 1, limit) };
}
