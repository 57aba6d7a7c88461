import { t } from 'spacetimedb/server';

/** What made an event: a member by hand, a hook, a schedule or a rule, with its number; or a task, by what became of it. */
export const EventOrigin = t.enum('EventOrigin', {
  Member: t.identity(),
  Hook: t.u64(),
  Schedule: t.u64(),
  Rule: t.u64(),
  Task: t.u64(),
});

/** Something that has happened. It never changes. */
export const eventRow = t.row('Event', {
  id: t.u64().primaryKey().autoInc(),
  tenantId: t.u64(),
  /** Its place among the events of its tenant, which are numbered without gaps. */
  place: t.u64(),
  /** What has happened: `order.paid`. */
  kind: t.string(),
  /** Where it comes from: `shop`, `hook/github`. */
  source: t.string(),
  /** What it is about: `order 17`; may be empty. */
  subject: t.string(),
  /** JSON. */
  payload: t.string(),
  at: t.timestamp(),
  origin: EventOrigin,
  /** How many rules made events of events before it. */
  depth: t.u8(),
  /** Empty for none. */
  dedupeKey: t.string(),
});

/** What a tenant has of events: those with places from `head` up to, but not including, `tail`. */
export const eventLogRow = t.row('EventLog', {
  tenantId: t.u64().primaryKey(),
  head: t.u64(),
  tail: t.u64(),
  /** Of kinds, sources, subjects and payloads. */
  bytes: t.u64(),
  /** How many daily totals of events there are. */
  totals: t.u32(),
});

/** While it stands for an event that is kept, and its window is open, no other event with its key is taken. */
export const eventKeyRow = t.row('EventKey', {
  /** `<tenant>/<key>` */
  key: t.string().primaryKey(),
  eventId: t.u64(),
  until: t.timestamp(),
});

/** What is left of the events of one kind and day after they were dropped. */
export const eventTotalRow = t.row('EventTotal', {
  /** `<tenant>/<day>/<kind>` */
  key: t.string().primaryKey(),
  tenantId: t.u64().index('btree'),
  /** By UTC: `2026-11-21`. */
  day: t.string(),
  /** Empty for all kinds that there was no room for. */
  kind: t.string(),
  events: t.u64(),
  bytes: t.u64(),
});
