import type { ConnectionId } from 'spacetimedb';
import { limits } from '../lib/limits.ts';

// Whether the limbs that hold tasks still answer. Pings are rows of an event table, and the answers are counted here, in
// the module's own memory, so that they cost no durable row. Nothing depends on it but how soon a silent limb is noticed:
// after a restart of the hub every count starts anew, and an attempt number fences the reports in any case. Pings are
// counted instead of time, so that a clock that jumps takes no task from anybody.

const unanswered = new Map<bigint, number>();

/** The limb on this connection has said something, or is gone. */
export function heard(connection: ConnectionId): void {
  unanswered.delete(connection.__connection_id__);
}

/** Counts one more ping without an answer; true when there were too many before it. */
export function isSilent(connection: ConnectionId): boolean {
  const key = connection.__connection_id__;
  const count = unanswered.get(key) ?? 0;
  if (count >= limits.unansweredMax) return true;
  unanswered.set(key, count + 1);
  return false;
}
