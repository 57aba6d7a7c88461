import { ScheduleAt } from 'spacetimedb';
import { SenderError, t } from 'spacetimedb/server';
import { dropOldEvents } from '../events/log.ts';
import { compactSome } from '../keeping/compaction.ts';
import { decide } from '../keeping/policy.ts';
import { limits } from '../lib/limits.ts';
import { after } from '../lib/time.ts';
import { isTimeZone } from '../lib/time-zone.ts';
import { forgetSomeRuns } from '../recipes/forgetting.ts';
import spacetimedb, { type Ctx } from '../schema.ts';
import { compactTable } from '../tables/clocks.ts';
import { requireMember } from './access.ts';

/** Says how much a tenant may have at most; 0 for what every tenant may have. */
export const setQuotas = spacetimedb.reducer(
  { name: 'set_quotas' },
  { tenantId: t.u64(), unfinishedTasksMax: t.u32(), rowsMax: t.u64(), bytesMax: t.u64() },
  (ctx, { tenantId, ...quotas }) => {
    requireMember(ctx, tenantId, 'Owner');
    for (const quota of ['unfinishedTasksMax', 'rowsMax', 'bytesMax'] as const) {
      if (quotas[quota] <= limits[quota]) continue;
      throw new SenderError(
        `invalid-quota: ${quota} is ${quotas[quota]}, at most ${limits[quota]} are allowed; choose less`,
      );
    }
    decide(ctx, tenantId, quotas);
  },
);

/** Says for how many days finished tasks are kept before only their daily totals are; 0 for 30. */
export const setRetention = spacetimedb.reducer(
  { name: 'set_retention' },
  { tenantId: t.u64(), keepDays: t.u32() },
  (ctx, { tenantId, keepDays }) => {
    requireMember(ctx, tenantId, 'Owner');
    if (keepDays > limits.keepDaysMax) {
      throw new SenderError(`invalid-days: ${keepDays} days, at most ${limits.keepDaysMax} are allowed; choose fewer`);
    }
    decide(ctx, tenantId, { keepDays });
  },
);

/** Says by which clocks a tenant goes, such as Europe/Berlin; nothing for UTC. Schedules that have a time zone keep it. */
export const setTimeZone = spacetimedb.reducer(
  { name: 'set_time_zone' },
  { tenantId: t.u64(), timeZone: t.string() },
  (ctx, { tenantId, timeZone }) => {
    requireMember(ctx, tenantId, 'Owner');
    const name = timeZone.trim();
    if (name !== '' && !isTimeZone(name)) {
      const shown = JSON.stringify(name.slice(0, limits.nameCharsMax));
      throw new SenderError(`invalid-time-zone: ${shown} is not a time zone; name one such as Europe/Berlin, or UTC`);
    }
    decide(ctx, tenantId, { timeZone: name });
  },
);

export const compact = spacetimedb.reducer({ onSchedule: compactTable }, { row: compactTable.rowType }, compactStep);

/** One step of the compaction and through old events, and soon the next one while there is more to do. */
export function compactStep(ctx: Ctx): void {
  const isMore = [compactSome(ctx), dropOldEvents(ctx), forgetSomeRuns(ctx)].includes(true);
  if (!isMore) return;
  const next = after(ctx.timestamp, limits.compactNextMs);
  ctx.db.compact.insert({ id: 0n, scheduledAt: ScheduleAt.time(next.microsSinceUnixEpoch) });
}
