import { beforeAll, expect, describe as group, test } from 'vitest';
import type { ModuleDef } from './definition.ts';
import { moduleOf } from './support.fixture.ts';

const library = `
import { schema, t, table } from 'spacetimedb/server';
const session = table({ name: 'session' }, { id: t.u64().primaryKey(), userName: t.string().index('btree') });
const spacetimedb = schema({ session });
export default spacetimedb;
export const openSession = spacetimedb.reducer({ userName: t.string() }, () => {});
export const sessions = spacetimedb.anonymousView({ public: true }, t.array(session.rowType), ctx => ctx.from.session);
`;

const source = `
import { schema, t, table } from 'spacetimedb/server';
import * as authLib from './auth.ts';
const Mood = t.enum('mood_kind', { VeryHappy: t.unit(), sad: t.string() });
const Inner = t.object('Outer.innerPart', { someValue: t.option(t.u8()), next: t.identity() });
const playerState = table(
  { public: true, indexes: [{ accessor: 'byBoth', name: 'custom_idx', algorithm: 'btree', columns: ['player1Id', 'oneU8'] }] },
  { player1Id: t.u64().primaryKey().autoInc(), oneU8: t.u8().unique(), mood: Mood, core: Inner, list: t.array(Inner), score: t.i16().default(-5) },
);
const renamed = table({ name: 'Exactly_This', event: true }, { x: t.u32() });
const tick = table({}, { scheduledId: t.u64().primaryKey().autoInc(), at: t.scheduleAt() });
const job = table({}, { scheduledId: t.u64().primaryKey().autoInc(), at: t.scheduleAt() });
const spacetimedb = schema({ playerState, renamed, tick, job, authLib });
export default spacetimedb;
export const init = spacetimedb.init(() => {});
export const hello = spacetimedb.clientConnected(() => {});
export const bye = spacetimedb.clientDisconnected(() => {});
export const setMood = spacetimedb.reducer({ newMood: Mood }, () => {});
export const namedOtherwise = spacetimedb.reducer({ name: 'special_name' }, { x: t.u8() }, () => {});
export const onTick = spacetimedb.reducer({ onSchedule: tick }, { arg: tick.rowType }, () => {});
export const onJob = spacetimedb.procedure({ onSchedule: job }, { arg: job.rowType }, t.unit(), () => ({}));
export const askIt = spacetimedb.procedure({ someThing: t.u8() }, t.array(Inner), () => []);
export const myState = spacetimedb.view({ public: true }, t.option(playerState.rowType), () => undefined);
export const allStates = spacetimedb.anonymousView({ name: 'every_state', public: true }, t.array(playerState.rowType), () => []);
export const handle = spacetimedb.httpHandler((ctx, request) => new SyncResponse('x'));
import { Router, SyncResponse } from 'spacetimedb/server';
export const routes = spacetimedb.httpRouter(new Router().get('/a', handle).post('/a', handle).any('/b/c', handle));
`;

let def: ModuleDef;
beforeAll(async () => {
  def = (await moduleOf(source, { 'auth.ts': library })).def;
});

const table = (name: string): ModuleDef['tables'][number] => {
  const found = def.tables.find((table) => table.name === name);
  if (found === undefined) throw new Error(`no table ${name} among ${def.tables.map((table) => table.name)}`);
  return found;
};

