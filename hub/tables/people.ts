import { t } from 'spacetimedb/server';

/** owner: everything, members included; operator: tasks; viewer: looks. */
export const Role = t.enum('Role', ['Owner', 'Operator', 'Viewer']);

/** What an invite makes of the Identity that redeems it. */
export const InviteKind = t.enum('InviteKind', ['Member', 'Limb']);

export const tenantRow = t.row('Tenant', {
  id: t.u64().primaryKey().autoInc(),
  name: t.string(),
  createdAt: t.timestamp(),
});

export const memberRow = t.row('Member', {
  id: t.u64().primaryKey().autoInc(),
  tenantId: t.u64().index('btree'),
  identity: t.identity().index('btree'),
  role: Role,
  name: t.string(),
  joinedAt: t.timestamp(),
});

/** A one-time code by its first group and its hash: the code itself is never stored. */
export const inviteRow = t.row('Invite', {
  /** The first group of the code, which tells the invites apart and proves nothing. */
  handle: t.string().primaryKey(),
  codeHash: t.string(),
  tenantId: t.u64().index('btree'),
  kind: InviteKind,
  role: Role,
  createdBy: t.identity(),
  expiresAt: t.timestamp(),
});

/** What an owner sees of an invite. */
export const openInviteRow = t.row('OpenInvite', {
  handle: t.string().primaryKey(),
  tenantId: t.u64(),
  kind: InviteKind,
  role: Role,
  createdBy: t.identity(),
  expiresAt: t.timestamp(),
});
