import { tables } from '../../bindings/index.ts';
import { runOnHub } from '../lib/client-command.ts';
import { call, type HubOptions, subscribe } from '../lib/hub.ts';
import { findTenant } from '../lib/tenants.ts';

/** Sets the time zone of a tenant when one is given, and says which it is. */
export async function tenantTimeZone(given: string | undefined, options: HubOptions): Promise<void> {
  await runOnHub(options, async (hub) => {
    const tenantId = await findTenant(hub);
    if (given !== undefined) await call(hub, hub.connection.reducers.setTimeZone({ tenantId, timeZone: given }));
    await subscribe(hub, [tables.policies]);
    const policy = [...hub.connection.db.policies.iter()].find((row) => row.tenantId === tenantId);
    const timeZone = policy?.timeZone || 'UTC';
    const now = new Date().toLocaleTimeString('en-GB', { timeZone, hour: '2-digit', minute: '2-digit' });
    console.log(`The tenant goes by the clocks of ${timeZone}, where it is ${now}.`);
  });
}
