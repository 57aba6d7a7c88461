import { SenderError } from 'spacetimedb/server';
import { heard } from '../queue/liveness.ts';
import type { Ctx, MemberRow, RoleTag, RunRow, TaskRow, WorkerRow } from '../schema.ts';

const rank: Record<RoleTag, number> = { Viewer: 0, Operator: 1, Owner: 2 };

/**
 * The caller's membership of a tenant, with at least the given role.
 * Somebody who is not a member learns nothing about the tenant, not even whether it exists.
 */
export function requireMember(ctx: Ctx, tenantId: bigint, atLeast: RoleTag): MemberRow {
  const member = findMember(ctx, tenantId);
  if (!member)
    throw new SenderError(`no-such-tenant: you are not a member of tenant ${tenantId}; ask its owner for an invite`);
  requireRole(member, atLeast);
  return member;
}

/** What is found by its number, such as `task 17`. */
interface Wanted<Row> {
  readonly what: string;
  readonly id: bigint;
  /** None when there is nothing of this number. */
  readonly row: Row | null | undefined;
  readonly atLeast: RoleTag;
}

/**
 * A row of one of the caller's tenants, where the caller has at least the given role, with the caller's membership.
 * To all others it is as if there were no such row.
 */
export function requireOwn<Row extends { readonly tenantId: bigint }>(
  ctx: Ctx,
  { what, id, row, atLeast }: Wanted<Row>,
): { readonly row: Row; readonly member: MemberRow } {
  const member = row ? findMember(ctx, row.tenantId) : undefined;
  if (!row || !member) {
    throw new SenderError(`no-such-${what}: there is no ${what} ${id} in your tenants; check the number`);
  }
  requireRole(member, atLeast);
  return { row, member };
}

export function requireTask(ctx: Ctx, id: bigint): TaskRow {
  return requireOwn(ctx, { what: 'task', id, row: ctx.db.task.id.find(id), atLeast: 'Operator' }).row;
}

export function requireRun(ctx: Ctx, id: bigint): RunRow {
  return requireOwn(ctx, { what: 'run', id, row: ctx.db.run.id.find(id), atLeast: 'Operator' }).row;
}

/** The caller's membership of a tenant; none when the caller has none. */
export function findMember(ctx: Ctx, tenantId: bigint): MemberRow | undefined {
  for (const member of ctx.db.member.identity.filter(ctx.sender)) {
    if (member.tenantId === tenantId) return member;
  }
  return undefined;
}

/** The caller as a limb, which has said something with this. */
export function requireWorker(ctx: Ctx): WorkerRow {
  const worker = ctx.db.worker.identity.find(ctx.sender);
  if (!worker) {
    throw new SenderError('not-a-limb: this Identity is not enrolled as a limb; redeem a pairing code first');
  }
  if (isAnnounced(ctx, worker) && ctx.connectionId) heard(ctx.connectionId);
  return worker;
}

/** Whether the caller's connection is the one that the limb works on. */
export function isAnnounced(ctx: Ctx, worker: WorkerRow): boolean {
  return worker.connection !== undefined && ctx.connectionId?.isEqual(worker.connection) === true;
}

function requireRole(member: MemberRow, atLeast: RoleTag): void {
  if (rank[member.role.tag] >= rank[atLeast]) return;
  throw new SenderError(
    `forbidden: this needs the role ${atLeast.toLowerCase()}, yours is ${member.role.tag.toLowerCase()}; ask an owner of the tenant`,
  );
}
