import type { QuerySetUpdate, RowList, TableRows } from '../../query/contract.ts';
import type { ReducerOutcome, ServerMessage } from '../contract.ts';
import type { Writer } from './writer.ts';

/** Appends one ServerMessage as BSATN. */
export function encodeServerMessage(writer: Writer, message: ServerMessage): void {
  switch (message.kind) {
    case 'initial-connection':
      writer.u8(0);
      writer.u256(message.identity);
      writer.u128(message.connectionId);
      writer.string(message.token);
      return;
    case 'subscribe-applied':
      writer.u8(1);
      writer.u32(message.requestId);
      writer.u32(message.querySetId);
      encodeRows(writer, message.rows ?? []);
      return;
    case 'unsubscribe-applied':
      writer.u8(2);
      writer.u32(message.requestId);
      writer.u32(message.querySetId);
      writer.u8(message.rows === undefined ? 1 : 0);
      if (message.rows !== undefined) encodeRows(writer, message.rows);
      return;
    case 'subscription-error':
      writer.u8(3);
      writer.u8(message.requestId === undefined ? 1 : 0);
      if (message.requestId !== undefined) writer.u32(message.requestId);
      writer.u32(message.querySetId);
      writer.string(message.message);
      return;
    case 'transaction-update':
      writer.u8(4);
      encodeUpdate(writer, message.update);
      return;
    case 'query-result':
      writer.u8(5);
      writer.u32(message.requestId);
      if ('message' in message.result) {
        writer.u8(1);
        writer.string(message.result.message);
      } else {
        writer.u8(0);
        encodeRows(writer, [message.result]);
      }
      return;
    case 'reducer-result':
      writer.u8(6);
      writer.u32(message.requestId);
      writer.i64(message.timestampMicros);
      encodeReducerOutcome(writer, message.outcome);
      return;
    case 'procedure-result':
      writer.u8(7);
      if ('value' in message.outcome) {
        writer.u8(0);
        writer.byteArray(message.outcome.value);
      } else {
        writer.u8(1);
        writer.string(message.outcome.message);
      }
      writer.i64(message.timestampMicros);
      writer.i64(message.durationMicros);
      writer.u32(message.requestId);
      return;
  }
}

/** The bytes that a message will have on the wire, within a few: cheap, and needs no encoding. */
export function serverMessageBytes(message: ServerMessage): number {
  switch (message.kind) {
    case 'subscribe-applied':
    case 'unsubscribe-applied':
      return 16 + rowsBytes(message.rows ?? []);
    case 'transaction-update':
      return 16 + updateBytes(message.update);
    case 'reducer-result':
      return (
        32 + (message.outcome.kind === 'ok' ? updateBytes(message.outcome.update) : message.outcome.message.length)
      );
    case 'query-result':
      return 16 + ('message' in message.result ? message.result.message.length : rowsBytes([message.result]));
    case 'procedure-result':
      return 32 + ('value' in message.outcome ? message.outcome.value.length : message.outcome.message.length);
    case 'subscription-error':
      return 16 + message.message.length;
    case 'initial-connection':
      return 64 + message.token.length;
  }
}

function encodeReducerOutcome(writer: Writer, outcome: ReducerOutcome): void {
  switch (outcome.kind) {
    case 'ok':
      writer.u8(0);
      // Reducers return unit: no bytes.
      writer.u32(0);
      encodeUpdate(writer, outcome.update);
      return;
    case 'rejected': {
      // Bytes that hold a BSATN string: the inner length is inside the outer one.
      writer.u8(2);
      const text = Buffer.from(outcome.message, 'utf8');
      writer.u32(text.length + 4);
      writer.byteArray(text);
      return;
    }
    case 'failed':
      writer.u8(3);
      writer.string(outcome.message);
      return;
  }
}

function encodeUpdate(writer: Writer, update: readonly QuerySetUpdate[]): void {
  writer.u32(update.length);
  for (const querySet of update) {
    writer.u32(querySet.querySetId);
    writer.u32(querySet.tables.length);
    for (const table of querySet.tables) {
      writer.string(table.table);
      writer.u32(1);
      if (table.isEvent) {
        writer.u8(1);
        encodeRowList(writer, table.inserts);
      } else {
        writer.u8(0);
        encodeRowList(writer, table.inserts);
        encodeRowList(writer, table.deletes);
      }
    }
  }
}

function encodeRows(writer: Writer, tables: readonly TableRows[]): void {
  writer.u32(tables.length);
  for (const { table, rows } of tables) {
    writer.string(table);
    encodeRowList(writer, rows);
  }
}

function encodeRowList(writer: Writer, rows: RowList): void {
  writer.raw(rows.encoded);
}

function updateBytes(update: readonly QuerySetUpdate[]): number {
  let bytes = 4;
  for (const querySet of update) {
    bytes += 8;
    for (const table of querySet.tables) {
      bytes += 9 + table.table.length + table.inserts.encoded.length + table.deletes.encoded.length;
    }
  }
  return bytes;
}

function rowsBytes(tables: readonly TableRows[]): number {
  let bytes = 4;
  for (const { table, rows } of tables) bytes += 4 + table.length + rows.encoded.length;
  return bytes;
}
