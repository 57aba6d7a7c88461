import type { Ctx } from '../schema.ts';
import type { MeanCost } from './rehearse.ts';

/** Tasks that are looked at, the newest of the tenant. */
const lookedAtMax = 500;

/** What the newest tasks of a tenant that are done cost, by skill. */
export function meanCosts(ctx: Pick<Ctx, 'db'>, tenantId: bigint): (skill: string) => MeanCost {
  const sums = new Map<string, { sampled: number; micros: bigint; tokens: bigint }>();
  const newest = ctx.db.usage.tenantId.find(tenantId)?.lastTask ?? 0n;
  for (let id = newest; id > 0n && id > newest - BigInt(lookedAtMax); id -= 1n) {
    const task = ctx.db.task.id.find(id);
    const summary = task?.tenantId === tenantId ? ctx.db.summary.taskId.find(id) : undefined;
    if (!task || !summary) continue;
    const { costMicros, tokensIn, tokensOut } = summary.body;
    const sum = sums.get(task.skill) ?? { sampled: 0, micros: 0n, tokens: 0n };
    sums.set(task.skill, {
      sampled: sum.sampled + 1,
      micros: sum.micros + costMicros,
      tokens: sum.tokens + BigInt(tokensIn + tokensOut),
    });
  }
  return (skill) => {
    const sum = sums.get(skill);
    if (!sum) return { sampled: 0, micros: 0n, tokens: 0n };
    const of = BigInt(sum.sampled);
    return { sampled: sum.sampled, micros: sum.micros / of, tokens: sum.tokens / of };
  };
}
