import fc from 'fast-check';
import type { Identity } from 'spacetimedb';
import { describe, expect, it } from 'vitest';
import { CallError } from '../../../engine/testing/index.ts';
import { audited } from '../../../hub/lib/audited.ts';
import {
  announce,
  handleOf,
  inviteTo,
  joinLimb,
  joinMember,
  localTenant,
  type Mesh,
  type MeshClient,
  newTenant,
  sha256,
  startMesh,
  summary,
  task,
} from '../mesh.ts';
import { step } from '../step.ts';

interface Entry {
  readonly offset: number;
  readonly action: string;
  readonly caller: string;
  readonly changes: readonly { readonly table: string; readonly before: Row | null; readonly after: Row | null }[];
}
type Row = Readonly<Record<string, unknown>>;

async function historyOf(mesh: Mesh, viewer: Identity): Promise<Entry[]> {
  const entries: Entry[] = [];
  let page = await mesh.history(viewer, { limit: 100 });
  for (;;) {
    entries.push(...page.commits.map((text) => JSON.parse(text) as Entry));
    if (page.next === undefined) return entries;
    page = await mesh.history(viewer, { limit: 100, before: page.next });
  }
}

/** Tables whose changes no owner is told, and why. */
const untold: Readonly<Record<string, string>> = {
  worker: 'what a limb does for all tenants',
  station: 'where a limb waits for work',
  ping: 'never stored',
  progress_piece: 'never stored',
  stream: 'what a limb says while it works',
  task_input: 'inputs are not part of it',
  child: 'the task names its parent',
  dead_letter: 'the task is dead itself',
  dedupe: 'the task has its key',
  lease: 'the task is claimed itself',
  attempt: 'the task counts it',
  progress_line: 'what a limb says while it works',
  summary: 'results are not part of it',
  queue_entry: 'how a task waits',
  lane: 'how tasks wait',
  band: 'how tasks wait',
  concurrency: 'how tasks wait',
  precedence: 'whose turn it is',
  offer: 'what a limb is busy with',
  hook_key: 'secrets are never told',
  delivery: 'what a hook has seen',
  event: 'says itself where it comes from',
  event_log: 'counts',
  event_key: 'the event has its key',
  event_total: 'what is left of events that were kept long enough',
  usage: 'counts',
  day_total: 'what is left of tasks that were kept long enough',
  spending: 'sums of what summaries cost',
  compaction: 'how far that has come',
  compact: 'when something is due',
  memory: 'what a limb remembers',
  tunnel: 'what a limb says of its machine',
  reservation: 'what is being spent',
  feedback: 'what people say of answers',
  thread_turn: 'the task belongs to its thread',
  notification: 'says itself where it comes from',
  notification_log: 'counts',
  reading: 'what somebody has read',
  rule_version: 'the rule counts it, and it never changes',
  rule_program: 'what a version says',
  rule_activation: 'the rule says which version is active',
  rule_count: 'counts',
  ruleset: 'counts',
  ruleset_changes: 'the rules say it',
  rule_memory: 'what a rule remembers',
  rule_token: 'what a rule remembers',
  rule_timer: 'when something is due',
  rule_forget: 'when something is due',
  firing: 'says itself what it did',
  firing_log: 'counts',
  recipe_version: 'the recipe counts them',
  run_data: 'inputs and results are not part of it',
  frame: 'how a run goes',
  step: 'how a run goes',
  step_output: 'results are not part of it',
  step_task: 'how a run goes',
  step_items: 'inputs are not part of it',
  given_input: 'inputs are not part of it',
  event_wait: 'how a run goes',
  move: 'how a run goes',
  advance: 'when something is due',
  step_clock: 'when something is due',
  alarm: 'when something is due',
  timer: 'when something is due',
  grace: 'when something is due',
  pulse: 'when something is due',
  sweep: 'when something is due',
};

