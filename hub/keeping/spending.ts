import { Timestamp } from 'spacetimedb';
import { limits } from '../lib/limits.ts';
import { dayMicros, dayOf } from '../lib/time.ts';
import type { Ctx, SummaryBody, TaskRow } from '../schema.ts';

/** Stands for every engine when a tenant has as many rows as it may have. */
const anyEngine = 'other';

/** Adds what a task has cost, if anything, to the spending of the day on which it is done. */
export function noteSpending(ctx: Ctx, { tenantId, submittedBy }: TaskRow, body: SummaryBody): void {
  const cost = {
    tokens: BigInt(body.tokensIn) + BigInt(body.tokensOut),
    micros: body.costMicros,
    workMs: BigInt(body.durationMs),
  };
  if (cost.tokens === 0n && cost.micros === 0n && cost.workMs === 0n) return;
  const day = dayOf(ctx.timestamp);
  const place = `${tenantId}/${day}/${submittedBy.toHexString()}/${ctx.sender.toHexString()}`;
  if (add(ctx, `${place}/${body.engine}`, cost)) return;
  const engine = makeRoom(ctx, tenantId) ? body.engine : anyEngine;
  const key = `${place}/${engine}`;
  if (engine === anyEngine && add(ctx, key, cost)) return;
  ctx.db.spending.insert({ id: 0n, key, tenantId, day, member: submittedBy, limb: ctx.sender, engine, ...cost });
}

/** @returns whether there is such a row */
function add(ctx: Ctx, key: string, more: { tokens: bigint; micros: bigint; workMs: bigint }): boolean {
  const known = ctx.db.spending.key.find(key);
  if (!known) return false;
  ctx.db.spending.id.update({
    ...known,
    tokens: known.tokens + more.tokens,
    micros: known.micros + more.micros,
    workMs: known.workMs + more.workMs,
  });
  return true;
}

/** Drops what is too old to be shown. @returns whether the tenant may have one more row */
function makeRoom(ctx: Ctx, tenantId: bigint): boolean {
  const first = dayOf(
    new Timestamp(ctx.timestamp.microsSinceUnixEpoch - BigInt(limits.spendingDaysMax - 1) * dayMicros),
  );
  let count = 0;
  for (const { id, day } of [...ctx.db.spending.tenantId.filter(tenantId)]) {
    if (day < first) ctx.db.spending.id.delete(id);
    else count += 1;
  }
  return count < limits.spendingRowsMax;
}
