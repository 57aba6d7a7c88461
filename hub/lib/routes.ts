import type { Identity } from 'spacetimedb';

/** The route of tasks that any limb of the tenant with the skill may claim, or only the one that is named. */
export function routeOf(tenantId: bigint, skill: string, limb?: Identity): string {
  return limb ? `${tenantId}/${skill}/${limb.toHexString()}` : `${tenantId}/${skill}`;
}
