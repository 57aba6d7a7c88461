import { SenderError, t } from 'spacetimedb/server';
import { limits } from '../lib/limits.ts';
import { requireText } from '../lib/text.ts';
import spacetimedb from '../schema.ts';

/** Makes a tenant that the caller owns. Only who owns a tenant already may: the first one is made with the hub. */
export const createTenant = spacetimedb.reducer({ name: 'create_tenant' }, { name: t.string() }, (ctx, { name }) => {
  const display = requireText('name', name, limits.nameCharsMax);
  const owned = [...ctx.db.member.identity.filter(ctx.sender)].filter(({ role }) => role.tag === 'Owner');
  const [first] = owned;
  if (!first)
    throw new SenderError('forbidden: this needs the role owner in a tenant; ask an owner to make the tenant');
  if (owned.length >= limits.ownedTenantsMax) {
    throw new SenderError(
      `too-many-tenants: you own ${owned.length} tenants, at most ${limits.ownedTenantsMax} are allowed`,
    );
  }
  const tenant = ctx.db.tenant.insert({ id: 0n, name: display, createdAt: ctx.timestamp });
  ctx.db.member.insert({
    id: 0n,
    tenantId: tenant.id,
    identity: ctx.sender,
    role: { tag: 'Owner' },
    name: first.name,
    joinedAt: ctx.timestamp,
  });
});
