import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LocalDatabases } from '../../engine/databases.ts';
import { inBareTurn } from '../../engine/host/node/bare-turn.ts';
import { nodeClock } from '../../engine/host/node/clock.ts';
import { nodeDisk } from '../../engine/host/node/disk.ts';
import { nodeRandom } from '../../engine/host/node/random.ts';
import { runBare } from '../../engine/module/guard.ts';
import type { Client, ServerMessage } from '../../engine/serve/contract.ts';
import { until } from '../conformance/support/client.ts';
import { bundleOf } from '../conformance/support/host.ts';

const source = `
const grain = table({ name: 'grain', public: true }, { id: t.u64().primaryKey().autoInc(), kind: t.u32().index('btree') });
const visit = table({ name: 'visit', public: true }, { id: t.u64().primaryKey().autoInc(), text: t.string() });
const spacetimedb = schema({ grain, visit });
export default spacetimedb;
export const fill = spacetimedb.reducer({ count: t.u32() }, (ctx, { count }) => {
  for (let i = 0; i < count; i++) ctx.db.grain.insert({ id: 0n, kind: i });
});
export const empty = spacetimedb.reducer((ctx) => {
  ctx.db.visit.insert({ id: 0n, text: 'half' });
  ctx.db.grain.clear();
});
export const call = spacetimedb.reducer((ctx) => {
  ctx.db.visit.insert({ id: 0n, text: 'called' });
});
export const onDisconnect = spacetimedb.clientDisconnected((ctx) => {
  ctx.db.visit.insert({ id: 0n, text: 'gone' });
});`;

let folder: string;
const opened: LocalDatabases[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'helix-cut-'));
});
afterEach(async () => {
  for (const databases of opened.splice(0)) await databases.close();
  rmSync(folder, { recursive: true });
});

async function open(limits: { readonly callMsMax: number; readonly graceMs?: number }): Promise<LocalDatabases> {
  const databases = await LocalDatabases.open({
    ...{ disk: nodeDisk, clock: nodeClock, random: nodeRandom, directory: folder, ...limits },
    warn: () => {},
    fail: (error) => {
      throw error;
    },
  });
  opened.push(databases);
  return databases;
}

class Watcher implements Client {
  readonly identity = 7n;
  readonly connectionId = 9n;
  readonly claims = '';
  readonly messages: ServerMessage[] = [];
  closed: string | undefined;

  deliver(message: ServerMessage): void {
    this.messages.push(message);
  }

  close(code: number, reason: string): void {
    this.closed = `${code} ${reason}`;
  }
}

const owner = { identity: 1n, claims: '' };
const rowCount = 200_000;

describe('a host that is cut off in the middle of its own work', () => {
  it.each(['in a turn of its own', 'in the middle of other work'])(
    '[MOD63] %s opens the database again from its log: nothing is half done, and later calls work',
    async (where) => {
      const first = await open({ callMsMax: Number.POSITIVE_INFINITY });
      const bundle = await bundleOf(source);
      const request = { name: 'grains', owner: 1n, bundle, clear: false, breakClients: false, token: undefined };
      const { database: filled } = await first.publish(request);
      await filled.callHttp(owner, 'fill', `[${rowCount}]`);
      await first.close();
      opened.pop();

      const databases = await open({ callMsMax: 40, graceMs: 40 });
      const find = () => databases.find('grains') as NonNullable<ReturnType<typeof databases.find>>;
      const before = find();
      const watcher = new Watcher();
      before.connect(watcher);
      const message = { kind: 'call-reducer', requestId: 1, name: 'empty', args: new Uint8Array() } as const;
      const call = () => {
        const received = [{ client: watcher, message }].values();
        if (where === 'in the middle of other work') before.handle(received);
        else inBareTurn(() => runBare(() => before.handle(received)));
      };
      call();
      await until('the clients are told', () => {
        // On a busy machine the time may be up before the host's own work begins.
        for (const answer of watcher.messages.splice(0)) {
          expect(answer).toMatchObject({ outcome: { kind: 'failed' } });
          call();
        }
        return watcher.closed !== undefined;
      });
      expect(watcher.closed).toMatch(/^1012 .*opened again/);
      await expect(before.callHttp(owner, 'call', '[]')).rejects.toMatchObject({ code: 'closed' });

      await until('the database is there again', () => find() !== before);
      const database = find();
      const logged = database.logs(undefined).map(({ level, message }) => `${level} ${message}`);
      expect(logged).toContainEqual(expect.stringMatching(/^Error The host's own work took more than 80 ms/));
      expect(logged).toContain('Info The database was opened again from its log.');
      await until('a call works', () =>
        find()
          .callHttp(owner, 'call', '[]')
          .then(
            () => true,
            () => false,
          ),
      );

      await databases.close();
      opened.pop();
      const patient = (await open({ callMsMax: Number.POSITIVE_INFINITY })).find('grains');
      const rows = async (sql: string) => JSON.parse((await patient?.sql(owner, sql, true))?.[0]?.rows ?? '');
      expect(await rows('SELECT COUNT(*) AS n FROM grain')).toEqual([[rowCount]]);
      const visits = ((await rows('SELECT text FROM visit')) as [string][]).map(([text]) => text);
      expect(visits).not.toContain('half');
      expect(visits).toContain('called');
      // Who filled the table, and who was connected when the host was cut off.
      expect(visits.filter((text) => text === 'gone').length).toBeGreaterThanOrEqual(2);
    },
  );
});
