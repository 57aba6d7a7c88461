import { limits } from '../../../../hub/lib/limits.ts';
import { hold } from '../hold.ts';
import { isSame } from '../same.ts';
import type { World } from '../world.ts';
import type { Row, Tables } from './tables.ts';

/** No slot is leaked or taken twice, and no task waits that a limb with a free slot could have. */
export function checkLimbs(tables: Tables): void {
  const slots = [...tables.rows('offer'), ...tables.rows('lease')];
  for (const worker of tables.rows('worker')) {
    const taken = slots.filter(({ limb }) => isSame(limb, worker.identity));
    const leases = tables.rows('lease').filter(({ limb }) => isSame(limb, worker.identity)).length;
    const about = `the worker with ${taken.length} of ${worker.capacity} slots taken`;
    hold(taken.length <= Math.max(worker.capacity, leases), about);
    const stations = tables.rows('station').filter(({ limb }) => isSame(limb, worker.identity));
    const room = taken.length >= worker.capacity ? 0 : taken.length === 0 ? 2 : 1;
    hold(
      stations.every((station) => station.room === room),
      `${about}: its stations say otherwise`,
    );
    const serves = tables.rows('limb').filter(({ identity }) => isSame(identity, worker.identity));
    const skillCount = worker.isLive ? serves.reduce((sum, { skills }) => sum + skills.length, 0) : 0;
    hold(stations.length === skillCount, `${about}: ${stations.length} stations for ${skillCount} skills`);
    if (!worker.isLive || taken.length >= worker.capacity) continue;
    for (const band of tables.rows('band')) {
      const limb = serves.find(({ tenantId }) => tenantId === band.tenantId);
      const isReady = tables.rows('lane').some(({ bandId, place }) => bandId === band.id && place !== 0n);
      const inTenant = taken.filter(({ tenantId }) => tenantId === band.tenantId).length;
      hold(!isReady || !limb || !mayServe(limb, band, inTenant), `${about} could serve band ${band.id}`);
    }
  }
}

function mayServe(limb: Row<'limb'>, band: Row<'band'>, taken: number): boolean {
  if (!limb.skills.includes(band.skill) || (band.target && !isSame(band.target, limb.identity))) return false;
  const hasRoom = limb.capacityMax === 0 || taken < limb.capacityMax;
  return hasRoom && band.labels.every((label) => limb.labels.includes(label));
}

/** A limb is silent for at most so long before its tasks are others', by the steady time. */
const silentMsMax = limits.pulseMs * (limits.unansweredMax + 2) + limits.graceMs;

/** Nobody holds a task who has not been heard of for five seconds and the grace. */
export function checkSilence(tables: Tables, { actors, steadyMs }: World): void {
  for (const { identity, heardMs } of actors) {
    if (steadyMs - heardMs <= silentMsMax) continue;
    const held = tables.rows('lease').filter(({ limb }) => isSame(limb, identity));
    hold(held.length === 0, () => `a limb that is silent since ${steadyMs - heardMs} ms holds ${held[0]?.taskId}`);
  }
}
