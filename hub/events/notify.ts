import type { Identity } from 'spacetimedb';
import { limits } from '../lib/limits.ts';
import { nextPlace } from '../lib/ring.ts';
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
export function notify(
  ctx: Ctx,
  { tenantId, level = 'Info', title, text = '', ...about }: NewNotification,
): NotificationRow {
  const place = nextPlace(ctx.db.notificationLog, tenantId, limits.notificationsMax, (oldest) =>
    ctx.db.notification.byPlace.delete([tenantId, oldest]),
  );
  return ctx.db.notification.insert({
    id: 0n,
    tenantId,
    place,
    level: { tag: level },
    title: clip(title.trim().split('\n', 1)[0] || 'Notification', limits.titleCharsMax),
    text: clip(text.trim(), limits.notificationCharsMax),
    at: ctx.timestamp,
    by: about.by,
    event: about.event,
    rule: about.rule,
  });
}
