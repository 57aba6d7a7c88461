import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { decodeValue, encodeValue, type Value } from '../../bsatn/value.ts';
import { Rejection } from '../../errors.ts';
import { nodeClock } from '../../host/node/clock.ts';
import type { Transaction } from '../../store/contract.ts';
import type { LoadedModule } from '../instance.ts';
import { alice, moduleOf, TestDatabase } from '../support.fixture.ts';
import { decodeResponse, encodeRequest, encodeResponse } from './http-wire.ts';
import { type PoolOptions, ProcedurePool } from './pool.ts';

const source = `
import { schema, t, table, SenderError, SyncResponse, Router } from 'spacetimedb/server';
const note = table({ public: true }, { id: t.u64().primaryKey().autoInc(), text: t.string().unique(), size: t.u32().index('btree') });
const s = schema({ note });
export default s;
export const add = s.procedure({ text: t.string() }, t.u64(), (ctx, { text }) =>
  ctx.withTx(tx => tx.db.note.insert({ id: 0n, text, size: text.length }).id));
export const list = s.procedure({}, t.array(t.string()), ctx => ctx.withTx(tx => [...tx.db.note.iter()].map(n => n.text)));
export const work = s.procedure({}, t.string(), ctx => ctx.withTx(tx => {
  const { note } = tx.db;
  for (let i = 0; i < 50; i++) note.insert({ id: 0n, text: String(i).padStart(3000, '0'), size: i });
  const big = note.insert({ id: 0n, text: 'x'.repeat(200000), size: 99 });
  let total = 0;
  for (const n of note.iter()) total += n.text.length;
  note.id.update({ ...big, text: 'small' });
  const deleted = note.size.delete(3);
  return [total, note.text.find('small').id, deleted, note.count(), note.id.find(4711n)].join();
}));
export const abort = s.procedure({}, t.string(), ctx => {
  try { ctx.withTx(tx => { tx.db.note.insert({ id: 0n, text: 'gone', size: 1 }); throw new Error('no'); }); } catch (e) { return e.message; }
  return '';
});
export const twice = s.procedure({}, t.string(), ctx => { let runs = 0; ctx.withTx(() => { runs++; }); return 'runs ' + runs; });
export const outside = s.procedure({}, t.string(), ctx => {
  let db;
  ctx.withTx(tx => { db = tx.db; db.note.count(); });
  try { return String(db.note.count()); } catch (e) { return e.name; }
});
export const collide = s.procedure({}, t.string(), ctx => ctx.withTx(tx => {
  tx.db.note.insert({ id: 0n, text: 'same', size: 1 });
  try { tx.db.note.insert({ id: 0n, text: 'same', size: 2 }); return ''; } catch (e) { return e.name; }
}));
export const who = s.procedure({}, t.string(), ctx => {
  console.log('asked');
  return [ctx.sender.toHexString().slice(-5), ctx.connectionId === null, ctx.timestamp.microsSinceUnixEpoch, ctx.databaseIdentity.toHexString().slice(-2)].join();
});
export const refuse = s.procedure({}, t.unit(), () => { throw new SenderError('not you'); });
export const crash = s.procedure({}, t.unit(), () => { null.x; });
export const spin = s.procedure({}, t.unit(), () => { console.log('spinning'); for (;;) {} });
const eatAll = () => { const eaten = []; for (;;) eaten.push(new Array(10000).fill(1).map(() => ({}))); };
export const eat = s.procedure({}, t.unit(), () => eatAll());
export const eatInTx = s.procedure({}, t.unit(), ctx => ctx.withTx(tx => { tx.db.note.insert({ id: 0n, text: 'held', size: 0 }); eatAll(); }));
export const hold = s.procedure({}, t.unit(), ctx => ctx.withTx(tx => { tx.db.note.insert({ id: 0n, text: 'held', size: 0 }); for (;;) {} }));
export const get = s.procedure({ url: t.string(), timeoutMs: t.u32() }, t.string(), (ctx, { url, timeoutMs }) => {
  try {
    const response = ctx.http.fetch(url, { method: 'POST', body: 'ping', headers: { 'x-a': 'b' }, timeout: { __time_duration_micros__: BigInt(timeoutMs) * 1000n } });
    return response.status + ' ' + response.headers.get('x-b') + ' ' + response.text();
  } catch (e) { return e.name + ': ' + e.message; }
});
export const getInTx = s.procedure({}, t.string(), ctx => ctx.withTx(() => { try { ctx.http.fetch('http://x'); return ''; } catch (e) { return e.name; } }));
export const page = s.httpHandler((ctx, request) => {
  const count = ctx.withTx(tx => { tx.db.note.insert({ id: 0n, text: request.text(), size: 0 }); return tx.db.note.count(); });
  return new SyncResponse(request.method + ' ' + request.uri + ' ' + request.headers.get('x-y') + ' ' + count, { status: 201, headers: { 'content-type': 'text/plain' } });
});
export const routes = s.httpRouter(new Router().any('/page', page));
`;