group('a definition', () => {
  test('[MOD10] gives every table, column and function a canonical name and keeps the source name', () => {
    const state = table('player_state');
    expect(state.sourceName).toBe('playerState');
    expect(state.row.fields.map((field) => field.name)).toEqual([
      'player_1_id',
      'one_u_8',
      'mood',
      'core',
      'list',
      'score',
    ]);
    expect(state.columnSourceNames).toEqual(['player1Id', 'oneU8', 'mood', 'core', 'list', 'score']);
    expect(table('Exactly_This').sourceName).toBe('renamed');
    expect(table('Exactly_This').isEvent).toBe(true);
    expect(def.reducers.map(({ name, sourceName }) => `${sourceName}: ${name}`)).toEqual([
      'bye: bye',
      'hello: hello',
      'init: init',
      'namedOtherwise: special_name',
      'onTick: on_tick',
      'setMood: set_mood',
      'authLib.openSession: authLib.open_session',
    ]);
    expect(def.reducers.find((reducer) => reducer.name === 'set_mood')?.params[0]?.name).toBe('new_mood');
    expect(def.procedures.map(({ name, id }) => [name, id])).toEqual([
      ['ask_it', 0],
      ['on_job', 1],
    ]);
  });

  test('[MOD11] names indexes, constraints, sequences and schedules after canonical names', () => {
    const state = table('player_state');
    expect(
      state.indexes.map(({ name, sourceName, accessor, isUnique }) => [name, sourceName, accessor, isUnique]),
    ).toEqual([
      ['player_state_player_1_id_idx_btree', 'playerState_player1Id_idx_btree', 'player1Id', true],
      ['player_state_one_u_8_idx_btree', 'playerState_oneU8_idx_btree', 'oneU8', true],
      ['custom_idx', 'playerState_player1Id_oneU8_idx_btree', 'byBoth', false],
    ]);
    expect(state.uniques.map(({ name }) => name)).toEqual(['player_state_player_1_id_key', 'player_state_one_u_8_key']);
    expect(state.sequences).toEqual([
      { name: 'player_state_player_1_id_seq', column: 0, start: 1n, min: 0n, max: (1n << 64n) - 1n, increment: 1n },
    ]);
    expect(state.primaryKey).toBe(0);
    expect(state.defaults).toEqual([{ column: 5, value: new Uint8Array([0xfb, 0xff]) }]);
    expect(table('tick').schedule).toEqual({ name: 'tick_sched', column: 1, function: { kind: 'reducer', id: 4 } });
    expect(table('job').schedule?.function).toEqual({ kind: 'procedure', id: 1 });
  });

  test('[MOD12] writes types in PascalCase, fields in snake_case and variants in camelCase, with references resolved', () => {
    expect(table('player_state').rowTypeName).toBe('PlayerState');
    const byName = new Map(def.types.filter((type) => type.namespace === '').map((type) => [type.name, type.type]));
    expect([...byName.keys()]).toEqual([...byName.keys()].sort());
    expect(byName.get('MoodKind')).toEqual({
      kind: 'sum',
      variants: [
        { name: 'veryHappy', type: { kind: 'product', fields: [] } },
        { name: 'sad', type: { kind: 'string' } },
      ],
    });
    const inner = byName.get('OuterInnerPart');
    expect(inner?.kind === 'product' && inner.fields.map((field) => field.name)).toEqual(['some_value', 'next']);
    // One type is one object.
    expect(table('player_state').row.fields[3]?.type).toBe(inner);
    expect(table('player_state').row).toBe(byName.get('PlayerState'));
  });

  test('[MOD13] lists what submodules hold with names prefixed, and numbers functions as the hooks do', () => {
    expect(def.submodules).toEqual(['authLib']);
    const session = table('authLib.session');
    expect(session.sourceName).toBe('authLib.session');
    expect(session.indexes.map(({ name, sourceName }) => [name, sourceName])).toEqual([
      ['authLib.session_id_idx_btree', 'authLib.session_id_idx_btree'],
      ['authLib.session_user_name_idx_btree', 'authLib.session_userName_idx_btree'],
    ]);
    expect(def.reducers.at(-1)?.id).toBe(def.reducers.length - 1);
    expect(def.views.map(({ name, isAnonymous, hookId }) => [name, isAnonymous, hookId])).toEqual([
      ['every_state', true, 0],
      ['my_state', false, 0],
      ['authLib.sessions', true, 1],
    ]);
  });

  test('[MOD14] lets nobody call lifecycle and scheduled functions from outside', () => {
    const callable = [...def.reducers, ...def.procedures].filter((fn) => fn.isCallable).map((fn) => fn.name);
    expect(callable).toEqual(['special_name', 'set_mood', 'authLib.open_session', 'ask_it']);
    expect(def.reducers.map((reducer) => reducer.lifecycle).filter((lifecycle) => lifecycle)).toEqual([
      'disconnect',
      'connect',
      'init',
    ]);
  });

  test('[MOD15] knows the rows and keys of views, and the routes of HTTP handlers', () => {
    const [every, mine] = def.views;
    expect(every?.row).toBe(table('player_state').row);
    expect(mine?.row).toBe(table('player_state').row);
    expect(mine?.rowTypeName).toBe('PlayerState');
    expect(mine?.primaryKey).toEqual([0]);
    expect(def.httpHandlers).toEqual(['handle']);
    expect(def.httpRoutes).toEqual([
      { handler: 0, method: 'GET', path: '/a' },
      { handler: 0, method: 'POST', path: '/a' },
      { handler: 0, method: 'ANY', path: '/b/c' },
    ]);
  });

  test('[MOD16] keeps source names when the module asks for it', async () => {
    const { def } = await moduleOf(`
      import { schema, t, table, CaseConversionPolicy } from 'spacetimedb/server';
      const playerState = table({}, { playerId: t.u64().primaryKey() });
      const spacetimedb = schema({ playerState }, { CASE_CONVERSION_POLICY: CaseConversionPolicy.None });
      export default spacetimedb;
      export const doIt = spacetimedb.reducer(() => {});
    `);
    expect(def.tables[0]?.name).toBe('playerState');
    expect(def.tables[0]?.indexes[0]?.name).toBe('playerState_playerId_idx_btree');
    expect(def.tables[0]?.row.fields[0]?.name).toBe('playerId');
    expect(def.reducers[0]?.name).toBe('doIt');
  });
});
