import { Identity } from 'spacetimedb';
import { Failure } from './failure.ts';
import { type LimbHome, readLimbIdentity } from './home.ts';

/** The limb of this machine. @throws Failure when there is none. */
export async function ownLimb(limb: LimbHome): Promise<Identity> {
  const identity = await readLimbIdentity(limb);
  if (identity === undefined) throw new Failure('This machine has no limb yet: start one with `helix start`');
  return Identity.fromString(identity);
}
