import { SenderError } from 'spacetimedb/server';
import type { Ctx, LimbRow, MemberRow, RoleTag } from '../schema.ts';

const rank: Record<RoleTag, number> = { Viewer: 0, Operator: 1, Owner: 2 };

/**
 * The caller's membership of a tenant, with at least the given role.
 * Somebody who is not a member learns nothing about the tenant, not even whether it exists.
 */
export function requireMember(ctx: Ctx, tenantId: bigint, atLeast: RoleTag): MemberRow {
  const member = findMember(ctx, tenantId);
  if (!member)
    throw new SenderError(`no-such-tenant: you are not a member of tenant ${tenantId}; ask its owner for an invite`);
  if (rank[member.role.tag] < rank[atLeast]) {
    throw new SenderError(
      `forbidden: this needs the role ${atLeast.toLowerCase()}, yours is ${member.role.tag.toLowerCase()}; ask an owner of the tenant`,
    );
  }
  return member;
}

export function findMember(ctx: Ctx, tenantId: bigint): MemberRow | undefined {
  for (const member of ctx.db.member.identity.filter(ctx.sender)) {
    if (member.tenantId === tenantId) return member;
  }
  return undefined;
}

/** The caller's registration as a limb. */
export function requireLimb(ctx: Ctx): LimbRow {
  const limb = ctx.db.limb.identity.find(ctx.sender);
  if (!limb) throw new SenderError('not-a-limb: this Identity is not enrolled as a limb; redeem a pairing code first');
  return limb;
}
