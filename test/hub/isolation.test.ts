import fc from 'fast-check';
import type { Identity } from 'spacetimedb';
import { describe, expect, it } from 'vitest';
import { CallError, Rejection, type Replica, type TableRow, type UntypedRow } from '../../engine/testing/index.ts';
import { audited } from '../../hub/lib/audited.ts';
import { reasonOf } from '../../hub/lib/reason.ts';
import type { RoleTag } from '../../hub/schema.ts';
import {
  announce,
  inviteTo,
  joinLimb,
  joinMember,
  localTenant,
  type Mesh,
  type MeshClient,
  type MeshModule,
  newTenant,
  startMesh,
  summary,
  task,
  terms,
  told,
} from './mesh.ts';
import { step } from './step.ts';

// What anybody ever receives, compared after every step with what the private tables say that they may see.

const skills = ['reason', 'recall'] as const;

/** Every row of the private tables at one moment. */
type Rows = { readonly [K in (typeof hidden)[number]]: readonly TableRow<MeshModule, K>[] };

const hidden = [
  'tenant',
  'member',
  'limb',
  'memory',
  'task',
  'taskInput',
  'attempt',
  'progressPiece',
  'summary',
  'threadTurn',
  'feedback',
  'offer',
  'lease',
  'queueEntry',
  'lane',
  'band',
  'budget',
  'policy',
  'usage',
  'dayTotal',
] as const;

function allRows(mesh: Mesh): Rows {
  return Object.fromEntries(hidden.map((table) => [table, mesh.rows(table)])) as unknown as Rows;
}

/** Everything that goes to clients, and which rows of it somebody may have. */
const visible: Record<string, (rows: Rows, viewer: Identity) => readonly UntypedRow[]> = {
  tenants: (rows, viewer) => rows.tenant.filter(({ id }) => tenantsOf(rows, viewer).has(id)),
  members: (rows, viewer) => ofTenants(rows, viewer, rows.member),
  limbs: (rows, viewer) => ofTenants(rows, viewer, rows.limb),
  memories: (rows, viewer) => ofTenants(rows, viewer, rows.memory),
  tasks: (rows, viewer) => ofTenants(rows, viewer, rows.task),
  task_inputs: (rows, viewer) => ofTenants(rows, viewer, rows.taskInput),
  attempts: (rows, viewer) => ofTenants(rows, viewer, rows.attempt),
  progress: (rows, viewer) => ofTenants(rows, viewer, rows.progressPiece),
  summaries: (rows, viewer) => ofTenants(rows, viewer, rows.summary),
  thread_turns: (rows, viewer) => ofTenants(rows, viewer, rows.threadTurn),
  feedbacks: (rows, viewer) => ofTenants(rows, viewer, rows.feedback),
  budgets: (rows, viewer) => ofTenants(rows, viewer, rows.budget),
  policies: (rows, viewer) => ofTenants(rows, viewer, rows.policy),
  usages: (rows, viewer) => ofTenants(rows, viewer, rows.usage),
  day_totals: (rows, viewer) => ofTenants(rows, viewer, rows.dayTotal),
  queue: (rows, viewer) => ofTenants(rows, viewer, rows.queueEntry),
  wait_reasons: (rows, viewer) => ofTenants(rows, viewer, rows.band).map((band) => reasonFor(rows, band)),
  visible_history: (rows, viewer) =>
    rows.member
      .filter(({ identity, role }) => identity.isEqual(viewer) && role.tag === 'Owner')
      .flatMap(({ tenantId }) =>
        Object.entries(audited).map(([table, { tenant, columns }]) => {
          return { table, column: tenant, value: `${tenantId}`, columns: [...columns] };
        }),
      ),
  ping: () => [],
  stream: () => [],
  self: (rows, viewer) => rows.limb.filter(({ identity }) => identity.isEqual(viewer)),
  // An offer or a lease in a tenant that the limb does not serve would be one too many here.
  offers: (rows, viewer) =>
    rows.offer.filter(({ limb, tenantId, skill }) => {
      const served = limbsOf(rows, viewer).find((own) => own.tenantId === tenantId);
      return limb.isEqual(viewer) && served?.skills.includes(skill);
    }),
  leases: heldBy,
  lease_inputs: (rows, viewer) => {
    const held = heldBy(rows, viewer);
    return rows.taskInput.filter(({ taskId }) => held.some((lease) => lease.taskId === taskId));
  },
  lease_history: (rows, viewer) => heldBy(rows, viewer).flatMap((lease) => historyOf(rows, lease)),
};

