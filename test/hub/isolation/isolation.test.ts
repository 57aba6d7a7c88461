import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CallError, Rejection } from '../../../engine/testing/index.ts';
import { summary, task, told } from '../mesh.ts';
import { furnish } from './furnish.ts';
import { populate } from './people.ts';
import { allRows, visible } from './sights.ts';
import { history } from './steps.ts';
import type { Sight } from './watcher.ts';

// What anybody ever receives, compared after every step with what the private tables say that they may see.

describe('tenants', () => {
  it('are told apart in everything that can be subscribed to', async () => {
    const { mesh } = await populate();
    const { tables, views } = mesh.database.def;
    const open = [...tables, ...views].filter(({ isPublic }) => isPublic);
    expect(open.map(({ name }) => name).sort()).toEqual(Object.keys(visible).sort());
  });

  it('never see each other, whatever anybody does', { timeout: 300_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(history, async (steps) => {
        const world = await populate();
        const everybody = [...world.people, ...world.limbs];
        const look = (before: readonly Sight[]) => {
          const rows = allRows(world.mesh);
          return everybody.map((watcher, i) => watcher.check(rows, before[i]));
        };
        let seen = look([]);
        for (const one of steps) {
          tolerate(() => one.act(world));
          seen = look(seen);
        }
      }),
      { numRuns: 12 },
    );
  });

  it('see all that is theirs and nothing else, in everything that there is to see', async () => {
    const { mesh, people, limbs, tenants } = await populate();
    const everybody = [...people, ...limbs];
    const homes = tenants.map((tenantId, i) => {
      const [owner, limb] = [people[i], limbs[i]];
      if (!owner || !limb) throw new Error(`tenant ${tenantId} has no owner or no limb`);
      return { tenantId, owner: owner.identity, limb: limb.client };
    });
    furnish(mesh, homes);
    const rows = allRows(mesh);
    const sights = everybody.map((watcher) => watcher.check(rows, undefined));
    // What nobody sees would show nothing.
    const passing = ['ping', 'stream'];
    const seen = (sight: Sight) => Object.keys(sight).filter((view) => (sight[view]?.size ?? 0) > 0);
    for (const [i, { tenantId }] of homes.entries()) {
      const views = [...seen(sights[i] ?? {}), ...seen(sights[people.length + i] ?? {}), ...passing];
      expect([...new Set(views)].sort(), `tenant ${tenantId}`).toEqual(Object.keys(visible).sort());
    }
    expect(seen(sights[people.length - 1] ?? {}), 'a stranger').toEqual([]);
  });

  it('cannot be reached by asking in another way', async () => {
    const { mesh, people, limbs } = await populate();
    const operator = people.find(({ identity }) => identity.isEqual(mesh.identity('operator 0')));
    operator?.client.call('submitTask', task({ input: '"secret"' }));
    limbs[0]?.client.call('claimTask', { taskId: 1n });

    const hiddenTables = mesh.database.def.tables.filter(({ isPublic }) => !isPublic);
    const tables = [...hiddenTables.map(({ name }) => name), 'st_client', 'st_program', 'st_name'];
    const questions = tables.flatMap((table) => [
      `SELECT * FROM ${table}`,
      `SELECT * FROM "${table}"`,
      `SELECT * FROM ${table} WHERE 1 = 1`,
      `SELECT ${table}.* FROM ${table} JOIN tasks ON ${table}.id = tasks.id`,
      `SELECT tasks.* FROM tasks JOIN ${table} ON tasks.id = ${table}.id`,
      `SELECT ${table}.* FROM offers JOIN ${table} ON offers.task_id = ${table}.task_id`,
    ]);
    const statements = [
      ...questions,
      ...tables.map((table) => `SELECT COUNT(*) AS n FROM ${table}`),
      ...tables.map((table) => `DELETE FROM ${table}`),
      "UPDATE member SET name = 'x'",
      "INSERT INTO tenant (id, name) VALUES (5, 'x')",
      'SET row_limit = 1',
    ];
    for (const { client, identity } of [...people.slice(-3), ...limbs.slice(0, 1)]) {
      for (const question of questions) {
        expect(() => client.subscribe(question), question).toThrow(Rejection);
        expect(() => client.query(question), question).toThrow(Rejection);
      }
      const caller = { identity: identity.__identity__, claims: '' };
      for (const statement of statements) {
        await expect(mesh.database.sql(caller, statement, false), statement).rejects.toThrow(Rejection);
      }
    }
  });

  it('are not told apart from what does not exist', async () => {
    const { mesh, people, limbs } = await populate();
    const [northOwner] = people.filter(({ identity }) => identity.isEqual(mesh.identity('owner of north')));
    mesh.call(mesh.owner, 'submitTask', task());
    const report = { attempt: 7 };
    const answers = (taskId: bigint) =>
      [
        answer(() => northOwner?.client.call('cancelTask', { taskId })),
        ...limbs
          .slice(1, 3)
          .flatMap(({ client }) => [
            answer(() => client.call('claimTask', { taskId })),
            answer(() => client.call('reportProgress', { ...report, taskId, ...told('') })),
            answer(() => client.call('streamProgress', { ...report, taskId, ...told('') })),
            answer(() => client.call('completeTask', { ...report, taskId, summary: summary() })),
            answer(() => client.call('failTask', { ...report, taskId, error: '', isRetryable: true })),
          ]),
      ].map((text) => text.replaceAll(`task ${taskId}`, 'task N'));
    expect(answers(1n)).toEqual(answers(99n));
  });
});

/** Runs what may be refused; a reducer that breaks is a failure of the test. */
function tolerate(act: () => unknown): void {
  try {
    act();
  } catch (error) {
    if (error instanceof CallError && error.kind === 'rejected') return;
    if (error instanceof Rejection && error.code === 'disconnected') return;
    throw error;
  }
}

function answer(act: () => unknown): string {
  try {
    act();
    return 'ok';
  } catch (error) {
    return String(error);
  }
}
