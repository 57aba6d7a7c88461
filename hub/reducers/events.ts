import { SenderError, t } from 'spacetimedb/server';
import { emitEvent } from '../events/emit.ts';
import { decide } from '../keeping/policy.ts';
import { limits } from '../lib/limits.ts';
import spacetimedb from '../schema.ts';
import { requireMember } from './access.ts';

/**
 * Says that something has happened. `payload` is JSON. An event with a dedupe key that another one had in the window before
 * it changes nothing; `dedupeMs` 0 means a day.
 */
export const emit = spacetimedb.reducer(
  { name: 'emit' },
  {
    tenantId: t.u64(),
    kind: t.string(),
    source: t.string(),
    subject: t.string(),
    payload: t.string(),
    dedupeKey: t.string(),
    dedupeMs: t.u32(),
  },
  (ctx, event) => {
    requireMember(ctx, event.tenantId, 'Operator');
    emitEvent(ctx, { ...event, origin: { tag: 'Member', value: ctx.sender } });
  },
);

/** Says how many events of a tenant are kept, of how many bytes, and for how many days; 0 for what every tenant keeps. */
export const setEventRetention = spacetimedb.reducer(
  { name: 'set_event_retention' },
  { tenantId: t.u64(), eventsMax: t.u32(), eventBytesMax: t.u64(), eventDays: t.u32() },
  (ctx, { tenantId, ...retention }) => {
    requireMember(ctx, tenantId, 'Owner');
    const most = { eventsMax: limits.eventsMax, eventBytesMax: limits.eventBytesMax, eventDays: limits.keepDaysMax };
    for (const what of ['eventsMax', 'eventBytesMax', 'eventDays'] as const) {
      if (retention[what] <= most[what]) continue;
      throw new SenderError(
        `invalid-retention: ${what} is ${retention[what]}, at most ${most[what]} are allowed; choose less`,
      );
    }
    decide(ctx, tenantId, retention);
  },
);
