import { hold } from '../hold.ts';
import type { World } from '../world.ts';
import { byTask, type Row, type Tables } from './tables.ts';

/** Whoever looks at a queued task sees why it is not running: a person of its tenant, with what the views show. */
export function checkReasons(tables: Tables, { mesh, tenants }: World): void {
  const offers = byTask(tables.rows('offer'));
  for (const { tenantId, owner } of tenants) {
    const lanes = tables.rows('lane').filter((lane) => lane.tenantId === tenantId);
    // Asking runs the view's function: where nothing stands in a lane there is nothing to ask.
    const seen = lanes.length === 0 ? [] : mesh.seenBy(owner, 'waitReasons');
    const reasons = new Map(seen.filter((reason) => reason.tenantId === tenantId).map((row) => [row.key, row.text]));
    hold(reasons.size <= 2 * lanes.length, `tenant ${tenantId} sees ${reasons.size} reasons for ${lanes.length} lanes`);
    const reasonOf = ({ laneId, bandId }: Row<'queueEntry'>) =>
      reasons.get(`lane/${laneId}`) ?? reasons.get(`band/${bandId}`);
    for (const entry of tables.rows('queueEntry')) {
      if (entry.tenantId !== tenantId) continue;
      const reason = entry.shortage || entry.waitsUntil?.toISOString() || reasonOf(entry);
      hold(Boolean(reason) || offers.has(entry.taskId), `there is no reason why task ${entry.taskId} waits`);
    }
  }
}
