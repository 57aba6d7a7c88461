import { limits } from '../lib/limits.ts';

// Failed tries of the codes that are open. A rejected call leaves no row, so they are counted in the module's memory; after
// a restart of the hub the counts start anew, which gives away a few tries of a code that lives for minutes.

const failures = new Map<string, number>();

/** Whether the code of an invite was right, and had not been tried in vain too often before. */
export function isRightCode(handle: string, isSame: boolean): boolean {
  const count = failures.get(handle) ?? 0;
  if (count >= limits.codeTriesMax) return false;
  if (isSame) failures.delete(handle);
  else failures.set(handle, count + 1);
  return isSame;
}

export function forgetTries(handle: string): void {
  failures.delete(handle);
}
