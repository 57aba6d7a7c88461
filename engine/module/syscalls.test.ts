import { expect, test } from 'vitest';
import { TestDatabase } from './support.fixture.ts';

/** Runs a body that calls the system directly and returns what it says. */
async function says(body: string): Promise<string[]> {
  const db = await TestDatabase.open(`
import * as sys from 'spacetime:sys@2.0';
import { datastore_clear } from 'spacetime:sys@2.1';
import { schema, t, table } from 'spacetimedb/server';
const pair = table({ indexes: [{ accessor: 'both', algorithm: 'btree', columns: ['a', 'b'] }, { accessor: 'h', algorithm: 'hash', columns: ['b'] }] },
  { a: t.u8().primaryKey(), b: t.u8() });
const tick = table({}, { id: t.u64().primaryKey().autoInc(), at: t.scheduleAt() });
const s = schema({ pair, tick });
export default s;
export const onTick = s.reducer({ onSchedule: tick }, { row: tick.rowType }, () => {});
const say = fn => { try { console.log(String(fn())); } catch (e) { console.log(e.name + ': ' + e.message); } };
const bytes = (...list) => new Uint8Array(list).buffer;
const drain = iter => {
  const rows = [];
  const buffer = new ArrayBuffer(3);
  for (;;) {
    const n = sys.row_iter_bsatn_advance(iter, buffer);
    rows.push(...new Uint8Array(buffer, 0, Math.abs(n)));
    if (n <= 0) return rows.join('');
  }
};
export const probe = s.reducer(ctx => {
  const table = sys.table_id_from_name('pair');
  const key = sys.index_id_from_name('pair_a_idx_btree');
  const both = sys.index_id_from_name('pair_a_b_idx_btree');
  const hash = sys.index_id_from_name('pair_b_idx_hash');
  for (const [a, b] of [[1, 5], [2, 4], [3, 5], [4, 4]]) sys.datastore_insert_bsatn(table, bytes(a, b), 2);
  ${body}
});
`);
  db.run('probe');
  return db.lines;
}

test('[MOD50] arguments of the wrong type or size are refused in the module’s own classes', async () => {
  const lines = await says(`
    say(() => sys.datastore_insert_bsatn('x', bytes(1, 2), 2));
    say(() => sys.datastore_insert_bsatn(table, new Uint8Array(2), 2));
    say(() => sys.datastore_insert_bsatn(table, bytes(1, 2), 3));
    say(() => sys.datastore_insert_bsatn(table, bytes(1, 2), -1));
    say(() => sys.table_id_from_name(5));
    say(() => sys.get_jwt_payload(5));
    try { sys.datastore_insert_bsatn(table, bytes(1), 9); } catch (e) { console.log(String(e instanceof RangeError)); }
  `);
  expect(lines).toEqual([
    'TypeError: expected a number',
    'TypeError: expected an ArrayBuffer',
    'RangeError: length argument was out of bounds for ArrayBuffer',
    'TypeError: expected an unsigned 32-bit integer, got -1',
    'TypeError: expected a string',
    'TypeError: a connection id is a bigint',
    'true',
  ]);
});

