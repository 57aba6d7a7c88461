import { t } from 'spacetimedb/server';

export const NotificationLevel = t.enum('NotificationLevel', ['Info', 'Warning', 'Critical']);

/** Something that the members of a tenant are to know. */
export const notificationRow = t.row('Notification', {
  id: t.u64().primaryKey().autoInc(),
  tenantId: t.u64(),
  /** Its place among the notifications of its tenant, which are numbered without gaps. */
  place: t.u64(),
  level: NotificationLevel,
  title: t.string(),
  /** May be empty. */
  text: t.string(),
  at: t.timestamp(),
  /** The member who told it; none when a rule did. */
  by: t.option(t.identity()),
  /** The event that it is about, and the rule that made it; they may be gone when somebody looks. */
  event: t.option(t.u64()),
  rule: t.option(t.u64()),
});

/** A tenant keeps the notifications with places from `head` up to, but not including, `tail`. */
export const notificationLogRow = t.row('NotificationLog', {
  tenantId: t.u64().primaryKey(),
  head: t.u64(),
  tail: t.u64(),
});

/** What one member has read: everything up to a number, and some after it. */
export const readingRow = t.row('Reading', {
  /** `<tenant>/<identity>` */
  key: t.string().primaryKey(),
  tenantId: t.u64(),
  identity: t.identity().index('btree'),
  upTo: t.u64(),
  ids: t.array(t.u64()),
});
