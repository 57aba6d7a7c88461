import { SenderError, t } from 'spacetimedb/server';
import spacetimedb, { type Ctx, type MemberRow } from '../schema.ts';
import { Role } from '../tables/people.ts';
import { requireMember } from './access.ts';
import { forgetReading } from './notifications.ts';

/** Gives a member another role. */
export const setRole = spacetimedb.reducer(
  { name: 'set_role' },
  { tenantId: t.u64(), identity: t.identity(), role: Role },
  (ctx, { tenantId, identity, role }) => {
    requireMember(ctx, tenantId, 'Owner');
    const member = requireFellow(ctx, tenantId, identity);
    if (role.tag !== 'Owner') keepOwner(ctx, member);
    ctx.db.member.id.update({ ...member, role });
  },
);

/**
 * Takes a member out of a tenant. What they began stays and goes on: tasks, runs, schedules and hooks, which the others may end. Only
 * rules that they activated act no more.
 */
export const removeMember = spacetimedb.reducer(
  { name: 'remove_member' },
  { tenantId: t.u64(), identity: t.identity() },
  (ctx, { tenantId, identity }) => {
    requireMember(ctx, tenantId, 'Owner');
    remove(ctx, requireFellow(ctx, tenantId, identity));
  },
);

/** Takes the caller out of a tenant. */
export const leaveTenant = spacetimedb.reducer({ name: 'leave_tenant' }, { tenantId: t.u64() }, (ctx, { tenantId }) => {
  remove(ctx, requireMember(ctx, tenantId, 'Viewer'));
});

function remove(ctx: Ctx, member: MemberRow): void {
  keepOwner(ctx, member);
  ctx.db.member.id.delete(member.id);
  forgetReading(ctx, member.tenantId, member.identity);
}

function requireFellow(ctx: Ctx, tenantId: bigint, identity: MemberRow['identity']): MemberRow {
  const member = [...ctx.db.member.identity.filter(identity)].find((row) => row.tenantId === tenantId);
  if (!member)
    throw new SenderError('no-such-member: nobody with this Identity is a member of this tenant; name one who is');
  return member;
}

/** A tenant without an owner could never be changed again. */
function keepOwner(ctx: Ctx, member: MemberRow): void {
  if (member.role.tag !== 'Owner') return;
  const owners = [...ctx.db.member.tenantId.filter(member.tenantId)].filter(({ role }) => role.tag === 'Owner');
  if (owners.length > 1) return;
  throw new SenderError('last-owner: a tenant keeps at least one owner; make another member an owner first');
}
