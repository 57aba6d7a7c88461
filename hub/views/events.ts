import { t } from 'spacetimedb/server';
import spacetimedb from '../schema.ts';
import { eventRow, eventTotalRow } from '../tables/events.ts';
import { hookRow } from '../tables/hooks.ts';
import { scheduleRow } from '../tables/schedules.ts';
import { memberships } from './memberships.ts';

/** Many: ask for the newest ones, by `ORDER BY id DESC LIMIT n`, and for older ones by `id`. */
export const events = spacetimedb.view({ name: 'events', public: true }, t.array(eventRow), (ctx) =>
  memberships(ctx).rightSemijoin(ctx.from.event, (member, event) => member.tenantId.eq(event.tenantId)),
);

/** What became of the events that are not kept any more. */
export const eventTotals = spacetimedb.view({ name: 'event_totals', public: true }, t.array(eventTotalRow), (ctx) =>
  memberships(ctx).rightSemijoin(ctx.from.eventTotal, (member, total) => member.tenantId.eq(total.tenantId)),
);

/** Where events come in from outside. Their secrets are never shown. */
export const hooks = spacetimedb.view({ name: 'hooks', public: true }, t.array(hookRow), (ctx) =>
  memberships(ctx).rightSemijoin(ctx.from.hook, (member, hook) => member.tenantId.eq(hook.tenantId)),
);

export const schedules = spacetimedb.view({ name: 'schedules', public: true }, t.array(scheduleRow), (ctx) =>
  memberships(ctx).rightSemijoin(ctx.from.schedule, (member, schedule) => member.tenantId.eq(schedule.tenantId)),
);
