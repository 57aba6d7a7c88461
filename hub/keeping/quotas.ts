import { SenderError } from 'spacetimedb/server';
import { limits } from '../lib/limits.ts';
import type { Ctx } from '../schema.ts';
import { policyOf } from './policy.ts';
import { type Growth, usageOf } from './usage.ts';

/**
 * Lets a tenant grow by so much, or says which of its quotas is used up. What limbs report of tasks that were let in is
 * always taken, so a tenant may pass a quota by what its unfinished tasks come to.
 */
export function requireRoom(ctx: Ctx, tenantId: bigint, { unfinishedTasks = 0, rows = 0, bytes = 0 }: Growth): void {
  const usage = usageOf(ctx, tenantId);
  const policy = policyOf(ctx, tenantId);
  const tasksMax = policy.unfinishedTasksMax === 0 ? limits.unfinishedTasksMax : policy.unfinishedTasksMax;
  if (unfinishedTasks > 0 && usage.unfinishedTasks + unfinishedTasks > tasksMax) {
    refuse('queue-full', `has ${usage.unfinishedTasks} unfinished tasks`, tasksMax, 'wait or cancel some');
  }
  const rowsMax = policy.rowsMax === 0n ? limits.rowsDefault : policy.rowsMax;
  if (rows > 0 && usage.rows + BigInt(rows) > rowsMax) {
    refuse('rows-full', `keeps ${usage.rows} rows of tasks, runs, recipes and rules`, rowsMax, keepLess);
  }
  const bytesMax = policy.bytesMax === 0n ? limits.bytesDefault : policy.bytesMax;
  if (bytes > 0 && usage.bytes + BigInt(bytes) > bytesMax) {
    refuse('bytes-full', `keeps ${usage.bytes} bytes of tasks, runs, recipes and rules`, bytesMax, keepLess);
  }
}

const keepLess = 'keep finished tasks for fewer days';

function refuse(code: string, seen: string, max: number | bigint, remedy: string): never {
  throw new SenderError(
    `${code}: the tenant ${seen}, and its quota is ${max}; ${remedy}, or let an owner raise the quota`,
  );
}
