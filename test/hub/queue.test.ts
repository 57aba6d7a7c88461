import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CallError } from '../../engine/testing/index.ts';
import { limits } from '../../hub/lib/limits.ts';
import { isFinished, mayBecome, type TaskStateTag } from '../../hub/lib/states.ts';
import { announce, joinLimb, type Mesh, type MeshClient, startMesh, submit, summary } from './mesh.ts';
import { step } from './step.ts';

// Limbs that race, go away, come back and report on what they no longer hold, compared with the simplest model of a queue.

const limbCount = 3;
const capacity = 2;

interface ModelTask {
  state: TaskStateTag;
  attempt: number;
  /** The limb that has the lease. */
  holder: number | undefined;
}

interface World {
  readonly mesh: Mesh;
  readonly limbs: MeshClient[];
  readonly tasks: Map<bigint, ModelTask>;
}

type Report = 'progress' | 'done' | 'retry' | 'failed';

const limb = fc.nat({ max: limbCount - 1 });
const tasksMax = 4;
const taskId = fc.bigInt({ min: 1n, max: BigInt(tasksMax) });
/** How far the attempt of a report is behind the task's own; most are not. */
const behind = fc.constantFrom(0, 0, 0, 1, 2, -1);

const submitting = step<World, null>('submit', fc.constant(null), ({ mesh, tasks }) => {
  if (tasks.size < tasksMax) tasks.set(submit(mesh), { state: 'Queued', attempt: 0, holder: undefined });
});

const claiming = step<World, readonly [number, bigint]>('claim', fc.tuple(limb, taskId), (world, [who, id]) => {
  const task = world.tasks.get(id);
  const held = [...world.tasks.values()].filter(({ holder }) => holder === who).length;
  const isFull = task?.state === 'Queued' && held >= capacity;
  expect(outcome(() => clientOf(world, who).call('claimTask', { taskId: id }))).toBe(isFull ? 'no-free-slot' : 'ok');
  if (task?.state !== 'Queued' || isFull) return;
  Object.assign(task, { state: 'Claimed', attempt: task.attempt + 1, holder: who });
});

const reporting = step<World, readonly [number, bigint, number, Report]>(
  'report',
  fc.tuple(limb, taskId, behind, fc.constantFrom<Report>('progress', 'retry', 'retry', 'retry', 'done', 'failed')),
  (world, [who, id, late, how]) => {
    const task = world.tasks.get(id);
    const at = Math.max(0, (task?.attempt ?? 1) - late);
    const isHeld = task?.holder === who && task.attempt === at;
    const report = { taskId: id, attempt: at };
    const client = clientOf(world, who);
    const result = outcome(() => {
      if (how === 'progress') client.call('reportProgress', { ...report, line: 'on it' });
      else if (how === 'done') client.call('completeTask', { ...report, summary: summary({ text: `${who} ${at}` }) });
      else client.call('failTask', { ...report, error: 'no', isRetryable: how === 'retry' });
    });
    expect(result).toBe(isHeld ? 'ok' : 'stale-attempt');
    if (!task || !isHeld) return;
    if (how === 'progress') task.state = 'Running';
    else if (how === 'retry') giveBack(task);
    else Object.assign(task, { state: how === 'done' ? 'Done' : 'Failed', holder: undefined });
  },
);

const cancelling = step<World, bigint>('cancel', taskId, ({ mesh, tasks }, id) => {
  const task = tasks.get(id);
  expect(outcome(() => mesh.call(mesh.owner, 'cancelTask', { taskId: id }))).toBe(task ? 'ok' : 'no-such-task');
  if (task && !isFinished(task.state)) Object.assign(task, { state: 'Cancelled', holder: undefined });
});

const leaving = step<World, number>('leave and come back', limb, (world, who) => {
  clientOf(world, who).disconnect();
  for (const task of world.tasks.values()) if (task.holder === who) giveBack(task);
  comeBack(world, who);
});

const crashing = step<World, null>('crash', fc.constant(null), async (world) => {
  await world.mesh.settle();
  await world.mesh.crash();
  for (const task of world.tasks.values()) if (task.holder !== undefined) giveBack(task);
  for (let who = 0; who < limbCount; who++) comeBack(world, who);
});

const waiting = step<World, number>('wait', fc.nat({ max: 100 }), ({ mesh }, seconds) => mesh.advance(seconds * 1000));

const history = fc.array(
  fc.oneof(
    { weight: 2, arbitrary: submitting },
    { weight: 8, arbitrary: claiming },
    { weight: 8, arbitrary: reporting },
    { weight: 1, arbitrary: cancelling },
    { weight: 2, arbitrary: leaving },
    { weight: 1, arbitrary: crashing },
    { weight: 1, arbitrary: waiting },
  ),
  { maxLength: 80, size: 'max' },
);

