import { randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DbConnection } from '../../bindings/index.ts';
import type { Task } from '../../bindings/types.ts';
import { type Outpost, openOutpost, outpostLack } from '../../test/limb/outpost.ts';
import { atMost, type Bench, type Cell } from '../lib/cell.ts';
import { Child } from '../lib/child.ts';
import { connectToMesh, inviteLimb, subscribe, tenantId } from '../lib/mesh.ts';
import { median } from '../lib/stats.ts';
import type { HelixAsks } from '../processes/helix.ts';
import type { LimbAsks } from '../processes/limb.ts';

/** Five seconds of silence and the second of grace. */
const mostMs = 6_000;
const hubModule = fileURLToPath(new URL('../../hub/index.ts', import.meta.url));

/** How a limb is lost. */
interface Loss {
  readonly what: string;
  lose(limb: Child<LimbAsks>): void;
  /** What was done to the machine is undone. */
  mend(): void;
  /** Where the limb runs. */
  readonly wrap?: Outpost['command'];
}

/** How soon another limb works on the task of one that is lost. */
export const recovery: Cell = {
  name: 'recovery',
  title: 'From the loss of a limb to the claim of its task by another one',
  async run(bench) {
    const lack = outpostLack();
    const outpost = lack === undefined ? await openOutpost() : undefined;
    const hub = new Child<HelixAsks>('helix', bench.nodeOptions);
    let owner: DbConnection | undefined;
    try {
      const hosted = { module: hubModule, name: 'helix', data: join(bench.folder, 'hub') };
      const url = await hub.ask('start', { ...hosted, hostname: outpost?.address ?? '127.0.0.1' });
      owner = await connectToMesh(url, await hub.ask('operatorToken', null));
      await subscribe(owner, 'tasks');
      const mesh = { bench, url, owner };
      const found: { readonly what: string; readonly timesMs: number[] }[] = [];
      for (const loss of losses(outpost)) found.push({ what: loss.what, timesMs: await timesOf(loss, mesh) });
      const seconds = (ms: number) => (ms / 1000).toFixed(2);
      return {
        tables: [
          {
            columns: ['the limb', 'median, s', 'least', 'most'],
            rows: found.map(({ what, timesMs }) => [
              what,
              ...[median(timesMs), Math.min(...timesMs), Math.max(...timesMs)].map(seconds),
            ]),
          },
        ],
        bars: found.map(({ what, timesMs }) => atMost(what, Math.max(...timesMs) / 1000, mostMs / 1000, ' s')),
        rounds: `rounds ${bench.settings.rounds}, each with one loss of each kind`,
        notes: [
          'Two real limbs of one slot each, as processes; the time is from the loss until somebody who looks on sees the claim, durable.',
          lack === undefined
            ? 'Pulled cable: the limb is in a network namespace of its own whose one link is set down.'
            : `Pulled cable: skipped: ${lack}.`,
        ],
      };
    } finally {
      owner?.disconnect();
      await hub.stop();
      await outpost?.close();
    }
  },
};

function losses(outpost: Outpost | undefined): Loss[] {
  const mend = () => {};
  const all: Loss[] = [
    { what: 'is killed (SIGKILL)', lose: (limb) => limb.signal('SIGKILL'), mend },
    { what: 'is stopped (SIGSTOP)', lose: (limb) => limb.signal('SIGSTOP'), mend },
  ];
  if (!outpost) return all;
  const { pull, plugIn, command } = outpost;
  return [...all, { what: 'has its cable pulled', lose: pull, mend: plugIn, wrap: command }];
}

interface Mesh {
  readonly bench: Bench;
  readonly url: string;
  readonly owner: DbConnection;
}

async function timesOf(loss: Loss, mesh: Mesh): Promise<number[]> {
  const timesMs: number[] = [];
  for (let round = 0; round < mesh.bench.settings.rounds; round++) {
    const timeMs = await once(loss, mesh);
    mesh.bench.say(`${loss.what}: ${Math.round(timeMs)} ms`);
    timesMs.push(timeMs);
  }
  return timesMs;
}

async function once({ lose, mend, wrap }: Loss, mesh: Mesh): Promise<number> {
  const { owner } = mesh;
  const reference = randomUUID();
  const lost = await startLimb(mesh, wrap);
  let heir: Child<LimbAsks> | undefined;
  try {
    const task = { tenantId, skill: 'hold', title: 'hold', input: '{}', reference, terms: undefined };
    await owner.reducers.submitTask(task);
    const { id } = await seen(owner, (row) => row.reference === reference && row.state.tag === 'Running');
    heir = await startLimb(mesh);
    const claimed = seen(owner, (row) => row.id === id && row.attempt === 2);
    const startMs = performance.now();
    lose(lost);
    await claimed;
    const timeMs = performance.now() - startMs;
    await owner.reducers.cancelTask({ taskId: id });
    return timeMs;
  } finally {
    mend();
    lost.signal('SIGKILL');
    await heir?.stop();
  }
}

async function startLimb({ bench, url, owner }: Mesh, wrap?: Outpost['command']): Promise<Child<LimbAsks>> {
  const limb = new Child<LimbAsks>('limb', [], wrap);
  const folder = join(bench.folder, randomUUID());
  mkdirSync(folder);
  await limb.ask('start', { folder, url, pairCode: await inviteLimb(owner) });
  return limb;
}

/** Waits until a task is seen that is as it should be. */
function seen({ db }: DbConnection, isIt: (row: Task) => boolean): Promise<Task> {
  const found = [...db.tasks.iter()].find(isIt);
  if (found) return Promise.resolve(found);
  return new Promise((resolve) => {
    const look = (row: Task) => {
      if (!isIt(row)) return;
      db.tasks.removeOnInsert(onInsert);
      db.tasks.removeOnUpdate(onUpdate);
      resolve(row);
    };
    const onInsert = (_context: unknown, row: Task) => look(row);
    const onUpdate = (_context: unknown, _before: Task, row: Task) => look(row);
    db.tasks.onInsert(onInsert);
    db.tasks.onUpdate(onUpdate);
  });
}
