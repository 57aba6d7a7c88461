import { Range } from 'spacetimedb/server';
import { keepDaysOf, policyOf } from '../keeping/policy.ts';
import { grow } from '../keeping/usage.ts';
import { limits } from '../lib/limits.ts';
import { utf8Bytes } from '../lib/text.ts';
import { dayMicros } from '../lib/time.ts';
import type { Ctx, RunRow } from '../schema.ts';

/** The day on which something happens now, counted from 1970. */
export function today({ timestamp }: Pick<Ctx, 'timestamp'>): number {
  return Number(timestamp.microsSinceUnixEpoch / dayMicros);
}

/** Forgets runs that ended longer ago than their tenant keeps tasks: a bounded number of rows. @returns whether there may be more */
export function forgetSomeRuns(ctx: Ctx): boolean {
  let room: number = limits.forgottenRowsMax;
  for (const { tenantId } of [...ctx.db.usage.iter()]) {
    const first = today(ctx) - keepDaysOf(policyOf(ctx, tenantId));
    const due = new Range<number>({ tag: 'included', value: 1 }, { tag: 'excluded', value: Math.max(1, first) });
    for (const run of ctx.db.run.byEnd.filter([tenantId, due])) {
      room -= forget(ctx, run, room);
      if (room <= 0) return true;
    }
  }
  return false;
}

/** @returns how many rows are gone; when it is as many as there may be, some are left. */
function forget(ctx: Ctx, { id, tenantId }: RunRow, most: number): number {
  let rows = 0;
  let bytes = 0;
  let gone = 0;
  for (const step of ctx.db.step.runId.filter(id)) {
    if (gone >= most) break;
    const output = ctx.db.stepOutput.stepId.find(step.id);
    if (output) {
      ctx.db.stepOutput.stepId.delete(step.id);
      bytes += utf8Bytes(output.value);
      rows += 1;
    }
    ctx.db.step.id.delete(step.id);
    rows += 1;
    gone += 1;
  }
  for (const frame of ctx.db.frame.runId.filter(id)) {
    if (gone >= most) break;
    ctx.db.frame.id.delete(frame.id);
    gone += 1;
  }
  if (gone < most) {
    const data = ctx.db.runData.runId.find(id);
    bytes += utf8Bytes(data?.trigger ?? '') + utf8Bytes(data?.output ?? '');
    rows += 2;
    gone += 1;
    ctx.db.runData.runId.delete(id);
    ctx.db.stepItems.runId.delete(id);
    ctx.db.givenInput.runId.delete(id);
    ctx.db.approval.runId.delete(id);
    ctx.db.run.id.delete(id);
  }
  grow(ctx, tenantId, { rows: -rows, bytes: -bytes });
  return gone;
}
