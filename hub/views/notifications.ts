import { t } from 'spacetimedb/server';
import spacetimedb from '../schema.ts';
import { notificationRow, readingRow } from '../tables/notifications.ts';
import { memberships } from './memberships.ts';

export const notifications = spacetimedb.view(
  { name: 'notifications', public: true },
  t.array(notificationRow),
  (ctx) =>
    memberships(ctx).rightSemijoin(ctx.from.notification, (member, notification) =>
      member.tenantId.eq(notification.tenantId),
    ),
);

/** What the caller has read; nobody else's. */
export const readings = spacetimedb.view({ name: 'readings', public: true }, t.array(readingRow), (ctx) =>
  ctx.from.reading.where((reading) => reading.identity.eq(ctx.sender)),
);