test('[MOD51] each failure has its number’s class', async () => {
  const lines = await says(`
    say(() => sys.table_id_from_name('nope'));
    say(() => sys.index_id_from_name('nope'));
    say(() => sys.datastore_table_scan_bsatn(999));
    say(() => sys.datastore_index_scan_point_bsatn(999, bytes(1), 1));
    say(() => sys.row_iter_bsatn_advance(999, bytes(1)));
    say(() => sys.row_iter_bsatn_close(999));
    say(() => sys.console_timer_end(999));
    say(() => sys.datastore_insert_bsatn(table, bytes(9), 1));
    say(() => sys.datastore_insert_bsatn(table, bytes(1, 6), 2));
    say(() => sys.datastore_update_bsatn(table, both, bytes(1, 6), 2));
    say(() => sys.datastore_update_bsatn(table, 999, bytes(1, 6), 2));
    say(() => sys.datastore_update_bsatn(table, key, bytes(77, 6), 2));
    say(() => sys.datastore_index_scan_point_bsatn(key, bytes(1, 2), 2));
    say(() => sys.procedure_start_mut_tx());
    say(() => sys.procedure_commit_mut_tx());
    say(() => sys.procedure_abort_mut_tx());
    say(() => sys.procedure_http_request(new Uint8Array(), ''));
    const range = (...args) => sys.datastore_index_scan_range_bsatn(...args);
    say(() => range(hash, bytes(0, 4), 0, 0, 2, 0));
    say(() => range(key, bytes(1, 0, 4), 1, 1, 2, 0));
    say(() => range(key, bytes(9, 4), 0, 0, 2, 0));
    say(() => range(key, bytes(0, 4, 4), 0, 0, 3, 0));
  `);
  expect(lines).toEqual([
    'NoSuchTable: No such table',
    'NoSuchIndex: No such index',
    'NoSuchTable: No such table',
    'NoSuchIndex: No such index',
    'NoSuchIter: No such iterator',
    'NoSuchIter: No such iterator',
    'NoSuchConsoleTimer: No such console timer',
    "BsatnDecodeError: Couldn't decode the BSATN to the expected type",
    'UniqueAlreadyExists: Value with given unique identifier already exists',
    'IndexNotUnique: The index was not unique',
    'NoSuchIndex: No such index',
    'NoSuchRow: The row was not found, e.g., in an update call',
    "BsatnDecodeError: Couldn't decode the BSATN to the expected type",
    'WouldBlockTransaction: Attempted async or blocking op while holding open a transaction',
    'TransactionNotAnonymous: Not in an anonymous transaction. Called by a reducer?',
    'TransactionNotAnonymous: Not in an anonymous transaction. Called by a reducer?',
    'WouldBlockTransaction: Attempted async or blocking op while holding open a transaction',
    'SpacetimeHostError: A hash index answers whole keys only, not ranges',
    ...Array(3).fill("BsatnDecodeError: Couldn't decode the BSATN to the expected type"),
  ]);
});

test('[MOD52] ranges have a prefix and two bounds, each included, excluded or open', async () => {
  const lines = await says(`
    const range = (...args) => say(() => drain(sys.datastore_index_scan_range_bsatn(...args)));
    range(key, bytes(0, 2, 0, 3), 0, 0, 2, 2);
    range(key, bytes(1, 2, 2), 0, 0, 2, 1);
    range(key, bytes(2, 1, 3), 0, 0, 1, 2);
    range(key, bytes(2, 2), 0, 0, 1, 1);
    range(key, bytes(0, 3), 0, 0, 2, 0);
    range(both, bytes(1, 2, 2), 1, 1, 1, 1);
    range(both, bytes(1, 1, 5, 2), 1, 1, 2, 1);
    range(both, bytes(1, 2, 2), 0, 0, 2, 1);
    say(() => sys.datastore_delete_by_index_scan_range_bsatn(key, bytes(1, 2, 2), 0, 0, 2, 1));
    say(() => sys.datastore_delete_by_index_scan_point_bsatn(hash, bytes(5), 1));
    say(() => sys.datastore_table_row_count(table));
  `);
  expect(lines).toEqual(['2435', '3544', '1524', '15243544', '35', '15', '', '3544', '2', '1', '1']);
});

