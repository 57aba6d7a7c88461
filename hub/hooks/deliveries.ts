import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { limits } from '../lib/limits.ts';
import { after, isBefore } from '../lib/time.ts';
import type { Ctx, HookKeyRow, HookRow } from '../schema.ts';
import type { Signed } from './signature.ts';

// Which deliveries of a hook must not come again. Where the sender says when it signed, a delivery is remembered for as long
// as it would not be stale; where it does not, for a month, and the oldest is forgotten when there are too many.

export type Novelty = 'new' | 'seen' | 'too many';

/** Remembers a delivery, unless it was seen. */
export function remember(ctx: Ctx, hook: HookRow, known: HookKeyRow, { unique, atSeconds }: Signed): Novelty {
  const key = `${hook.id}/${bytesToHex(sha256(new TextEncoder().encode(unique)))}`;
  if (ctx.db.delivery.key.find(key)) return 'seen';
  const kept = forgetOldest(ctx, known, atSeconds === undefined);
  if (kept.tail - kept.head >= BigInt(limits.deliveriesMax)) return 'too many';
  const lifeMs = atSeconds === undefined ? limits.deliveryLifeMs : 2 * limits.deliveryAgeMsMax;
  ctx.db.delivery.insert({ key, hookId: hook.id, place: kept.tail, until: after(ctx.timestamp, lifeMs) });
  ctx.db.hookKey.hookId.update({ ...kept, tail: kept.tail + 1n });
  return 'new';
}

export function forgetAll(ctx: Ctx, hookId: bigint): void {
  ctx.db.delivery.byPlace.delete(hookId);
}

/** A few of them, so that each delivery forgets more than it adds. */
function forgetOldest(ctx: Ctx, known: HookKeyRow, mayForgetYoung: boolean): HookKeyRow {
  let { head } = known;
  for (let forgotten = 0; forgotten < limits.deliveriesForgottenMax && head < known.tail; forgotten++) {
    const [oldest] = ctx.db.delivery.byPlace.filter([known.hookId, head]);
    const isFull = known.tail - head >= BigInt(limits.deliveriesMax);
    if (oldest && isBefore(ctx.timestamp, oldest.until) && !(isFull && mayForgetYoung)) break;
    if (oldest) ctx.db.delivery.key.delete(oldest.key);
    head += 1n;
  }
  return { ...known, head };
}