describe('who did what', () => {
  it('is decided for every table of the hub, and never tells a code, a hash or a key', async () => {
    const mesh = await startMesh();
    const { tables } = mesh.database.def;
    for (const { name, row } of tables) {
      const told = audited[name];
      expect({ name, isDecided: (told !== undefined) !== (untold[name] !== undefined) }).toEqual({
        name,
        isDecided: true,
      });
      const columns = row.fields.map((field) => field.name);
      if (told) expect(columns).toEqual(expect.arrayContaining([told.tenant, ...told.columns]));
      for (const column of told?.columns ?? []) expect(column).not.toMatch(/code|hash|token|handle|key|input|body/);
    }
  });

  it('is for owners only', async () => {
    const mesh = await startMesh();
    const others = [
      joinMember(mesh, 'an operator'),
      joinMember(mesh, 'a viewer', { role: 'Viewer' }),
      joinLimb(mesh, 'a limb').identity,
      mesh.identity('a stranger'),
    ];
    for (const other of others) await expect(mesh.history(other)).rejects.toMatchObject({ code: 'history-hidden' });
    mesh.call(mesh.owner, 'setRole', {
      tenantId: localTenant,
      identity: others[0] as Identity,
      role: { tag: 'Owner' },
    });
    expect((await historyOf(mesh, others[0] as Identity)).length).toBeGreaterThan(3);
  });

  it('is there after the hub has stopped and started', async () => {
    const mesh = await startMesh();
    mesh.call(mesh.owner, 'submitTask', task());
    await mesh.settle();
    const before = await historyOf(mesh, mesh.owner);
    await mesh.crash();
    expect(await historyOf(mesh, mesh.owner)).toEqual(before);
  });

  it('never crosses from one tenant to another, whatever happens', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(steps, { minLength: 10, maxLength: 60 }), async (history) => {
        const world = await newWorld();
        for (const one of history) {
          try {
            await one.act(world);
          } catch (error) {
            if (!(error instanceof CallError)) throw error;
          }
        }
        for (const side of world.sides) await checkSide(world, side);
      }),
      { numRuns: 30 },
    );
  });
});

interface Side {
  readonly tenantId: bigint;
  readonly mark: string;
  readonly owner: Identity;
  readonly operator: Identity;
  /** The first is this tenant's own, the second serves both. */
  readonly limbs: readonly MeshClient[];
  submitted: number;
}

interface World {
  readonly mesh: Mesh;
  readonly sides: readonly [Side, Side];
  readonly secrets: string[];
}

async function newWorld(): Promise<World> {
  const mesh = await startMesh();
  const tenants = [newTenant(mesh, 'alpha house'), newTenant(mesh, 'omega house')] as const;
  const shared = joinLimb(mesh, 'shared limb', { ...tenants[0], capacity: 2 });
  const secrets: string[] = [];
  enrol(mesh, shared.identity, tenants[1], secrets);
  const side = (i: 0 | 1, mark: string): Side => {
    const { tenantId, owner } = tenants[i];
    const operator = joinMember(mesh, `operator of ${mark}`, { tenantId, owner });
    const own = joinLimb(mesh, `limb of ${mark}`, { tenantId, owner });
    return { tenantId, mark, owner, operator, limbs: [own, shared], submitted: 0 };
  };
  return { mesh, sides: [side(0, 'alpha'), side(1, 'omega')], secrets };
}

function enrol(mesh: Mesh, limb: Identity, tenant: Pick<Side, 'tenantId' | 'owner'>, secrets: string[]): void {
  const code = inviteTo(mesh, { ...tenant, kind: 'Limb' });
  secrets.push(code, handleOf(code), sha256(code));
  mesh.call(limb, 'redeemInvite', { code, name: 'shared limb' });
}

const which = fc.constantFrom<0 | 1>(0, 1);
const either = fc.tuple(which, which);

