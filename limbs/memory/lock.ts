import type { Queries } from './database/database.ts';

/** One writer a tenant at a time: what one finds unused another must not have begun to use. */
export async function lockTenant(tx: Queries, tenant: string): Promise<void> {
  await tx.query(`SELECT pg_advisory_xact_lock(hashtext('helix-memory'), hashtext($1))`, [tenant]);
}
