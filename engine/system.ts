import { Reader } from './bsatn/reader.ts';
import type { Field, ProductType } from './bsatn/type.ts';
import { Writer } from './bsatn/writer.ts';
import { clientTable } from './module/system-catalog.ts';
import type { SequencePosition } from './store/contract.ts';
import type { IndexId, TableDef, TableId } from './store/definition.ts';

// A database's own tables. They live in the same store and the same log as the module's, so that the log alone is enough
// to bring everything back: which module ran, what its tables were called, who was connected.

/** Numbers below this one are the system's. */
export const firstUserId = 4096;

/** The module that runs: one row with its bundle. */
export const programTable = systemTable(2, 'st_program', 0, [
  { name: 'id', type: { kind: 'u8' } },
  { name: 'bundle', type: { kind: 'string' } },
]);

/** The numbers of the module's tables and indexes. */
export const nameTable = systemTable(3, 'st_name', 2, [
  { name: 'kind', type: { kind: 'u8' } },
  { name: 'name', type: { kind: 'string' } },
  { name: 'id', type: { kind: 'u32' } },
]);

/**
 * Where sequences stand that gave values which no stored row shows: in the log only, since a store and its snapshots know
 * their sequences.
 */
export const positionTableId = 4 as TableId;

export const systemTables: readonly TableDef[] = [clientTable, programTable, nameTable];

export function clientRow(identity: bigint, connectionId: bigint): Uint8Array {
  const writer = new Writer(48);
  writer.u256(identity);
  writer.u128(connectionId);
  return writer.copy();
}

export function readClientRow(row: Uint8Array): { readonly identity: bigint; readonly connectionId: bigint } {
  const reader = new Reader(row);
  return { identity: reader.u256(), connectionId: reader.u128() };
}

export function programRow(bundle: string): Uint8Array {
  const writer = new Writer();
  writer.u8(0);
  writer.string(bundle);
  return writer.copy();
}

export function readProgramRow(row: Uint8Array): string {
  const reader = new Reader(row);
  reader.u8();
  return reader.string();
}

export function positionRow({ table, column, next }: SequencePosition): Uint8Array {
  const writer = new Writer(32);
  writer.u32(table);
  writer.u32(column);
  writer.string(next.toString());
  return writer.copy();
}

export function readPositionRow(row: Uint8Array): SequencePosition {
  const reader = new Reader(row);
  return { table: reader.u32() as TableId, column: reader.u32(), next: BigInt(reader.string()) };
}

function systemTable(id: number, name: string, primaryKey: number, fields: Field[]): TableDef {
  const row: ProductType = { kind: 'product', fields };
  return {
    id: id as TableId,
    name,
    row,
    primaryKey,
    indexes: [{ id: id as IndexId, name: `${name}_key`, algorithm: 'hash', columns: [primaryKey], isUnique: true }],
    sequences: [],
    isEvent: false,
  };
}
