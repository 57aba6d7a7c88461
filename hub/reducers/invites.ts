import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { SenderError, t } from 'spacetimedb/server';
import { limits } from '../lib/limits.ts';
import { requireText } from '../lib/text.ts';
import { after, isBefore } from '../lib/time.ts';
import { refresh } from '../queue/workers.ts';
import spacetimedb, { type Ctx } from '../schema.ts';
import { InviteKind, Role } from '../tables/people.ts';
import { findMember, requireMember } from './access.ts';
import { forgetTries, isRightCode } from './tries.ts';

/**
 * Opens a one-time way into a tenant. The code is made by the caller; the hub is told its SHA-256, and as its handle the
 * group before the first hyphen, to which failed tries are counted. `lifeMs` 0 means 15 minutes.
 */
export const createInvite = spacetimedb.reducer(
  { name: 'create_invite' },
  { tenantId: t.u64(), kind: InviteKind, role: Role, handle: t.string(), codeHash: t.string(), lifeMs: t.u32() },
  (ctx, { tenantId, kind, role, handle, codeHash, lifeMs }) => {
    requireMember(ctx, tenantId, 'Owner');
    if (!/^[0-9A-Za-z]{4,16}$/.test(handle)) {
      throw new SenderError(
        'invalid-handle: expected the group before the first hyphen of the code, 4 to 16 letters or digits',
      );
    }
    if (!/^[0-9a-f]{64}$/.test(codeHash)) {
      throw new SenderError('invalid-code-hash: expected the SHA-256 of the code in 64 lower-case hex digits');
    }
    if (lifeMs > limits.inviteLifeMsMax) {
      throw new SenderError(
        `invalid-life: the invite would live for ${lifeMs} ms, at most ${limits.inviteLifeMsMax} are allowed; choose less`,
      );
    }
    if ([...ctx.db.invite.tenantId.filter(tenantId)].length >= limits.invitesMax) {
      throw new SenderError(
        `too-many-invites: ${limits.invitesMax} invites of this tenant are open; wait until some expire`,
      );
    }
    if (ctx.db.invite.handle.find(handle)) {
      throw new SenderError('code-taken: there is an invite with this code already; make another code');
    }
    forgetTries(handle);
    ctx.db.invite.insert({
      handle,
      codeHash,
      tenantId,
      kind,
      role,
      createdBy: ctx.sender,
      expiresAt: after(ctx.timestamp, lifeMs === 0 ? limits.inviteLifeMs : lifeMs),
    });
  },
);

/** Takes back an invite that nobody has redeemed. */
export const withdrawInvite = spacetimedb.reducer(
  { name: 'withdraw_invite' },
  { tenantId: t.u64(), handle: t.string() },
  (ctx, { tenantId, handle }) => {
    requireMember(ctx, tenantId, 'Owner');
    if (ctx.db.invite.handle.find(handle)?.tenantId !== tenantId) {
      throw new SenderError(`no-such-invite: no invite ${handle} of this tenant is open; it was used or has expired`);
    }
    ctx.db.invite.handle.delete(handle);
    forgetTries(handle);
  },
);

/** Makes the caller a member or a limb, by the code of an invite. A code works once. */
export const redeemInvite = spacetimedb.reducer(
  { name: 'redeem_invite' },
  { code: t.string(), name: t.string() },
  (ctx, { code, name }) => {
    const display = requireText('name', name, limits.nameCharsMax);
    const codeHash = bytesToHex(sha256(new TextEncoder().encode(code.trim())));
    const handle = code.trim().split('-', 1)[0] ?? '';
    const found = ctx.db.invite.handle.find(handle);
    const invite = found && isRightCode(handle, found.codeHash === codeHash) ? found : undefined;
    if (!invite || isBefore(invite.expiresAt, ctx.timestamp)) {
      throw new SenderError('invalid-code: this code is unknown, used or expired; ask for a new one');
    }
    ctx.db.invite.handle.delete(handle);
    if (invite.kind.tag === 'Limb') enrolLimb(ctx, invite.tenantId, display);
    else if (!findMember(ctx, invite.tenantId)) {
      ctx.db.member.insert({
        id: 0n,
        tenantId: invite.tenantId,
        identity: ctx.sender,
        role: invite.role,
        name: display,
        joinedAt: ctx.timestamp,
      });
    }
  },
);

/** A worker may serve several tenants; redeeming twice for one of them changes nothing. */
function enrolLimb(ctx: Ctx, tenantId: bigint, name: string): void {
  const enrolled = [...ctx.db.limb.identity.filter(ctx.sender)];
  if (enrolled.some((limb) => limb.tenantId === tenantId)) return;
  if (enrolled.length >= limits.limbTenantsMax) {
    throw new SenderError(
      `too-many-tenants: this limb serves ${enrolled.length} tenants, at most ${limits.limbTenantsMax} are allowed; have it revoked in one first`,
    );
  }
  const [known] = enrolled;
  const limb = ctx.db.limb.insert({
    id: 0n,
    tenantId,
    identity: ctx.sender,
    name,
    skills: [],
    capacity: 0,
    online: false,
    connection: undefined,
    version: known?.version ?? '',
    sandbox: known?.sandbox ?? '',
    model: known?.model ?? '',
    documentCount: 0,
    chunkCount: 0,
    labels: [],
    allowedSkills: [],
    capacityMax: 0,
    enrolledAt: ctx.timestamp,
    seenAt: ctx.timestamp,
    isDraining: false,
    lacks: known?.lacks ?? '',
  });
  if (ctx.db.worker.identity.find(ctx.sender)) {
    refresh(ctx, limb);
    return;
  }
  ctx.db.worker.insert({
    identity: ctx.sender,
    connection: undefined,
    session: '',
    skills: [],
    capacity: 0,
    isLive: false,
  });
}
