import { setTimeout } from 'node:timers/promises';
import { tables } from '../../bindings/index.ts';
import type { Limb } from '../../bindings/types.ts';
import { readLimbIdentity } from '../lib/home.ts';
import { type Hub, subscribe } from '../lib/hub.ts';
import { untilAborted } from '../lib/interruption.ts';

const waitMsMax = 90_000;

/** The identity in hex of this machine's limb once it is online; undefined when it takes too long. */
export async function waitForLimb(hub: Hub, signal: AbortSignal): Promise<string | undefined> {
  await subscribe(hub, [tables.limbs]);
  const { limbs } = hub.connection.db;
  let check = (): void => {};
  const online = new Promise<string>((resolve, reject) => {
    check = () => {
      findOwnLimb(hub).then((limb) => {
        if (limb?.online) resolve(limb.identity.toHexString());
      }, reject);
    };
  });
  const timeout = setTimeout(waitMsMax, undefined, { ref: false });
  limbs.onInsert(check);
  limbs.onUpdate(check);
  try {
    check();
    return await untilAborted(Promise.race([online, timeout, hub.lost]), signal);
  } finally {
    limbs.removeOnInsert(check);
    limbs.removeOnUpdate(check);
  }
}

/** Whether this machine's limb belongs to the hub already, and so needs no pairing code. */
export async function isEnrolled(hub: Hub): Promise<boolean> {
  await subscribe(hub, [tables.limbs]);
  return (await findOwnLimb(hub)) !== undefined;
}

async function findOwnLimb(hub: Hub): Promise<Limb | undefined> {
  const own = await readLimbIdentity(hub.home.limb);
  return [...hub.connection.db.limbs.iter()].find((limb) => limb.identity.toHexString() === own);
}
