import { transform } from 'esbuild';
import type { Identity } from 'spacetimedb';
import { CallError, createTestHub, type Mark, Rejection } from '../../../engine/testing/index.ts';
import { bundleOf } from '../../../engine/testing/modules.ts';
import { Figures } from '../../support/figures.ts';
import {
  announce,
  inviteTo,
  joinLimb,
  localTenant,
  type Mesh,
  type MeshClient,
  type MeshModule,
  newTenant,
} from '../mesh.ts';

import { isSame } from './same.ts';

/** A limb of a history. */
export interface Actor {
  readonly identity: Identity;
  /** The connection that it works on, which may have ended. */
  client: MeshClient;
  /** Connections that it has given up and that the hub still believes in. */
  readonly cut: MeshClient[];
  capacity: number;
  /** Which run of its process. */
  run: number;
  /** Connected, but it neither claims nor answers. */
  isStalled: boolean;
  /** When the hub last heard of it, by the steady time of the world. */
  heardMs: number;
}

export interface Home {
  readonly tenantId: bigint;
  readonly owner: Identity;
  client: MeshClient;
}

export interface World {
  readonly mesh: Mesh;
  readonly mark: Mark<MeshModule>;
  readonly tenants: readonly Home[];
  readonly actors: readonly Actor[];
  /** Tasks whose completion was accepted, each with the attempt. */
  readonly completions: Map<bigint, number>;
  /** Completions of a task that already had one. */
  readonly twice: bigint[];
  /** What of all histories has happened. */
  readonly figures: Figures;
  /** How much time has passed, whatever the clock on the wall shows. */
  steadyMs: number;
}

const capacity = 2;
const entry = new URL('../../../hub/index.ts', import.meta.url);

/** Two tenants; a limb of each, and one of both with a label. Made once, and gone back to for each history. */
export async function makeWorld(): Promise<World> {
  const full = await bundleOf(entry);
  // Short, because every start of the hub reads it; with its names, so that what breaks can be found.
  const short = { minifyWhitespace: true, minifySyntax: true };
  const { code: bundle } = await transform(full.replace(/\n\/\/# sourceMappingURL=.*/, ''), short);
  const mesh = await createTestHub<MeshModule>(
    { bundle },
    { callMsMax: Number.POSITIVE_INFINITY, keepsInstance: true },
  );
  const homes = [{ tenantId: localTenant, owner: mesh.owner }, newTenant(mesh, 'other')];
  const [home, other] = homes;
  const clients = [
    joinLimb(mesh, 'ours', { ...home, capacity, session: 'run 1' }),
    joinLimb(mesh, 'theirs', { ...other, capacity, session: 'run 1' }),
    joinLimb(mesh, 'shared', { ...home, capacity, session: 'run 1' }),
  ];
  const shared = mesh.identity('shared');
  mesh.call(shared, 'redeemInvite', { code: inviteTo(mesh, { ...other, kind: 'Limb' }), name: 'shared' });
  for (const { tenantId, owner } of homes) {
    mesh.call(owner, 'setLimb', { tenantId, limb: shared, labels: ['gpu'], allowedSkills: [], capacityMax: 0 });
    const scope = { scope: { tag: 'Tenant' as const }, subject: '', unit: { tag: 'Tokens' as const } };
    mesh.call(owner, 'setBudget', { tenantId, ...scope, period: { tag: 'Day' }, bound: 1000n });
  }
  const tenants = homes.map((one) => ({ ...one, client: mesh.connect(one.owner) }));
  const mark = await mesh.snapshot();
  return newHistory({ mesh, mark, tenants, figures: new Figures() }, clients);
}

/** The world as it was made, for another history. */
export async function goBack(world: World): Promise<World> {
  const { mesh, mark } = world;
  await mesh.rewind(mark);
  const connected = mark.clients.map(({ client }) => client);
  const clientOf = (identity: Identity) => {
    const client = connected.find((one) => isSame(one.identity, identity));
    if (!client) throw new Error(`${identity.toHexString()} was not connected`);
    return client;
  };
  const tenants = world.tenants.map((home) => ({ ...home, client: clientOf(home.owner) }));
  const next = newHistory(
    { ...world, tenants },
    world.actors.map(({ identity }) => clientOf(identity)),
  );
  // The instance of the module remembers what it counted in the history before.
  pass(next, 1000);
  return next;
}

function newHistory(
  { mesh, mark, tenants, figures }: Pick<World, 'mesh' | 'mark' | 'tenants' | 'figures'>,
  clients: readonly MeshClient[],
): World {
  const actors = clients.map((client) => ({
    ...{ identity: client.identity, client, capacity },
    ...{ cut: [], run: 1, isStalled: false, heardMs: 0 },
  }));
  return { mesh, mark, tenants, actors, figures, completions: new Map(), twice: [], steadyMs: 0 };
}

/** Connects a limb anew. */
export function comeBack(world: World, actor: Actor, slots = actor.capacity): void {
  actor.client.disconnect();
  connectAgain(world, actor, slots);
}

/** A limb connects anew, and the hub learns only much later, or never, that the earlier connection is gone. */
export function cutCable(world: World, actor: Actor): void {
  if (actor.client.isConnected) actor.cut.push(actor.client);
  connectAgain(world, actor, actor.capacity);
}

function connectAgain(world: World, actor: Actor, slots: number): void {
  actor.client = world.mesh.connect(actor.identity);
  actor.capacity = slots;
  actor.isStalled = false;
  tell(world, actor, () => announce(actor.client, { capacity: slots, session: `run ${actor.run}` }));
}

/** A limb calls the hub, which hears it whatever it answers; false when it refused. */
export function tell(world: World, actor: Actor, call: () => unknown): boolean {
  if (actor.client.isConnected) actor.heardMs = world.steadyMs;
  return tolerate(call);
}

/** Lets time pass, in which limbs that work answer their pings. */
export function pass(world: World, ms: number): void {
  world.mesh.advance(ms);
  world.steadyMs += ms;
  for (const actor of world.actors) if (!actor.isStalled) tell(world, actor, () => actor.client.call('pong'));
}

/** Runs what may be refused; false when it was. A reducer that breaks is a failure of the test. */
export function tolerate(act: () => unknown): boolean {
  try {
    act();
    return true;
  } catch (error) {
    if (error instanceof CallError && error.kind === 'rejected') return false;
    if (error instanceof Rejection && error.code === 'disconnected') return false;
    throw error;
  }
}
