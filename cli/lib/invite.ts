import { createCode, hashCode } from './code.ts';
import { call, findTenant, type Hub } from './hub.ts';

/** Opens a one-time way in for a member or a limb, valid for 15 minutes, and returns its code. */
export async function createInvite(hub: Hub, kind: 'Member' | 'Limb'): Promise<string> {
  const code = createCode();
  const tenantId = await findTenant(hub);
  await call(
    hub,
    hub.connection.reducers.createInvite({
      tenantId,
      kind: { tag: kind },
      role: { tag: kind === 'Member' ? 'Owner' : 'Viewer' },
      codeHash: hashCode(code),
      lifeMs: 0,
    }),
  );
  return code;
}
