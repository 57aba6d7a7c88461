import type { RowList, TableUpdate } from '../../query/contract.ts';
import type { ServerMessage } from '../contract.ts';

/** A RowList of rows that have one fixed size. */
export function rowList(rowBytes: number, ...rows: readonly Uint8Array[]): RowList {
  const data = Buffer.concat(rows);
  const encoded = Buffer.alloc(1 + 2 + 4 + data.length);
  encoded.writeUInt16LE(rowBytes, 1);
  encoded.writeUInt32LE(data.length, 3);
  data.copy(encoded, 7);
  return { rowCount: rows.length, encoded };
}

export function u32Rows(...values: readonly number[]): RowList {
  return rowList(
    4,
    ...values.map((value) => {
      const row = Buffer.alloc(4);
      row.writeUInt32LE(value);
      return row;
    }),
  );
}

const persistent: TableUpdate = { table: 'person', isEvent: false, inserts: u32Rows(1, 2), deletes: u32Rows(3) };
const event: TableUpdate = { table: 'damage', isEvent: true, inserts: u32Rows(9), deletes: u32Rows() };

/** One message of every shape the protocol has. */
export const serverMessages: { readonly [name: string]: ServerMessage } = {
  'initial-connection': {
    kind: 'initial-connection',
    identity: 0xc200_0000_0000_0000_0000_0000_0000_0000_0000_0000_0000_0000_0000_0000_0000_0001n,
    connectionId: 0x0123_4567_89ab_cdef_0123_4567_89ab_cdefn,
    token: 'header.claims.signature',
  },
  'subscribe-applied': {
    kind: 'subscribe-applied',
    requestId: 7,
    querySetId: 3,
    rows: [{ table: 'person', rows: u32Rows(1, 2, 3) }],
  },
  'unsubscribe-applied with rows': {
    kind: 'unsubscribe-applied',
    requestId: 8,
    querySetId: 3,
    rows: [{ table: 'person', rows: u32Rows(1) }],
  },
  'unsubscribe-applied without rows': { kind: 'unsubscribe-applied', requestId: 8, querySetId: 3, rows: undefined },
  'subscription-error to a request': {
    kind: 'subscription-error',
    requestId: 9,
    querySetId: 4,
    message: 'no such table: `x`',
  },
  'subscription-error later': { kind: 'subscription-error', requestId: undefined, querySetId: 4, message: 'gone' },
  'transaction-update': {
    kind: 'transaction-update',
    update: [
      { querySetId: 1, tables: [persistent, event] },
      { querySetId: 2, tables: [] },
    ],
  },
  'query-result with rows': {
    kind: 'query-result',
    requestId: 10,
    result: { table: 'person', rows: u32Rows(5) },
  },
  'query-result with an error': { kind: 'query-result', requestId: 10, result: { message: 'bad SQL' } },
  'reducer-result ok': {
    kind: 'reducer-result',
    requestId: 11,
    timestampMicros: 1_700_000_000_000_001n,
    outcome: { kind: 'ok', update: [{ querySetId: 1, tables: [persistent] }] },
  },
  'reducer-result rejected': {
    kind: 'reducer-result',
    requestId: 12,
    timestampMicros: 2n,
    outcome: { kind: 'rejected', message: 'name is taken: “Zoë”' },
  },
  'reducer-result failed': {
    kind: 'reducer-result',
    requestId: 13,
    timestampMicros: -1n,
    outcome: { kind: 'failed', message: 'The instance encountered a fatal error.' },
  },
  'procedure-result returned': {
    kind: 'procedure-result',
    requestId: 14,
    timestampMicros: 3n,
    durationMicros: 4n,
    outcome: { value: Uint8Array.of(1, 2, 3) },
  },
  'procedure-result failed': {
    kind: 'procedure-result',
    requestId: 15,
    timestampMicros: 3n,
    durationMicros: 4n,
    outcome: { message: 'no such procedure' },
  },
};
