import type { Identity } from 'spacetimedb';
import { joinLimb, joinMember, localTenant, type Mesh, newTenant, startMesh } from '../mesh.ts';
import { Watcher } from './watcher.ts';

export const skills = ['reason', 'recall'] as const;

/** A hub with three tenants: people of each, of two, and of none; limbs, one of which is also a member elsewhere. */
export async function populate(): Promise<{ mesh: Mesh; people: Watcher[]; limbs: Watcher[]; tenants: bigint[] }> {
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

export type World = Awaited<ReturnType<typeof populate>>;
