import { t } from 'spacetimedb/server';
import { audited } from '../lib/audited.ts';
import spacetimedb from '../schema.ts';

const visibleHistoryRow = t.row('VisibleHistory', {
  table: t.string(),
  column: t.string(),
  value: t.string(),
  columns: t.array(t.string()),
});

/** What the engine's history route shows: an owner sees who did what in the tenants that the caller owns. */
export const visibleHistory = spacetimedb.view(
  { name: 'visible_history', public: true },
  t.array(visibleHistoryRow),
  (ctx) => {
    const owned = [...ctx.db.member.identity.filter(ctx.sender)].filter(({ role }) => role.tag === 'Owner');
    return owned.flatMap(({ tenantId }) =>
      Object.entries(audited).map(([table, { tenant, columns }]) => ({
        table,
        column: tenant,
        value: `${tenantId}`,
        columns: [...columns],
      })),
    );
  },
);
