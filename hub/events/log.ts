import { policyOf } from '../keeping/policy.ts';
import { limits } from '../lib/limits.ts';
import { utf8Bytes } from '../lib/text.ts';
import { dayMicros, dayOf } from '../lib/time.ts';
import type { Ctx, EventLogRow, EventRow, PolicyRow } from '../schema.ts';

// The events of a tenant are numbered without gaps, so the oldest is found by its place, and their number is a subtraction.
// The oldest go, and become daily totals, when there are too many, they have too many bytes, or they are too old. A
// transaction drops a bounded number of them: one that brings an event drops more than it brings.

type Kept = Omit<EventRow, 'id' | 'place' | 'at'> & { readonly bytes: number };

/** Adds an event, and drops what there is no more room for. */
export function keepEvent(ctx: Ctx, { bytes, ...event }: Kept): EventRow {
  const { tenantId } = event;
  const log = ctx.db.eventLog.tenantId.find(tenantId) ?? newLog(ctx, tenantId);
  const row = ctx.db.event.insert({ ...event, id: 0n, place: log.tail, at: ctx.timestamp });
  const grown = { ...log, tail: log.tail + 1n, bytes: log.bytes + BigInt(bytes) };
  ctx.db.eventLog.tenantId.update(dropOldest(ctx, grown, row.place, limits.eventsDroppedMax));
  return row;
}

/** Takes one bounded step through the events that are too many or too old. @returns whether there may be more to do at once */
export function dropOldEvents(ctx: Ctx): boolean {
  let left: number = limits.eventsDroppedAtOnceMax;
  for (const log of [...ctx.db.eventLog.iter()]) {
    const after = dropOldest(ctx, log, log.tail, left);
    left -= Number(after.head - log.head);
    if (after !== log) ctx.db.eventLog.tenantId.update(after);
    if (left === 0) return true;
  }
  return false;
}

export function eventBytes({
  kind,
  source,
  subject,
  payload,
}: Pick<EventRow, 'kind' | 'source' | 'subject' | 'payload'>) {
  return utf8Bytes(kind) + utf8Bytes(source) + utf8Bytes(subject) + utf8Bytes(payload);
}

function newLog(ctx: Ctx, tenantId: bigint): EventLogRow {
  return ctx.db.eventLog.insert({ tenantId, head: 1n, tail: 1n, bytes: 0n, totals: 0 });
}

/** Drops at most so many events, all with places below `end`. @returns the same log when nothing was dropped */
function dropOldest(ctx: Ctx, log: EventLogRow, end: bigint, most: number): EventLogRow {
  const policy = policyOf(ctx, log.tenantId);
  const cutoff = ctx.timestamp.microsSinceUnixEpoch - BigInt(eventDaysOf(policy)) * dayMicros;
  let left = log;
  for (let dropped = 0; dropped < most && left.head < end; dropped++) {
    const [oldest] = ctx.db.event.byPlace.filter([left.tenantId, left.head]);
    const isOver =
      left.tail - left.head > BigInt(eventsMaxOf(policy)) ||
      left.bytes > eventBytesMaxOf(policy) ||
      (oldest && oldest.at.microsSinceUnixEpoch < cutoff);
    if (!isOver) break;
    left = { ...left, head: left.head + 1n };
    if (oldest) left = drop(ctx, left, oldest);
  }
  return left;
}

function drop(ctx: Ctx, log: EventLogRow, event: EventRow): EventLogRow {
  const bytes = BigInt(eventBytes(event));
  ctx.db.event.id.delete(event.id);
  if (event.dedupeKey !== '') forgetKey(ctx, event);
  const isNew = addToDay(ctx, log, event, bytes);
  return { ...log, bytes: log.bytes - bytes, totals: log.totals + (isNew ? 1 : 0) };
}

/** A later event may have taken the key over. */
function forgetKey(ctx: Ctx, { id, tenantId, dedupeKey }: EventRow): void {
  const key = `${tenantId}/${dedupeKey}`;
  if (ctx.db.eventKey.key.find(key)?.eventId === id) ctx.db.eventKey.key.delete(key);
}

/** @returns whether it is the first of its kind on that day */
function addToDay(ctx: Ctx, { tenantId, totals }: EventLogRow, event: EventRow, bytes: bigint): boolean {
  const day = dayOf(event.at);
  const keyOf = (kind: string) => `${tenantId}/${day}/${kind}`;
  const own = ctx.db.eventTotal.key.find(keyOf(event.kind));
  const kind = own || totals < limits.eventTotalsMax ? event.kind : '';
  const known = own ?? ctx.db.eventTotal.key.find(keyOf(kind));
  if (known) {
    ctx.db.eventTotal.key.update({ ...known, events: known.events + 1n, bytes: known.bytes + bytes });
    return false;
  }
  ctx.db.eventTotal.insert({ key: keyOf(kind), tenantId, day, kind, events: 1n, bytes });
  return true;
}

function eventsMaxOf({ eventsMax }: PolicyRow): number {
  return eventsMax === 0 ? limits.eventsDefault : eventsMax;
}

function eventBytesMaxOf({ eventBytesMax }: PolicyRow): bigint {
  return eventBytesMax === 0n ? limits.eventBytesDefault : eventBytesMax;
}

function eventDaysOf({ eventDays }: PolicyRow): number {
  return eventDays === 0 ? limits.eventDaysDefault : eventDays;
}
