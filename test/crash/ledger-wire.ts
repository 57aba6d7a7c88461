import type { Account, LedgerCall } from './ledger-model.ts';

// The ledger module's bytes, written and read by hand: the checker shares no code with what it checks.

/** The arguments of a call as BSATN. */
export function argsOf(id: number, call: LedgerCall): Buffer {
  switch (call.reducer) {
    case 'open':
      return Buffer.concat([u32(id), u32(call.key), u32(call.owner), i64(call.amount), text(call.name)]);
    case 'move':
      return Buffer.concat([u32(id), u32(call.from), u32(call.to), i64(call.amount)]);
    case 'rename':
      return Buffer.concat([u32(id), u32(call.key), text(call.name)]);
    case 'closeAll':
      return Buffer.concat([u32(id), u32(call.owner)]);
    case 'remind':
      return Buffer.concat([u32(id), i64(call.afterMicros)]);
  }
}

export function readAccount(row: Buffer): Account {
  const nameBytes = row.readUInt32LE(24);
  if (row.length !== 28 + nameBytes) throw new Error(`an account of ${row.length} bytes`);
  return {
    key: row.readUInt32LE(8),
    owner: row.readUInt32LE(12),
    amount: row.readBigInt64LE(16),
    name: row.toString('utf8', 28),
  };
}

export function readJournal(row: Buffer): { readonly place: bigint; readonly call: number } {
  return { place: row.readBigUInt64LE(0), call: row.readUInt32LE(8) };
}

export function readAlarm(row: Buffer): { readonly call: number; readonly dueMicros: bigint } {
  return { dueMicros: row.readBigInt64LE(9), call: row.readUInt32LE(17) };
}

export function readRung(row: Buffer): { readonly call: number; readonly atMicros: bigint } {
  return { call: row.readUInt32LE(8), atMicros: row.readBigInt64LE(12) };
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

function i64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return bytes;
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value);
  return Buffer.concat([u32(bytes.length), bytes]);
}
