import { limits } from '../lib/limits.ts';
import type { Ctx, PolicyRow } from '../schema.ts';

/** What a tenant has decided; 0 of a quota, or of days, stands for the default. */
export function policyOf(ctx: Ctx, tenantId: bigint): PolicyRow {
  return ctx.db.policy.tenantId.find(tenantId) ?? { ...undecided, tenantId };
}

export function decide(ctx: Ctx, tenantId: bigint, changes: Partial<PolicyRow>): void {
  const policy = { ...policyOf(ctx, tenantId), ...changes };
  if (ctx.db.policy.tenantId.find(tenantId)) ctx.db.policy.tenantId.update(policy);
  else ctx.db.policy.insert(policy);
}

export function keepDaysOf({ keepDays }: Pick<PolicyRow, 'keepDays'>): number {
  return keepDays === 0 ? limits.keepDaysDefault : keepDays;
}

/** The clocks that a tenant goes by; empty for UTC. */
export function timeZoneOf(ctx: Pick<Ctx, 'db'>, tenantId: bigint): string {
  return ctx.db.policy.tenantId.find(tenantId)?.timeZone ?? '';
}

const undecided: Omit<PolicyRow, 'tenantId'> = {
  onExhausted: { tag: 'Reject' },
  unfinishedTasksMax: 0,
  rowsMax: 0n,
  bytesMax: 0n,
  keepDays: 0,
  eventsMax: 0,
  eventBytesMax: 0n,
  eventDays: 0,
  timeZone: '',
};
