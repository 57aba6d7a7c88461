import { randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { LimbError } from '../errors.ts';

export interface User {
  readonly uid: number;
  readonly gid: number;
}

/**
 * Ranges that no distribution hands out: the first is reserved for nobody at all (systemd, "Users, Groups, UIDs and GIDs on
 * systemd Systems"), the second is what is left inside a container whose user namespace maps only 16 bits.
 */
const freeRanges = [
  [0x7000_0000, 0x7fff_0000],
  [40_000, 60_000],
] as const;

/**
 * Who a run must be: a user of its own, never seen before, when the limb is root; the limb's own user (undefined) otherwise.
 * Throws `LimbError` when root has no other user to hand out.
 */
export function userForRun(mayBecome: (user: User) => boolean = isMapped): User | undefined {
  if (process.getuid?.() !== 0 && process.geteuid?.() !== 0) return undefined;
  for (const [from, to] of freeRanges) {
    const id = randomInt(from, to);
    const user = { uid: id, gid: id };
    if (mayBecome(user)) return user;
  }
  throw new LimbError(
    'sandbox-absent',
    'the limb runs as root and its user namespace maps no unprivileged user: start the limb as an ordinary user.',
  );
}

function isMapped(user: User): boolean {
  return covers('/proc/self/uid_map', user.uid) && covers('/proc/self/gid_map', user.gid);
}

function covers(mapPath: string, id: number): boolean {
  let map: string;
  try {
    map = readFileSync(mapPath, 'utf8');
  } catch (error) {
    // Only Linux has user namespaces; elsewhere every id can be had.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw error;
  }
  return map.split('\n').some((line) => {
    const [inside, , count] = line.trim().split(/\s+/).map(Number);
    return inside !== undefined && count !== undefined && id >= inside && id < inside + count;
  });
}
