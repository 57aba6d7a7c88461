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

/** A task of one of the caller's tenants, where the caller has at least the given role. */
export function requireTask(ctx: Ctx, taskId: bigint, atLeast: RoleTag): TaskRow {
  const task = ctx.db.task.id.find(taskId);
  const member = task && findMember(ctx, task.tenantId);
  if (!member) throw new SenderError(`no-such-task: there is no task ${taskId} in your tenants`);
  requireRole(member, atLeast);
  return task;
}

/** A run of one of the caller's tenants, where the caller is an operator. */
export function requireRun(ctx: Ctx, runId: bigint): RunRow {
  const run = ctx.db.run.id.find(runId);
  const member = run && findMember(ctx, run.tenantId);
  if (!member) throw new SenderError(`no-such-run: there is no run ${runId} in your tenants`);
  requireRole(member, 'Operator');
  return run;
}

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

export function requireRole(member: MemberRow, atLeast: RoleTag): void {
  if (rank[member.role.tag] >= rank[atLeast]) return;
  throw new SenderError(
    `forbidden: this needs the role ${atLeast.toLowerCase()}, yours is ${member.role.tag.toLowerCase()}; ask an owner of the tenant`,
  );
}