function historyOf(rows: Rows, { taskId }: Rows['lease'][number]): UntypedRow[] {
  const turn = rows.threadTurn.find((one) => one.taskId === taskId);
  const earlier = rows.threadTurn.filter((one) => one.thread === turn?.thread && one.taskId < taskId);
  return earlier.flatMap(({ taskId: earlierTaskId }) => {
    const input = rows.taskInput.find((one) => one.taskId === earlierTaskId)?.input;
    const given = rows.summary.find((one) => one.taskId === earlierTaskId)?.body.text;
    const feedback = rows.feedback.find((one) => one.taskId === earlierTaskId);
    const answer = feedback?.verdict.tag === 'Corrected' ? feedback.text : given;
    return input === undefined || answer === undefined ? [] : [{ taskId, earlierTaskId, input, answer }];
  });
}

function heldBy(rows: Rows, viewer: Identity): Rows['lease'] {
  const homes = limbsOf(rows, viewer).map(({ tenantId }) => tenantId);
  return rows.lease.filter(({ limb, tenantId }) => limb.isEqual(viewer) && homes.includes(tenantId));
}

function reasonFor(rows: Rows, band: Rows['band'][number]): UntypedRow {
  const slots = [...rows.lease, ...rows.offer];
  const limbs = rows.limb
    .filter(({ tenantId }) => tenantId === band.tenantId)
    .map((limb) => ({ limb, taken: slots.filter((slot) => slot.limb.isEqual(limb.identity)).length }));
  return { key: `band/${band.id}`, tenantId: band.tenantId, ...reasonOf({ band, limbs }) };
}

function limbsOf(rows: Rows, viewer: Identity): Rows['limb'] {
  return rows.limb.filter(({ identity }) => identity.isEqual(viewer));
}

function tenantsOf(rows: Rows, viewer: Identity): ReadonlySet<bigint> {
  const own = rows.member.filter(({ identity }) => identity.isEqual(viewer));
  return new Set(own.map(({ tenantId }) => tenantId));
}

function ofTenants<Row extends { readonly tenantId: bigint }>(
  rows: Rows,
  viewer: Identity,
  all: readonly Row[],
): Row[] {
  const tenants = tenantsOf(rows, viewer);
  return all.filter(({ tenantId }) => tenants.has(tenantId));
}

/** What somebody may see, view by view, as texts of rows. */
type Sight = Readonly<Record<string, ReadonlySet<string>>>;

/** Somebody with a live copy of everything that can be subscribed to. */
class Watcher {
  readonly identity: Identity;
  readonly #mesh: Mesh;
  client: MeshClient;
  replica: Replica<MeshModule>;

  constructor(mesh: Mesh, client: MeshClient) {
    this.#mesh = mesh;
    this.identity = client.identity;
    this.client = client;
    this.replica = this.#watch();
  }

  leave(): void {
    this.client.disconnect();
  }

  comeBack(): void {
    this.client.disconnect();
    this.client = this.#mesh.connect(this.identity);
    this.replica = this.#watch();
  }

