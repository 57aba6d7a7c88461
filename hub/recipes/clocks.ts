import { ScheduleAt, type Timestamp } from 'spacetimedb';
import { after } from '../lib/time.ts';
import type { Ctx, StepClockKindTag, StepRow } from '../schema.ts';
import type { Node } from './plan.ts';

/** Has a step woken, given up or tried again at a time. */
export function setClock(ctx: Ctx, stepId: bigint, kind: StepClockKindTag, at: Timestamp): void {
  const scheduledAt = ScheduleAt.time(at.microsSinceUnixEpoch);
  ctx.db.stepClock.insert({ id: 0n, scheduledAt, stepId, kind: { tag: kind } });
}

export function setTimeLimit(ctx: Ctx, step: StepRow, { timeoutMs }: Node): void {
  if (timeoutMs > 0) setClock(ctx, step.id, 'Timeout', after(ctx.timestamp, timeoutMs));
}
