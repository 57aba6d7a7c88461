import { limits } from '../lib/limits.ts';
import { clip } from '../lib/text.ts';
import type { Ctx, RuleCountRow } from '../schema.ts';
import type { ActiveRule } from './active.ts';

const hourMicros = 3_600_000_000n;
const hours = 24;

interface Counted {
  readonly fired?: boolean;
  /** What went wrong; empty for nothing. */
  readonly error?: string;
  readonly keys?: number;
}

/** Counts what an active rule did. */
export function addToCount(
  ctx: Ctx,
  { ruleId, tenantId }: Pick<ActiveRule, 'ruleId' | 'tenantId'>,
  { fired = false, error = '', keys = 0 }: Counted,
): void {
  const before = ctx.db.ruleCount.ruleId.find(ruleId);
  const count = inThisHour(ctx, before ?? newCount(ctx, ruleId, tenantId));
  const perHour = fired ? [...count.perHour.slice(0, -1), (count.perHour.at(-1) ?? 0) + 1] : count.perHour;
  const after: RuleCountRow = {
    ...count,
    perHour,
    keys: count.keys + keys,
    ...(fired ? { firings: count.firings + 1n, lastFiredAt: ctx.timestamp } : {}),
    ...(error === ''
      ? {}
      : { failures: count.failures + 1n, lastError: clip(error, limits.errorCharsMax), lastErrorAt: ctx.timestamp }),
  };
  if (before) ctx.db.ruleCount.ruleId.update(after);
  else ctx.db.ruleCount.insert(after);
}

function newCount(ctx: Ctx, ruleId: bigint, tenantId: bigint): RuleCountRow {
  return {
    ruleId,
    tenantId,
    firings: 0n,
    failures: 0n,
    lastFiredAt: undefined,
    lastError: '',
    lastErrorAt: undefined,
    hour: hourOf(ctx),
    perHour: Array.from({ length: hours }, () => 0),
    keys: 0,
  };
}

function inThisHour(ctx: Ctx, count: RuleCountRow): RuleCountRow {
  const hour = hourOf(ctx);
  const passed = Math.min(hours, Math.max(0, hour - count.hour));
  if (passed === 0) return count;
  return { ...count, hour, perHour: [...count.perHour.slice(passed), ...Array.from({ length: passed }, () => 0)] };
}

function hourOf({ timestamp }: Ctx): number {
  return Number(timestamp.microsSinceUnixEpoch / hourMicros);
}
