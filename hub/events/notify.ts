import type { Identity } from 'spacetimedb';
import { limits } from '../lib/limits.ts';
import { clip } from '../lib/text.ts';
import type { Ctx, NotificationRow } from '../schema.ts';

export interface NewNotification {
  readonly tenantId: bigint;
  /** Default: Info. */
  readonly level?: NotificationRow['level']['tag'];
  /** One line; what is too long is cut. */
  readonly title: string;
  /** Default: none. */
  readonly text?: string;
  readonly by?: Identity;
  readonly event?: bigint | undefined;
  readonly rule?: bigint | undefined;
}

/** Tells the members of a tenant something. The oldest notification goes when there are too many. */
export function notify(ctx: Ctx, { tenantId, level = 'Info', title, text = '', ...about }: NewNotification) {
  const known = ctx.db.notificationLog.tenantId.find(tenantId);
  const { head, tail } = known ?? { head: 1n, tail: 1n };
  const row = ctx.db.notification.insert({
    id: 0n,
    tenantId,
    place: tail,
    level: { tag: level },
    title: clip(title.trim().split('\n', 1)[0] || 'Notification', limits.titleCharsMax),
    text: clip(text.trim(), limits.notificationCharsMax),
    at: ctx.timestamp,
    by: about.by,
    event: about.event,
    rule: about.rule,
  });
  const isFull = tail - head >= BigInt(limits.notificationsMax);
  if (isFull) ctx.db.notification.byPlace.delete([tenantId, head]);
  const log = { tenantId, head: isFull ? head + 1n : head, tail: tail + 1n };
  if (known) ctx.db.notificationLog.tenantId.update(log);
  else ctx.db.notificationLog.insert(log);
  return row;
}