function giveBack(task: ModelTask): void {
  task.state = task.attempt >= limits.attemptsMax ? 'Dead' : 'Queued';
  task.holder = undefined;
}

function clientOf({ limbs }: World, who: number): MeshClient {
  const client = limbs[who];
  if (!client) throw new Error(`there is no limb ${who}`);
  return client;
}

function comeBack(world: World, who: number): void {
  const client = world.mesh.connect(clientOf(world, who).identity);
  announce(client, { capacity });
  world.limbs[who] = client;
}

function outcome(act: () => void): string {
  try {
    act();
    return 'ok';
  } catch (error) {
    if (error instanceof CallError && error.kind === 'rejected') return error.message.split(':', 1)[0] ?? '';
    throw error;
  }
}

/** What the tables say, in the model's terms. */
function tasksIn({ mesh, limbs }: World): Map<bigint, ModelTask> {
  const leases = new Map(mesh.rows('lease').map((lease) => [lease.taskId, lease]));
  const tasks = mesh.rows('task').map(({ id, state, attempt }): [bigint, ModelTask] => {
    const lease = leases.get(id);
    const holder = lease && limbs.findIndex(({ identity }) => identity.isEqual(lease.limb));
    return [id, { state: state.tag, attempt, holder }];
  });
  return new Map(tasks.sort(([a], [b]) => Number(a - b)));
}

/** What must hold of the tables whatever happened. */
function checkTables({ mesh }: World): void {
  const [offers, leases, summaries] = [mesh.rows('offer'), mesh.rows('lease'), mesh.rows('summary')];
  for (const { id, state, attempt, limb: latest, claimedAt, finishedAt } of mesh.rows('task')) {
    const about = <Row extends { readonly taskId: bigint }>(rows: readonly Row[]) =>
      rows.filter((row) => row.taskId === id);
    expect(about(offers)).toHaveLength(state.tag === 'Queued' ? 1 : 0);
    expect(about(leases)).toHaveLength(['Claimed', 'Running'].includes(state.tag) ? 1 : 0);
    expect(about(summaries)).toHaveLength(state.tag === 'Done' ? 1 : 0);
    for (const lease of about(leases)) expect(lease).toMatchObject({ attempt, limb: latest, claimedAt });
    for (const row of about(summaries)) expect(row).toMatchObject({ attempt, limb: latest });
    expect(finishedAt !== undefined).toBe(isFinished(state.tag));
  }
  expect(mesh.rows('taskInput')).toHaveLength(mesh.rows('task').length);
}

describe('the queue', () => {
  it('is what the model says after any history, and nothing that has finished moves again', {
    timeout: 300_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(history, async (steps) => {
        const mesh = await startMesh({ callMsMax: Number.POSITIVE_INFINITY });
        const limbs = Array.from({ length: limbCount }, (_, i) => joinLimb(mesh, `limb ${i}`, { capacity }));
        const world: World = { mesh, limbs, tasks: new Map() };
        let finished = new Map<bigint, unknown>();
        let before = tasksIn(world);
        for (const one of steps) {
          await one.act(world);
          const now = tasksIn(world);
          expect(now).toEqual(world.tasks);
          checkTables(world);
          for (const [id, task] of before) expect(now.get(id)?.attempt).toBeGreaterThanOrEqual(task.attempt);
          const rows = new Map(mesh.rows('task').map((row) => [row.id, row]));
          for (const [id, row] of finished) expect(rows.get(id)).toEqual(row);
          finished = new Map([...rows].filter(([, { state }]) => isFinished(state.tag)));
          before = now;
        }
      }),
      { numRuns: 30 },
    );
  });
});

describe('the states of a task', () => {
  it('are left only for states that are further on, or for the queue', () => {
    const states: TaskStateTag[] = ['Queued', 'Claimed', 'Running', 'Done', 'Failed', 'Dead', 'Cancelled'];
    const moves = states.flatMap((from) => states.filter((to) => mayBecome(from, to)).map((to) => `${from} ${to}`));
    expect(moves).toEqual([
      'Queued Claimed',
      'Queued Cancelled',
      'Claimed Queued',
      'Claimed Running',
      'Claimed Done',
      'Claimed Failed',
      'Claimed Dead',
      'Claimed Cancelled',
      'Running Queued',
      'Running Done',
      'Running Failed',
      'Running Dead',
      'Running Cancelled',
    ]);
  });
});
