import { beforeAll, describe, expect, test } from 'vitest';
import { inBareTurn } from '../host/node/bare-turn.ts';
import { resumeBare, runBare, TimeLimit, withTimeLimit } from './guard.ts';
import type { LoadedModule } from './instance.ts';
import { moduleOf, TestDatabase } from './support.fixture.ts';

let module: LoadedModule;
beforeAll(async () => {
  module = await moduleOf(`
import { schema, t, table } from 'spacetimedb/server';
const thing = table({}, { id: t.u64().primaryKey().autoInc() });
const s = schema({ thing });
export default s;
export const add = s.reducer(ctx => { ctx.db.thing.insert({ id: 0n }); });
export const spin = s.reducer(ctx => { ctx.db.thing.insert({ id: 0n }); for (;;) {} });
export const busy = s.reducer(ctx => { for (;;) { try { ctx.db.thing.count(); ctx.db.thing.insert({ id: 0n }); } catch (e) {} } });
export const busyOnce = s.reducer(ctx => { for (;;) ctx.db.thing.count(); });
export const busyView = s.anonymousView({ public: true }, t.array(thing.rowType), ctx => { for (;;) ctx.db.thing.count(); });
export const trap = s.reducer(ctx => { const e = new Error('x'); Object.defineProperty(e, 'stack', { get() { for (;;) {} } }); throw e; });
export const later = s.reducer(ctx => { Promise.resolve().then(() => { for (;;) {} }); });
`);
});

describe('a guard', () => {
  test('[MOD60] takes the thread out of code that never ends', () => {
    expect(() =>
      withTimeLimit(20, () => {
        for (;;);
      }),
    ).toThrow(TimeLimit);
    expect(withTimeLimit(1000, () => withTimeLimit(1000, () => 5))).toBe(5);
  });

  test('[MOD60] has its whole time, also after one that was ended', () => {
    const limitMs = 800;
    for (let round = 0; round < 2; round++) {
      expect(() =>
        withTimeLimit(20, () => {
          for (;;);
        }),
      ).toThrow(TimeLimit);
      // Longer than the watchdog takes to look up.
      const untilMs = performance.now() + limitMs / 3;
      const run = () => {
        while (performance.now() < untilMs);
        return round;
      };
      expect(withTimeLimit(limitMs, run)).toBe(round);
    }
  });

  test('[MOD60] takes the thread out of all of a bare turn, which is called again and gets the error then', async () => {
    for (let round = 0; round < 2; round++) {
      const events: string[] = [];
      await new Promise<void>((done) => {
        const run = () => {
          events.push('run');
          if (events.length === 1) {
            setImmediate(() => {
              // Whoever may come before the watchdog has told of it.
              resumeBare();
              events.push('another');
              done();
            });
          }
          try {
            withTimeLimit(
              20,
              () => {
                for (;;);
              },
              true,
            );
          } catch (error) {
            events.push(error instanceof TimeLimit ? 'late' : String(error));
          }
          events.push(withTimeLimit(1000, () => 'goes on', true));
        };
        inBareTurn(() => runBare(run));
      });
      expect(events).toEqual(['run', 'run', 'late', 'goes on', 'another']);
    }
  });

  test('[MOD60] of a bare turn that ends in time does nothing to it', async () => {
    const outcome = await new Promise((done) => {
      inBareTurn(() =>
        runBare(() => {
          const inner = () => withTimeLimit(1000, () => 5);
          const failing = () =>
            withTimeLimit(
              1000,
              () => {
                throw new Error('its own');
              },
              true,
            );
          expect(failing).toThrow('its own');
          done(withTimeLimit(1000, inner, true));
        }),
      );
    });
    expect(outcome).toBe(5);
  });

  test('[MOD61] ends a reducer or view that calls the system for too long, and says which and how long', () => {
    const db = new TestDatabase(module);
    const outcome = db.instance.guard(20, () => db.call('busyOnce'));
    const message = 'The reducer `busy_once` ran longer than 20 ms and was undone.';
    expect(outcome).toEqual({ kind: 'failed', message });
    expect(db.lines.at(-1)).toContain(message);
    expect(db.lines.at(-1)).toContain('module.ts:');
    db.instance.guard(1000, () => db.run('add'));
    expect(db.rows('thing')).toHaveLength(1);
    expect(() => db.instance.guard(20, () => db.view('busyView'))).toThrow(
      'The view `busy_view` ran longer than 20 ms and was ended.',
    );
  });

  test('[MOD62] takes the thread out of a reducer that does not end by itself, and the rows are as before', () => {
    const db = new TestDatabase(module);
    db.run('add');
    for (const name of ['spin', 'busy', 'trap']) {
      expect(() => db.instance.guard(20, () => db.call(name), 80)).toThrow(
        new TimeLimit(20, `The reducer \`${name}\` ran longer than 20 ms and was undone.`),
      );
      // Nothing in between has run on, so the transaction is still open.
      expect(db.store.isInTransaction).toBe(true);
      db.abandon();
    }
    expect(db.rows('thing')).toHaveLength(1);
    db.run('add');
    expect(db.rows('thing')).toHaveLength(2);
  });

  test('[MOD63] is told apart when it struck the host’s own work', () => {
    const db = new TestDatabase(module);
    expect(() =>
      db.instance.guard(
        10,
        () => {
          for (;;);
        },
        10,
      ),
    ).toThrow("The host's own work");
  });

  test('[MOD64] promises of a module never run between calls', async () => {
    const db = new TestDatabase(module);
    db.run('later');
    await new Promise((done) => setTimeout(done, 0));
    db.run('add');
    expect(db.rows('thing')).toHaveLength(1);
  });
});