  /** The rows are those that the private tables allow, and every row of a delta was one of them. */
  check(rows: Rows, before: Sight | undefined): Sight {
    const sight: Sight = Object.fromEntries(
      Object.entries(visible).map(([view, rowsFor]) => [view, new Set(rowsFor(rows, this.identity).map(text))]),
    );
    if (!this.client.isConnected) return sight;
    for (const [view, allowed] of Object.entries(sight)) {
      const received = this.replica.rows(view as 'tasks').map(text);
      const isSame = received.length === allowed.size && received.every((row) => allowed.has(row));
      if (!isSame) expect([view, new Set(received)]).toEqual([view, allowed]);
    }
    const deltas = this.replica.deltas.splice(0);
    for (const { table, inserts, deletes } of before ? deltas : []) {
      // Rows of events are in no table: that they name their receiver, or a tenant of theirs, is what is known of them.
      if (table === 'ping') {
        for (const row of inserts) expect(row).toEqual({ limb: this.identity });
        continue;
      }
      if (table === 'stream') {
        const own = tenantsOf(rows, this.identity);
        for (const row of inserts) expect(own).toContain(row['tenantId']);
        continue;
      }
      // An offer may be made and taken back while a step waits: it names its receiver too.
      const isOwnOffer = (row: Readonly<Record<string, unknown>>) =>
        table === 'offers' && this.identity.isEqual(row['limb'] as Identity);
      for (const row of inserts) {
        if (!sight[table]?.has(text(row)) && !isOwnOffer(row)) expect.fail(`received of ${table}: ${text(row)}`);
      }
      for (const row of deletes) {
        if (!before?.[table]?.has(text(row)) && !isOwnOffer(row)) expect.fail(`lost of ${table}: ${text(row)}`);
      }
    }
    return sight;
  }

  #watch(): Replica<MeshModule> {
    return this.client.subscribe(...Object.keys(visible).map((view) => `SELECT * FROM ${view}`));
  }
}

function text(row: UntypedRow): string {
  return JSON.stringify(row, (_key, value) => (typeof value === 'bigint' ? `${value}n` : value));
}

/** A hub with three tenants: people of each, of two, and of none; limbs, one of which is also a member elsewhere. */
async function populate(): Promise<{ mesh: Mesh; people: Watcher[]; limbs: Watcher[]; tenants: bigint[] }> {
  const mesh = await startMesh({ callMsMax: Number.POSITIVE_INFINITY });
  const firstOwner = joinMember(mesh, 'first owner', { role: 'Owner' });
  const homes = [{ tenantId: localTenant, owner: firstOwner }, newTenant(mesh, 'north'), newTenant(mesh, 'south')];
  const watch = (identity: Identity) => new Watcher(mesh, mesh.connect(identity));
  const people = homes.map(({ owner }) => watch(owner));
  const limbs: Watcher[] = [];
  for (const [i, home] of homes.entries()) {
    const next = homes[(i + 1) % homes.length] ?? home;
    people.push(watch(joinMember(mesh, `operator ${i}`, home)));
    joinMember(mesh, `both ${i}`, { ...home, role: 'Viewer' });
    people.push(watch(joinMember(mesh, `both ${i}`, next)));
    limbs.push(new Watcher(mesh, joinLimb(mesh, `limb ${i}`, { ...home, capacity: 2, skills })));
    if (i === 0) joinMember(mesh, `limb ${i}`, { ...next, role: 'Viewer' });
  }
  limbs.push(new Watcher(mesh, joinLimb(mesh, 'second limb', { ...homes[0], skills: ['recall'] })));
  people.push(watch(mesh.identity('stranger')));
  return { mesh, people, limbs, tenants: homes.map(({ tenantId }) => tenantId) };
}

type World = Awaited<ReturnType<typeof populate>>;

// Numbers choose among what there is, modulo how many there are; much of what is tried is not allowed.
const number = fc.nat({ max: 1000 });
const attempt = fc.integer({ min: 1, max: 3 });
const pick = <T>(list: readonly T[], at: number): T => list[at % list.length] as T;
const pickTask = ({ mesh }: World, at: number) => BigInt((at % (mesh.rows('task').length + 1)) + 1);

const submitting = step<World, readonly [number, number, string, number | undefined, number]>(
  'submit',
  fc.tuple(number, number, fc.constantFrom(...skills), fc.option(number, { nil: undefined }), number),
  (world, [who, tenant, skill, target, key]) => {
    const tenantId = pick(world.tenants, tenant);
    const aim = target === undefined ? {} : { terms: terms({ target: pick(world.limbs, target).identity }) };
    const args = { tenantId, skill, title: `of ${tenantId}`, input: `"of ${tenantId}"`, reference: `r${key}`, ...aim };
    pick([...world.people, ...world.limbs], who).client.call('submitTask', task(args));
  },
);

