import { SenderError, t } from 'spacetimedb/server';
import { counting } from '../keeping/usage.ts';
import { limits } from '../lib/limits.ts';
import { requireText } from '../lib/text.ts';
import spacetimedb, { type Ctx } from '../schema.ts';

/** Makes a tenant that the caller owns. Only who owns a tenant already may: the first one is made with the hub. */
export const createTenant = spacetimedb.reducer({ name: 'create_tenant' }, { name: t.string() }, (ctx, { name }) => {
  const display = requireText('name', name, limits.nameCharsMax);
  const owned = [...ctx.db.member.identity.filter(ctx.sender)].filter(({ role }) => role.tag === 'Owner');
  const [first] = owned;
  if (!first)
    throw new SenderError('forbidden: this needs the role owner in a tenant; ask an owner to make the tenant');
  if (owned.length >= limits.ownedTenantsMax) {
    throw new SenderError(
      `too-many-tenants: you own ${owned.length} tenants, at most ${limits.ownedTenantsMax} are allowed; leave one first`,
    );
  }
  addTenant(ctx, display, first.name);
});

/** A tenant with the caller as its owner. */
export function addTenant(ctx: Ctx, name: string, ownerName: string): void {
  const tenant = ctx.db.tenant.insert({ id: 0n, name, createdAt: ctx.timestamp });
  ctx.db.usage.insert({
    tenantId: tenant.id,
    turn: 0n,
    unfinishedTasks: 0,
    rows: 0n,
    bytes: 0n,
    lastTask: 0n,
    isCounted: true,
    unfinishedRuns: 0,
    counting,
  });
  ctx.db.member.insert({
    id: 0n,
    tenantId: tenant.id,
    identity: ctx.sender,
    role: { tag: 'Owner' },
    name: ownerName,
    joinedAt: ctx.timestamp,
  });
}