let module: LoadedModule;
let server: Server;
let origin: string;
const threadFile = fileURLToPath(new URL('../../../node_modules/.helix-test-modules/procedures.js', import.meta.url));

beforeAll(async () => {
  await build({
    entryPoints: [fileURLToPath(new URL('./thread.ts', import.meta.url))],
    ...{ outfile: threadFile, bundle: true, platform: 'node', format: 'esm', target: 'node20' },
  });
  module = await moduleOf(source);
  server = createServer((request, response) => {
    if (request.url?.startsWith('/slow')) return;
    if (request.url === '/away') return void response.writeHead(302, { location: '/there' }).end();
    let body = '';
    request.on('data', (chunk) => {
      body += String(chunk);
    });
    request.on('end', () => response.setHeader('x-b', 'c').end(`${request.method} ${request.headers['x-a']} ${body}`));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterAll(() => {
  server.closeAllConnections();
  server.close();
});

const pools: ProcedurePool[] = [];
afterEach(async () => {
  await Promise.all(pools.splice(0).map((pool) => pool.close()));
});

/** A database with procedures. */
class Procedures extends TestDatabase {
  readonly pool: ProcedurePool;
  commitFailures = 0;
  open = 0;

  constructor(options: PoolOptions = {}) {
    super(module);
    const host = {
      ...{ catalog: this.catalog, identity: 0xdbn, claims: () => '', scheduleImmediate: () => {} },
      reader: (table: Parameters<typeof this.store.table>[0]) => this.store.table(table),
      log: (record: (typeof this.logs)[number]) => void this.logs.push(record),
    };
    const transactions = {
      begin: () => {
        this.open += 1;
        return { tx: this.store.begin(), timestampMicros: 5n };
      },
      commit: (tx: Transaction) => {
        this.open -= 1;
        const fails = this.commitFailures-- > 0;
        if (fails) tx.rollback();
        else tx.commit();
        if (fails) throw new Rejection('view', 'a view objects');
      },
      abort: (tx: Transaction) => {
        this.open -= 1;
        tx.rollback();
      },
    };
    this.pool = new ProcedurePool(module, host, transactions, nodeClock, {
      threadEntry: pathToFileURL(threadFile),
      threadsMax: 2,
      ...options,
    });
    pools.push(this.pool);
  }

  async ask(name: string, ...args: Value[]): Promise<unknown> {
    const procedure = this.catalog.def.procedures.find((procedure) => procedure.sourceName === name);
    if (procedure === undefined) throw new Error(`no procedure ${name}`);
    const bytes = encodeValue({ kind: 'product', fields: procedure.params }, args);
    return decodeValue(procedure.returns, await this.pool.call(procedure.id, alice, 0n, this.timestampMicros, bytes));
  }
}

describe('a procedure', () => {
  test('[MOD70] reads and writes in transactions of its own', async () => {
    const db = new Procedures();
    expect(await db.ask('add', 'one')).toBe(1n);
    expect(await db.ask('add', 'two')).toBe(2n);
    expect(await db.ask('list')).toEqual(['one', 'two']);
    expect(db.rows('note')).toHaveLength(2);
    expect(await db.ask('work')).toBe('350006,53,3,50,');
    expect(await db.ask('collide')).toBe('UniqueAlreadyExists');
    expect(db.open).toBe(0);
  });

  test('[MOD71] that throws inside a transaction leaves nothing of it, and outside there are no rows', async () => {
    const db = new Procedures();
    expect(await db.ask('abort')).toBe('no');
    expect(db.rows('note')).toEqual([]);
    expect(await db.ask('outside')).toBe('NotInTransaction');
    expect(db.open).toBe(0);
  });

  test('[MOD72] runs its body once more when a commit fails', async () => {
    const db = new Procedures();
    db.commitFailures = 1;
    expect(await db.ask('twice')).toBe('runs 2');
    expect(db.lines).toEqual(['committing anonymous transaction failed']);
    db.commitFailures = 2;
    await expect(db.ask('twice')).rejects.toThrow('The instance encountered a fatal error.');
    expect(db.open).toBe(0);
  });

  test('[MOD73] knows its caller, and fails as a reducer does', async () => {
    const db = new Procedures();
    expect(await db.ask('who')).toBe(`a11ce,true,${db.timestampMicros},db`);
    expect(db.logs[0]).toMatchObject({ level: 'Info', message: 'asked', filename: 'module.ts' });
    await expect(db.ask('refuse')).rejects.toThrow('not you');
    await expect(db.ask('crash')).rejects.toThrow('The instance encountered a fatal error.');
    expect(db.lines.at(-1)).toMatch(/TypeError: .*\n.*module\.ts:/);
  });

  test('[MOD74] several run at once and the rest wait; too many are refused', async () => {
    const db = new Procedures({ threadsMax: 2, waitingMax: 4 });
    const answers = Array.from({ length: 6 }, (_, i) => db.ask('add', String(i)));
    await expect(db.ask('list')).rejects.toThrow('4 procedures wait already');
    expect((await Promise.all(answers)).sort()).toEqual([1n, 2n, 3n, 4n, 5n, 6n]);
  });

  test('[MOD74] those that wait for an answer keep no place', async () => {
    const answers: (() => void)[] = [];
    const send = () =>
      new Promise<[Uint8Array, Uint8Array]>((resolve) => {
        const response = encodeResponse({ headers: [], version: '1.1', status: 200 });
        answers.push(() => resolve([response, Buffer.from('late')]));
      });
    const db = new Procedures({ threadsMax: 1, outbound: { send, close: async () => {} } });
    const asked = Array.from({ length: 5 }, () => db.ask('get', 'http://slow.example/', 60_000));
    await expect.poll(() => answers.length, { timeout: 40_000 }).toBe(5);
    expect(await db.ask('add', 'meanwhile')).toBe(1n);
    for (const answer of answers) answer();
    expect(await Promise.all(asked)).toEqual(Array(5).fill('200 null late'));
    expect(await db.ask('add', 'after')).toBe(2n);
  });

  test('[MOD75] that runs for too long is ended, its transaction undone, and others run on', async () => {
    const db = new Procedures({ threadsMax: 1, callMsMax: 1500, transactionMsMax: 1500 });
    await db.ask('add', 'before');
    const spin = 'The procedure `spin` ran longer than 1500 ms and was ended.';
    const hold =
      'The procedure `hold` held a transaction open for longer than 1500 ms and was ended; the transaction was undone.';
    const ended = [
      expect(db.ask('spin')).rejects.toThrow(spin),
      expect(db.ask('hold')).rejects.toMatchObject({ code: 'time-limit', message: hold }),
    ];
    const after = db.ask('add', 'after');
    await Promise.all(ended);
    await after;
    expect(await db.ask('list')).toEqual(['before', 'after']);
    expect(db.lines).toEqual(['spinning', spin, hold]);
    expect(db.open).toBe(0);
  });

  test('[MOD75] that runs out of memory is ended, its transaction undone, without waiting for its time limit', async () => {
    const db = new Procedures({ threadsMax: 1, heapMegabytesMax: 64, transactionMsMax: 600_000 });
    for (const name of ['eat', 'eatInTx']) {
      await expect(db.ask(name)).rejects.toThrow(/`eat.*` needed more than 64 MB of memory and was ended/);
    }
    expect(await db.ask('list')).toEqual([]);
    expect(db.open).toBe(0);
  });

  test('[MOD80] keeps everything else waiting from the start of a transaction to its end, and only then', async () => {
    const db = new Procedures();
    const turns: boolean[] = [];
    const watch = setInterval(() => turns.push(db.store.isInTransaction), 0);
    await Promise.all(Array.from({ length: 8 }, (_, i) => db.ask('add', String(i))));
    clearInterval(watch);
    expect(new Set(turns)).toEqual(new Set([false]));
    expect(db.rows('note')).toHaveLength(8);
  });

  test('[MOD76] sends requests to public addresses only, unless more is allowed', async () => {
    const open = new Procedures({ egress: 'anywhere' });
    expect(await open.ask('get', `${origin}/x`, 5000)).toBe('200 c POST b ping');
    expect(await open.ask('get', `${origin}/away`, 5000)).toMatch(/^200 c GET/);
    expect(await open.ask('get', `${origin}/slow?key=secret`, 50)).toBe(
      `HttpError: POST ${origin}/slow: no answer within 50 ms`,
    );
    expect(await open.ask('getInTx')).toBe('WouldBlockTransaction');
    const careful = new Procedures();
    const port = new URL(origin).port;
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '0x7f.1', '10.0.0.1', '169.254.169.254']) {
      expect(await careful.ask('get', `http://${host}:${port}/x?key=secret`, 5000)).toMatch(
        /^HttpError: POST http:[^?]*: refusing to connect to private or special-purpose addresses$/,
      );
    }
    const closed = new Procedures({ egress: 'nowhere' });
    expect(await closed.ask('get', origin, 5000)).toContain('module outbound HTTP requests are disabled');
  });

  test('[MOD77] an HTTP handler answers a request', async () => {
    const db = new Procedures();
    const request = encodeRequest({
      ...{
        method: 'PUT',
        headers: [['x-y', 'z']],
        timeoutMicros: undefined,
        uri: '/page?q=1',
        version: '1.1' as const,
      },
    });
    const [response, body] = await db.pool.handle(0, db.timestampMicros, request, Buffer.from('hello'));
    expect(decodeResponse(response)).toMatchObject({ status: 201, headers: [['content-type', 'text/plain']] });
    expect(Buffer.from(body).toString()).toBe('PUT /page?q=1 z 1');
    expect(db.rows('note')).toEqual([[1n, 'hello', 0]]);
  });

  test('[MOD78] fails when its database closes, and no more are taken', async () => {
    const db = new Procedures();
    const running = expect(db.ask('spin')).rejects.toThrow('shutting down');
    while (db.lines.length === 0) await new Promise((done) => setTimeout(done, 5));
    await db.pool.close();
    await running;
    await expect(db.ask('list')).rejects.toThrow('shutting down');
  });
});
