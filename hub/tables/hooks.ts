import { t } from 'spacetimedb/server';

/** How the sender of a webhook signs: by the Standard Webhooks specification, or as GitHub does. */
export const HookStyle = t.enum('HookStyle', ['Standard', 'GitHub']);

/** An address that takes signed deliveries of another system and makes events of them. */
export const hookRow = t.row('Hook', {
  id: t.u64().primaryKey().autoInc(),
  tenantId: t.u64().index('btree'),
  name: t.string(),
  /** Of the events; GitHub's own name of what has happened follows after a dot. */
  kind: t.string(),
  style: HookStyle,
  createdBy: t.identity(),
  createdAt: t.timestamp(),
  /** When its secret was last replaced. */
  rotatedAt: t.option(t.timestamp()),
  /** Deliveries that became events, and the newest of them. */
  deliveries: t.u64(),
  deliveredAt: t.option(t.timestamp()),
});

/** What only the hub knows of a hook. No view shows it. */
export const hookKeyRow = t.row('HookKey', {
  hookId: t.u64().primaryKey(),
  /** The key of the HMAC. */
  key: t.byteArray(),
  /** Deliveries that are remembered have places from `head` up to, but not including, `tail`. */
  head: t.u64(),
  tail: t.u64(),
});

/** Stands for a delivery that must not come again. */
export const deliveryRow = t.row('Delivery', {
  /** `<hook>/<SHA-256 of what is unique to it>` */
  key: t.string().primaryKey(),
  hookId: t.u64(),
  place: t.u64(),
  /** It is remembered until then. */
  until: t.timestamp(),
});
