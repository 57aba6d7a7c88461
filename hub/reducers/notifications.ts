import type { Identity } from 'spacetimedb';
import { t } from 'spacetimedb/server';
import { notify } from '../events/notify.ts';
import { limits } from '../lib/limits.ts';
import { ascending } from '../lib/order.ts';
import { requireText } from '../lib/text.ts';
import spacetimedb, { type Ctx } from '../schema.ts';
import { NotificationLevel } from '../tables/notifications.ts';
import { requireMember } from './access.ts';

/** Tells all members of a tenant something, as a rule does with `notify`. */
export const notifyMembers = spacetimedb.reducer(
  { name: 'notify_members' },
  { tenantId: t.u64(), level: NotificationLevel, title: t.string(), text: t.string() },
  (ctx, { tenantId, level, title, text }) => {
    requireMember(ctx, tenantId, 'Operator');
    const line = requireText('title', title, limits.titleCharsMax);
    notify(ctx, { tenantId, level: level.tag, title: line, text, by: ctx.sender });
  },
);

/** Marks notifications as read by the caller: all that there are, or those with these numbers. */
export const readNotifications = spacetimedb.reducer(
  { name: 'read_notifications' },
  { tenantId: t.u64(), all: t.bool(), ids: t.array(t.u64()) },
  (ctx, { tenantId, all, ids }) => {
    requireMember(ctx, tenantId, 'Viewer');
    const key = readingKey(tenantId, ctx.sender);
    const known = ctx.db.reading.key.find(key);
    const kept = [...ctx.db.notification.byPlace.filter(tenantId)].map(({ id }) => id).sort(ascending);
    const before = known?.upTo ?? 0n;
    const read = new Set([...(known?.ids ?? []), ...ids]);
    // Whatever is kept no longer counts as read.
    let upTo = (kept[0] ?? before + 1n) - 1n > before ? (kept[0] ?? 1n) - 1n : before;
    for (const id of kept) {
      if (!all && id > upTo && !read.has(id)) break;
      if (id > upTo) upTo = id;
    }
    const row = { key, tenantId, identity: ctx.sender, upTo, ids: kept.filter((id) => id > upTo && read.has(id)) };
    if (known) ctx.db.reading.key.update(row);
    else ctx.db.reading.insert(row);
  },
);

/** What somebody has read goes with the membership. */
export function forgetReading(ctx: Ctx, tenantId: bigint, identity: Identity): void {
  ctx.db.reading.key.delete(readingKey(tenantId, identity));
}

function readingKey(tenantId: bigint, identity: Identity): string {
  return `${tenantId}/${identity.toHexString()}`;
}
