import { createCode, handleOf, hashCode } from './code.ts';
import { Failure } from './failure.ts';
import { call, type Hub } from './hub.ts';
import type { RoleTag } from './roles.ts';
import { findTenant } from './tenants.ts';

/** Opens a one-time way in for a member or a limb, valid for 15 minutes, and returns its code. */
export async function createInvite(hub: Hub, kind: 'Member' | 'Limb', role: RoleTag = 'Owner'): Promise<string> {
  const code = createCode();
  const tenantId = await findTenant(hub);
  await call(
    hub,
    hub.connection.reducers.createInvite({
      tenantId,
      kind: { tag: kind },
      // A limb has no role: it is not a member.
      role: { tag: kind === 'Member' ? role : 'Viewer' },
      handle: handleOf(code),
      codeHash: hashCode(code),
      lifeMs: 0,
    }),
  );
  return code;
}

/** What somebody was given to come in: a link of a hub, or the code alone. */
export function readInvite(text: string): { readonly code: string; readonly hub: string | undefined } {
  if (!URL.canParse(text)) return { code: text, hub: undefined };
  const { origin, hash } = new URL(text);
  const code = new URLSearchParams(hash.slice(1)).get('code');
  if (!code) throw new Failure(`${text} is no link of an invite: expected one that ends in #code=…, or the code alone`);
  return { code, hub: origin };
}
