import { Identity } from 'spacetimedb';
import { tables } from '../../bindings/index.ts';
import { Failure } from './failure.ts';
import { readLimbIdentity } from './home.ts';
import { type Hub, subscribe } from './hub.ts';

/** The limb of this machine, which works for the tenant. @throws Failure when there is none, or when it does not. */
export async function ownLimb(hub: Hub, tenantId: bigint): Promise<Identity> {
  const limb = await findOwnLimb(hub, tenantId);
  if (limb !== undefined) return limb;
  if ((await readLimbIdentity(hub.home.limb)) === undefined) {
    throw new Failure('This machine has no limb yet: start one with `helix start`');
  }
  const how = 'name one that it works for with --tenant, or pair it with this one too (`helix limb invite`)';
  throw new Failure(`This machine's limb does not work for this tenant: ${how}`);
}

/** The limb of this machine, if there is one that works for the tenant. */
export async function findOwnLimb(hub: Hub, tenantId: bigint): Promise<Identity | undefined> {
  const hex = await readLimbIdentity(hub.home.limb);
  if (hex === undefined) return undefined;
  const identity = Identity.fromString(hex);
  await subscribe(hub, [tables.limbs.where((row) => row.tenantId.eq(tenantId))]);
  const limbs = [...hub.connection.db.limbs.iter()];
  return limbs.some((row) => row.tenantId === tenantId && row.identity.isEqual(identity)) ? identity : undefined;
}
