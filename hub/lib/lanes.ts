import type { Identity } from 'spacetimedb';

/** The lane of a task that any limb of the tenant with the skill may claim. */
export function sharedLane(tenantId: bigint, skill: string): string {
  return `${tenantId}/${skill}`;
}

/** The lane of a task that only one limb may claim. */
export function ownLane(tenantId: bigint, skill: string, limb: Identity): string {
  return `${tenantId}/${skill}/${limb.toHexString()}`;
}