const claiming = step<World, readonly [number, number]>('claim', fc.tuple(number, number), (world, [who, id]) => {
  pick(world.limbs, who).client.call('claimTask', { taskId: pickTask(world, id) });
});

const reporting = step<World, readonly [number, number, number, 'progress' | 'stream' | 'done' | 'retry' | 'failed']>(
  'report',
  fc.tuple(number, number, attempt, fc.constantFrom('progress', 'stream', 'done', 'retry', 'failed')),
  (world, [who, id, at, how]) => {
    const { client } = pick(world.limbs, who);
    const report = { taskId: pickTask(world, id), attempt: at };
    if (how === 'progress') client.call('reportProgress', { ...report, ...told(`${id}`) });
    else if (how === 'stream') client.call('streamProgress', { ...report, ...told(`${id}`) });
    else if (how === 'done') client.call('completeTask', { ...report, summary: summary({ text: `${id}` }) });
    else client.call('failTask', { ...report, error: `${id}`, isRetryable: how === 'retry' });
  },
);

const following = step<World, readonly [number, number, number]>(
  'follow up',
  fc.tuple(number, number, number),
  (world, [who, id, key]) => {
    const { title, input } = task();
    const args = { follows: pickTask(world, id), title, input, reference: `f${key}` };
    pick([...world.people, ...world.limbs], who).client.call('followUp', args);
  },
);

const judging = step<World, readonly [number, number, 'Good' | 'Corrected']>(
  'judge',
  fc.tuple(number, number, fc.constantFrom('Good', 'Corrected')),
  (world, [who, id, tag]) => {
    const args = { taskId: pickTask(world, id), verdict: { tag }, text: `${id}` };
    pick([...world.people, ...world.limbs], who).client.call('giveFeedback', args);
  },
);

const remembering = step<World, readonly [number, number, number]>(
  'remember',
  fc.tuple(number, number, number),
  (world, [who, tenant, documentCount]) => {
    const facts = { documentCount, chunkCount: 1, byteCount: 1n, changedAt: undefined, engine: 'words' };
    pick(world.limbs, who).client.call('reportMemory', { tenantId: pick(world.tenants, tenant), ...facts });
  },
);

const cancelling = step<World, readonly [number, number]>('cancel', fc.tuple(number, number), (world, [who, id]) => {
  pick(world.people, who).client.call('cancelTask', { taskId: pickTask(world, id) });
});

const announcing = step<World, readonly [number, string[]]>(
  'announce',
  fc.tuple(number, fc.subarray([...skills])),
  (world, [who, some]) => announce(pick(world.limbs, who).client, { skills: some, capacity: 2 }),
);

const inviting = step<World, readonly [number, number, RoleTag, number]>(
  'invite',
  fc.tuple(number, number, fc.constantFrom('Owner', 'Operator', 'Viewer'), number),
  (world, [who, owner, role, tenant]) => {
    const invite = { tenantId: pick(world.tenants, tenant), owner: pick(world.people, owner).identity, role };
    const code = inviteTo(world.mesh, invite);
    pick([...world.people, ...world.limbs], who).client.call('redeemInvite', { code, name: 'somebody' });
  },
);

const founding = step<World, number>('found', number, ({ mesh, people, tenants }, who) => {
  pick(people, who).client.call('createTenant', { name: 'one more' });
  tenants.splice(0, tenants.length, ...mesh.rows('tenant').map(({ id }) => id));
});

const leaving = step<World, number>('leave', number, (world, who) => {
  pick([...world.limbs, ...world.people], who).leave();
});

const comingBack = step<World, number>('come back', number, (world, who) => {
  pick([...world.limbs, ...world.people], who).comeBack();
});

const waiting = step<World, number>('wait', number, ({ mesh }, seconds) => mesh.advance(seconds * 100));

const history = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: submitting },
    { weight: 4, arbitrary: claiming },
    { weight: 4, arbitrary: reporting },
    remembering,
    following,
    judging,
    cancelling,
    announcing,
    inviting,
    founding,
    leaving,
    comingBack,
    waiting,
  ),
  { maxLength: 40, size: 'max' },
);

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
