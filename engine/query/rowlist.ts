import { Reader } from '../bsatn/reader.ts';
import { Writer } from '../bsatn/writer.ts';
import type { RowList } from './contract.ts';

const fixedSizeMax = 0xffff;

/**
 * Encodes rows as a wire BsatnRowList: one size when all rows share one, else where each row starts. No rows are rows
 * of size 0, since readers read until the bytes end.
 */
export function encodeRowList(rows: readonly Uint8Array[]): RowList {
  const size = rows[0]?.length ?? 0;
  const isFixed = size <= fixedSizeMax && rows.every((row) => row.length === size);
  const bytesTotal = rows.reduce((sum, row) => sum + row.length, 0);
  const writer = new Writer(9 + bytesTotal + (isFixed ? 0 : 8 * rows.length));
  if (isFixed) {
    writer.u8(0);
    writer.u16(size);
  } else {
    writer.u8(1);
    writer.u32(rows.length);
    let offset = 0;
    for (const row of rows) {
      writer.u64(BigInt(offset));
      offset += row.length;
    }
  }
  writer.u32(bytesTotal);
  for (const row of rows) writer.raw(row);
  return { rowCount: rows.length, encoded: writer.view() };
}

export const noRows: RowList = encodeRowList([]);

/** The rows of a list, as views into it. */
export function decodeRowList({ rowCount, encoded }: RowList): Uint8Array[] {
  const reader = new Reader(encoded);
  const starts: number[] = [];
  if (reader.u8() === 0) {
    const size = reader.u16();
    for (let row = 0; row < rowCount; row++) starts.push(row * size);
  } else {
    reader.u32();
    for (let row = 0; row < rowCount; row++) starts.push(Number(reader.u64()));
  }
  const data = reader.byteArray();
  return starts.map((start, row) => data.subarray(start, starts[row + 1] ?? data.length));
}