test('[MOD53] an iterator gives whole rows, and its last chunk ends it', async () => {
  const lines = await says(`
    const iter = sys.datastore_table_scan_bsatn(table);
    say(() => sys.row_iter_bsatn_advance(iter, new ArrayBuffer(5)));
    try { sys.row_iter_bsatn_advance(iter, new ArrayBuffer(1)); } catch (e) { console.log(JSON.stringify(e)); }
    say(() => sys.row_iter_bsatn_advance(iter, new ArrayBuffer(9)));
    say(() => sys.row_iter_bsatn_advance(iter, new ArrayBuffer(9)));
    const one = sys.datastore_index_scan_point_bsatn(key, bytes(1), 1);
    const two = sys.datastore_index_scan_point_bsatn(key, bytes(2), 1);
    try { sys.row_iter_bsatn_advance(one, new ArrayBuffer(1)); } catch (e) { console.log(JSON.stringify(e)); }
    say(() => sys.row_iter_bsatn_advance(two, new ArrayBuffer(2)));
    say(() => sys.row_iter_bsatn_close(one));
    say(() => sys.row_iter_bsatn_advance(one, new ArrayBuffer(2)));
    say(() => sys.row_iter_bsatn_advance(sys.datastore_index_scan_point_bsatn(key, bytes(99), 1), new ArrayBuffer(2)));
  `);
  expect(lines).toEqual([
    '4',
    '{"__buffer_too_small__":2}',
    '-4',
    'NoSuchIter: No such iterator',
    '{"__buffer_too_small__":2}',
    '-2',
    'undefined',
    'NoSuchIter: No such iterator',
    '0',
  ]);
});

test('[MOD54] rows are deleted by equality and all at once', async () => {
  const lines = await says(`
    say(() => sys.datastore_delete_all_by_eq_bsatn(table, bytes(2, 0, 0, 0, 1, 5, 9, 9), 8));
    say(() => sys.datastore_delete_all_by_eq_bsatn(table, bytes(2, 0, 0, 0, 1, 5), 6));
    say(() => sys.datastore_delete_all_by_eq_bsatn(table, bytes(1, 0, 0, 0, 1, 5, 7), 7));
    say(() => datastore_clear(table));
  `);
  const undecodable = "BsatnDecodeError: Couldn't decode the BSATN to the expected type";
  expect(lines).toEqual(['1', undecodable, undecodable, '3']);
});

test('[MOD55] a delay of two years and more cannot be scheduled', async () => {
  const lines = await says(`
    const longest = 68719476735000n;
    const at = value => ctx.db.tick.insert({ id: 0n, at: value }).id;
    const { ScheduleAt } = globalThis;
    say(() => at({ tag: 'Interval', value: { __time_duration_micros__: longest - 1n } }));
    say(() => at({ tag: 'Interval', value: { __time_duration_micros__: longest } }));
    say(() => at({ tag: 'Time', value: { __timestamp_micros_since_unix_epoch__: ctx.timestamp.microsSinceUnixEpoch + longest - 1n } }));
    say(() => at({ tag: 'Time', value: { __timestamp_micros_since_unix_epoch__: ctx.timestamp.microsSinceUnixEpoch + longest } }));
  `);
  const refusal = 'ScheduleAtDelayTooLong: Specified delay in scheduling row was too long';
  expect(lines).toEqual(['1', refusal, '2', refusal]);
});

test('[MOD56] a module knows its database, its caller’s claims, and can ask for a call of its own', async () => {
  const db = await TestDatabase.open(`
import { volatile_nonatomic_schedule_immediate } from 'spacetime:sys@2.0';
import { schema } from 'spacetimedb/server';
const s = schema({});
export default s;
export const who = s.reducer(ctx => {
  console.log([ctx.databaseIdentity.toHexString().slice(-2), ctx.sender.toHexString().slice(-5), ctx.connectionId === null, ctx.senderAuth.jwt?.subject].join());
  volatile_nonatomic_schedule_immediate('who', new Uint8Array([1, 2]));
});
`);
  db.claims.set(7n, '{"sub":"alice","iss":"x"}');
  db.callAs(0xa11cen, 7n, 'who');
  db.callAs(0xa11cen, 0n, 'who');
  expect(db.lines).toEqual(['db,a11ce,false,alice', 'db,a11ce,true,']);
  expect(db.scheduled).toEqual([
    { reducer: 'who', args: new Uint8Array([1, 2]) },
    { reducer: 'who', args: new Uint8Array([1, 2]) },
  ]);
});