const steps = fc.oneof(
  {
    weight: 5,
    arbitrary: step<World, [0 | 1, 0 | 1]>('submit', either, ({ mesh, sides }, [i, by]) => {
      const side = sides[i];
      side.submitted += 1;
      const { tenantId, mark } = side;
      const input = JSON.stringify({ secret: `input of ${mark}` });
      const title = `${mark} task ${side.submitted}`;
      mesh.call(
        by === 0 ? side.owner : side.operator,
        'submitTask',
        task({ tenantId, title, input, reference: title }),
      );
    }),
  },
  {
    weight: 6,
    arbitrary: step<World, [0 | 1, 0 | 1]>('claim', either, ({ mesh, sides }, [i, j]) => {
      const limb = sides[i].limbs[j];
      const offer = mesh.rows('offer').find((row) => limb && row.limb.isEqual(limb.identity));
      if (offer) limb?.call('claimTask', { taskId: offer.taskId });
    }),
  },
  {
    weight: 4,
    arbitrary: step<World, [0 | 1, 0 | 1]>('end', either, ({ mesh, sides }, [i, j]) => {
      const limb = sides[i].limbs[j];
      const lease = mesh.rows('lease').find((row) => limb && row.limb.isEqual(limb.identity));
      if (!lease) return;
      const { taskId, attempt } = lease;
      if (j === 0) limb?.call('completeTask', { taskId, attempt, summary: summary({ text: 'a secret result' }) });
      else limb?.call('failTask', { taskId, attempt, error: 'it broke', isRetryable: i === 0 });
    }),
  },
  step<World, [0 | 1, 0 | 1]>('cancel', either, ({ mesh, sides }, [i]) => {
    const row = mesh.rows('task').find(({ tenantId }) => tenantId === sides[i].tenantId);
    if (row) mesh.call(sides[i].operator, 'cancelTask', { taskId: row.id });
  }),
  step<World, [0 | 1, 0 | 1]>('label', either, ({ mesh, sides }, [i, j]) => {
    const { tenantId, owner, limbs, mark } = sides[i];
    const limb = limbs[1]?.identity;
    if (limb) mesh.call(owner, 'setLimb', { tenantId, limb, labels: [mark], allowedSkills: [], capacityMax: j });
  }),
  {
    weight: 2,
    arbitrary: step<World, [0 | 1, 0 | 1]>('revoke and enrol', either, ({ mesh, sides, secrets }, [i, j]) => {
      const { tenantId, owner, limbs } = sides[i];
      const limb = limbs[1]?.identity;
      if (!limb) return;
      if (j === 0) mesh.call(owner, 'revokeLimb', { tenantId, limb });
      else enrol(mesh, limb, sides[i], secrets);
    }),
  },
  step<World, [0 | 1, 0 | 1]>('budget', either, ({ mesh, sides }, [i, j]) => {
    const { tenantId, owner } = sides[i];
    const [scope, unit, period] = [{ tag: 'Tenant' }, { tag: 'Tokens' }, { tag: 'Day' }] as const;
    mesh.call(owner, 'setBudget', { tenantId, scope, subject: '', unit, period, bound: j === 0 ? 5n : undefined });
  }),
  step<World, [0 | 1, 0 | 1]>('announce', either, ({ sides }, [i, j]) => {
    const limb = sides[i].limbs[j];
    if (limb) announce(limb, { capacity: 1 + j, session: `run ${i}` });
  }),
  step<World, [0 | 1, 0 | 1]>('role', either, ({ mesh, sides }, [i, j]) => {
    const { tenantId, owner, operator } = sides[i];
    const role = j === 0 ? ({ tag: 'Viewer' } as const) : ({ tag: 'Operator' } as const);
    mesh.call(owner, 'setRole', { tenantId, identity: operator, role });
  }),
  step<World, number>('wait', fc.integer({ min: 1, max: 9 }), ({ mesh }, seconds) => mesh.advance(seconds * 1000)),
);

/** What an owner reads is of the own tenant, by people and limbs of it, and complete. */
async function checkSide(
  { mesh, sides, secrets }: World,
  { tenantId, mark, owner, operator, limbs, submitted }: Side,
): Promise<void> {
  const other = sides.find((side) => side.tenantId !== tenantId);
  const entries = await historyOf(mesh, owner);
  const people = [mesh.owner, owner, operator, ...limbs.map(({ identity }) => identity)].map((who) =>
    who.toHexString(),
  );
  people.push(mesh.database.identity.toString(16).padStart(64, '0'));
  for (const { action, caller, changes } of entries) {
    expect({ action, isOwn: people.includes(caller) }).toEqual({ action, isOwn: true });
    for (const { table, before, after } of changes) {
      const column = audited[table]?.tenant ?? '';
      for (const row of [before, after])
        if (row) expect({ table, tenant: row[column] }).toEqual({ table, tenant: `${tenantId}` });
    }
  }
  const text = JSON.stringify(entries);
  for (const secret of [...secrets, other?.mark ?? '', `input of ${mark}`, 'a secret result'])
    expect(text).not.toContain(secret);
  const news = entries.filter(({ action }) => action === 'submit_task');
  expect(news.length).toBe(mesh.rows('task').filter((row) => row.tenantId === tenantId).length);
  expect(news.length).toBeLessThanOrEqual(submitted);
}
