import { ScheduleAt, type Timestamp } from 'spacetimedb';
import type { Ctx } from '../schema.ts';

/** Wakes a task at a time. */
export function wakeAt(ctx: Ctx, taskId: bigint, at: Timestamp, kind: 'Ready' | 'Deadline'): void {
  ctx.db.timer.insert({
    id: 0n,
    scheduledAt: ScheduleAt.time(at.microsSinceUnixEpoch),
    taskId,
    kind: { tag: kind },
  });
}

export function dropTimers(ctx: Ctx, taskId: bigint, kind?: 'Ready'): void {
  if (kind === undefined) ctx.db.timer.taskId.delete(taskId);
  else
    for (const timer of [...ctx.db.timer.taskId.filter(taskId)])
      if (timer.kind.tag === kind) ctx.db.timer.id.delete(timer.id);
}
