import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Reader } from '../bsatn/reader.ts';
import { Writer } from '../bsatn/writer.ts';
import { HeapChange } from '../store/change.ts';
import type { TableChange } from '../store/contract.ts';
import type { TableId } from '../store/definition.ts';
import type { Commit } from './commit.ts';

// FORMAT.md describes what is written here.

export const version = 1;
export const segmentHeaderBytes = 60;
export const batchHeaderBytes = 60;
export const chainBytes = 32;
export const noChain: Uint8Array = new Uint8Array(chainBytes);

const segmentMagic = Buffer.from('HELIXLOG');
const batchMagic = Buffer.from('HXB1');

export interface SegmentHeader {
  readonly version: number;
  readonly firstOffset: number;
  readonly chain: Buffer;
}

export interface BatchHeader {
  readonly bodyBytes: number;
  readonly firstOffset: number;
  readonly commitCount: number;
  readonly chain: Buffer;
}

export function segmentName(firstOffset: number): string {
  return `${String(firstOffset).padStart(20, '0')}.log`;
}

/** @returns undefined when a segment would not be named so */
export function offsetOfSegment(name: string): number | undefined {
  return /^\d{20}\.log$/.test(name) ? Number(name.slice(0, 20)) : undefined;
}

export function encodeSegmentHeader(firstOffset: number, chain: Uint8Array): Uint8Array {
  const header = Buffer.alloc(segmentHeaderBytes);
  segmentMagic.copy(header);
  header.writeUInt32LE(version, 8);
  header.writeBigUInt64LE(BigInt(firstOffset), 16);
  header.set(chain, 24);
  header.writeUInt32LE(crc32(header.subarray(0, 56)), 56);
  return header;
}

/** @returns undefined when it is not a whole and correct header */
export function decodeSegmentHeader(bytes: Buffer): SegmentHeader | undefined {
  if (bytes.length < segmentHeaderBytes || !bytes.subarray(0, 8).equals(segmentMagic)) return undefined;
  if (bytes.readUInt32LE(56) !== crc32(bytes.subarray(0, 56))) return undefined;
  return {
    version: bytes.readUInt32LE(8),
    firstOffset: Number(bytes.readBigUInt64LE(16)),
    chain: bytes.subarray(24, 24 + chainBytes),
  };
}

/** Fills in the header in front of a batch's body and returns its chain. */
export function sealBatch(batch: Buffer, firstOffset: number, commitCount: number, before: Uint8Array): Uint8Array {
  const body = batch.subarray(batchHeaderBytes);
  batchMagic.copy(batch);
  batch.writeUInt32LE(body.length, 4);
  batch.writeBigUInt64LE(BigInt(firstOffset), 8);
  batch.writeUInt32LE(commitCount, 16);
  const chain = chainOf(before, batch.subarray(0, 20), body);
  batch.set(chain, 20);
  batch.writeUInt32LE(crc32(body), 52);
  batch.writeUInt32LE(crc32(batch.subarray(0, 56)), 56);
  return chain;
}

/** @returns undefined when there is no whole and correct batch header at `at` */
export function decodeBatchHeader(bytes: Buffer, at: number): BatchHeader | undefined {
  if (at + batchHeaderBytes > bytes.length || bytes.readUInt32LE(at) !== batchMagic.readUInt32LE(0)) return undefined;
  if (bytes.readUInt32LE(at + 56) !== crc32(bytes.subarray(at, at + 56))) return undefined;
  return {
    bodyBytes: bytes.readUInt32LE(at + 4),
    firstOffset: Number(bytes.readBigUInt64LE(at + 8)),
    commitCount: bytes.readUInt32LE(at + 16),
    chain: bytes.subarray(at + 20, at + 20 + chainBytes),
  };
}

/** Whether the whole body of the batch at `at` is there and correct. */
export function isBodyIntact(bytes: Buffer, at: number, header: BatchHeader): boolean {
  const body = bodyOf(bytes, at, header);
  return body.length === header.bodyBytes && bytes.readUInt32LE(at + 52) === crc32(body);
}

export function isChained(bytes: Buffer, at: number, header: BatchHeader, before: Uint8Array): boolean {
  return chainOf(before, bytes.subarray(at, at + 20), bodyOf(bytes, at, header)).equals(header.chain);
}

/** Whether an intact batch starts anywhere in `bytes` from `from` on. */
export function hasIntactBatch(bytes: Buffer, from: number): boolean {
  for (let at = bytes.indexOf(batchMagic, from); at >= 0; at = bytes.indexOf(batchMagic, at + 1)) {
    const header = decodeBatchHeader(bytes, at);
    if (header !== undefined && isBodyIntact(bytes, at, header)) return true;
  }
  return false;
}

export function bodyOf(bytes: Buffer, at: number, header: BatchHeader): Buffer {
  return bytes.subarray(at + batchHeaderBytes, at + batchHeaderBytes + header.bodyBytes);
}

function chainOf(before: Uint8Array, header: Uint8Array, body: Uint8Array): Buffer {
  return createHash('sha256').update(before).update(header).update(body).digest();
}

export function writeCommit(writer: Writer, commit: Commit): void {
  writer.i64(commit.timestampMicros);
  writer.raw(encodedCause(commit));
  writer.u32(commit.changes.length);
  for (const change of commit.changes) {
    writer.u32(change.table);
    if (change instanceof HeapChange) {
      writer.u32(change.insertCount);
      writer.u32(change.deleteCount);
      change.write(writer);
      continue;
    }
    const { inserts, deletes } = change;
    writer.u32(inserts.length);
    writer.u32(deletes.length);
    for (const row of inserts) writer.byteArray(row);
    for (const row of deletes) writer.byteArray(row);
  }
}

type Cause = Pick<Commit, 'origin' | 'caller' | 'connectionId'>;

/** Of the commit written last: many in a row have the same. */
let lastCause: (Cause & { readonly bytes: Uint8Array }) | undefined;

function encodedCause({ origin, caller, connectionId }: Cause): Uint8Array {
  const last = lastCause;
  if (last?.origin === origin && last.caller === caller && last.connectionId === connectionId) return last.bytes;
  const writer = new Writer();
  writer.string(origin);
  writer.u256(caller);
  writer.u128(connectionId);
  lastCause = { origin, caller, connectionId, bytes: writer.copy() };
  return lastCause.bytes;
}

/** Rows are views of the body. @throws DecodeError */
export function readCommits(body: Uint8Array, firstOffset: number, count: number): Commit[] {
  const reader = new Reader(body);
  const commits = Array.from({ length: count }, (_, i) => readCommit(reader, firstOffset + i));
  reader.finish();
  return commits;
}

function readCommit(reader: Reader, offset: number): Commit {
  return {
    offset,
    timestampMicros: reader.i64(),
    origin: reader.string(),
    caller: reader.u256(),
    connectionId: reader.u128(),
    changes: readList(reader.u32(), () => readChange(reader)),
  };
}

function readChange(reader: Reader): TableChange {
  const table = reader.u32() as TableId;
  const [insertCount, deleteCount] = [reader.u32(), reader.u32()];
  return {
    table,
    inserts: readList(insertCount, () => reader.byteArray()),
    deletes: readList(deleteCount, () => reader.byteArray()),
  };
}

function readList<T>(count: number, read: () => T): T[] {
  const list: T[] = [];
  for (let i = 0; i < count; i++) list.push(read());
  return list;
}
