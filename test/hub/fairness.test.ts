import { expect, it } from 'vitest';
import { SeededRandom } from '../../engine/testing/random.ts';
import {
  inviteTo,
  joinLimb,
  localTenant,
  type Mesh,
  type MeshClient,
  newTenant,
  startMesh,
  summary,
  task,
  terms,
} from './mesh.ts';

// Who waits how long for a limb, by the virtual clock. Five groups share a limb whose slots are busy for seven tenths of the
// time. The first group brings a fifth of the load, one task at a time as everybody does, or nine tenths of it, in bursts.

const groupCount = 5;
const slots = 4;
const workMs = 1000;
const loadMs = 50_000;
const taskCount = 140;

interface Arrival {
  readonly atMs: number;
  readonly group: number;
}

/** Submits a task of a group under a reference. */
type Submit = (group: number, reference: string) => void;

function arrivals(shareOfFirst: number, burst: number): Arrival[] {
  const random = new SeededRandom(7);
  const anyMs = () => Math.floor((Buffer.from(random.bytes(4)).readUInt32LE() / 2 ** 32) * loadMs);
  const ofFirst = Math.round(taskCount * shareOfFirst);
  let burstMs = 0;
  return Array.from({ length: taskCount }, (_, i) => {
    if (i >= ofFirst) return { atMs: anyMs(), group: 1 + (i % (groupCount - 1)) };
    if (i % burst === 0) burstMs = anyMs();
    return { atMs: burstMs, group: 0 };
  }).sort((a, b) => a.atMs - b.atMs);
}

/** Runs a load to its end. @returns the wait of which 95 % of the tasks of all groups but the first waited no more */
function p95OfOthersMs(mesh: Mesh, limb: MeshClient, load: readonly Arrival[], submit: Submit): number {
  const startMicros = mesh.now.microsSinceUnixEpoch;
  const nowMs = () => Number((mesh.now.microsSinceUnixEpoch - startMicros) / 1000n);
  const working: { readonly taskId: bigint; readonly untilMs: number }[] = [];
  for (let next = 0; next < load.length || working.length > 0; ) {
    for (let one = load[next]; one && one.atMs <= nowMs(); one = load[++next])
      submit(one.group, `${one.group} ${next}`);
    for (let one = working[0]; one && one.untilMs <= nowMs(); one = working[0]) {
      working.shift();
      limb.call('completeTask', { taskId: one.taskId, attempt: 1, summary: summary() });
    }
    for (const { taskId } of mesh.rows('offer')) {
      limb.call('claimTask', { taskId });
      working.push({ taskId, untilMs: nowMs() + workMs });
    }
    limb.call('pong');
    const soonestMs = Math.min(load[next]?.atMs ?? loadMs * 2, working[0]?.untilMs ?? loadMs * 2, nowMs() + 1000);
    mesh.advance(soonestMs - nowMs());
  }
  const startedAt = new Map(mesh.rows('attempt').map((attempt) => [attempt.taskId, attempt.startedAt]));
  const waits = mesh.rows('task').flatMap(({ id, reference, submittedAt }) => {
    const started = startedAt.get(id);
    if (!started) throw new Error(`task ${id} was never claimed`);
    const waitMs = Number(started.microsSinceUnixEpoch - submittedAt.microsSinceUnixEpoch) / 1000;
    return reference.startsWith('0 ') ? [] : [waitMs];
  });
  return waits.sort((a, b) => a - b)[Math.floor(waits.length * 0.95)] ?? 0;
}

/** A limb that serves five tenants. */
async function withTenants(load: readonly Arrival[]): Promise<number> {
  const mesh = await startMesh();
  const limb = joinLimb(mesh, 'limb', { capacity: slots });
  const homes = [{ tenantId: localTenant, owner: mesh.owner }];
  while (homes.length < groupCount) {
    const home = newTenant(mesh, `tenant ${homes.length}`);
    homes.push(home);
    limb.call('redeemInvite', { code: inviteTo(mesh, { ...home, kind: 'Limb' }), name: 'limb' });
  }
  const clients = homes.map(({ tenantId, owner }) => ({ tenantId, client: mesh.connect(owner) }));
  return p95OfOthersMs(mesh, limb, load, (group, reference) => {
    const home = clients[group];
    home?.client.call('submitTask', task({ tenantId: home.tenantId, reference }));
  });
}

/** A limb of one tenant with five concurrency keys. */
async function withKeys(load: readonly Arrival[]): Promise<number> {
  const mesh = await startMesh();
  const limb = joinLimb(mesh, 'limb', { capacity: slots });
  const owner = mesh.connect(mesh.owner);
  return p95OfOthersMs(mesh, limb, load, (group, reference) => {
    const key = terms({ concurrencyKey: `key ${group}`, concurrencyMax: slots });
    owner.call('submitTask', task({ reference, terms: key }));
  });
}

it.each([
  ['tenant', withTenants],
  ['concurrency key', withKeys],
])('a %s with nine tenths of the load does not double the p95 of the others’ waits', async (_, p95OfOthers) => {
  const even = await p95OfOthers(arrivals(1 / groupCount, 1));
  const heavy = await p95OfOthers(arrivals(0.9, 42));
  expect(heavy).toBeLessThanOrEqual(2 * even);
});
