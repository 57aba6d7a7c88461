import { ScheduleAt } from 'spacetimedb';
import { Range } from 'spacetimedb/server';
import { timeZoneOf } from '../keeping/policy.ts';
import { limits } from '../lib/limits.ts';
import { ascending } from '../lib/order.ts';
import type { Ctx, RuleMemoryRow } from '../schema.ts';
import type { ActiveRule } from './active.ts';
import { addToCount } from './counts.ts';
import { wakeAt } from './machine.ts';
import { type Cell, isEmpty, type Memory, type Tokens } from './memory.ts';

// What active rules remember, in tables: it is there after a restart, and gone with a transaction that is undone.

/** What a rule remembers of a key, as it is in the tables. */
export interface StoredCell extends Cell {
  readonly row: RuleMemoryRow;
}

/** Opens what a rule remembers of a key; none when it remembers something of too many others. */
export function openCell(ctx: Ctx, active: ActiveRule, group: string): StoredCell | undefined {
  const key = `${active.activation}/${group}`;
  const known = ctx.db.ruleMemory.key.find(key);
  if (known) return cellOf(ctx, active, known);
  const keys = ctx.db.ruleCount.ruleId.find(active.ruleId)?.keys ?? 0;
  if (keys >= limits.ruleKeysMax) return undefined;
  addToCount(ctx, active, { keys: 1 });
  const { activation, ruleId } = active;
  return cellOf(
    ctx,
    active,
    ctx.db.ruleMemory.insert({ id: 0n, key, activation, ruleId, groupKey: group, memory: '{}', wakeAt: 0n }),
  );
}

export function cellOf(ctx: Ctx, { rule, tenantId }: ActiveRule, row: RuleMemoryRow): StoredCell {
  const timeZone = rule.gates.oncePerMs === undefined ? '' : timeZoneOf(ctx, tenantId);
  return { row, memory: JSON.parse(row.memory) as Memory, tokens: new StoredTokens(ctx, row.id), timeZone };
}

/** Keeps what is remembered, with a timer for when something is due; a cell that remembers nothing goes. */
export function closeCell(ctx: Ctx, active: ActiveRule, { row, memory }: StoredCell): void {
  if (isEmpty(memory)) {
    dropCell(ctx, row);
    addToCount(ctx, active, { keys: -1 });
    return;
  }
  const text = JSON.stringify(memory);
  const wake = wakeAt(active.rule, memory);
  // A timer that is too early wakes it, finds nothing due, and is set again: cheaper than moving it with every event. One whose
  // time has come may have rung already.
  const isSet = row.wakeAt > ctx.timestamp.microsSinceUnixEpoch;
  const isSoonEnough = wake === undefined || (isSet && row.wakeAt <= BigInt(Math.ceil(wake)));
  const at = isSoonEnough ? row.wakeAt : setTimer(ctx, row.id, wake);
  if (text !== row.memory || at !== row.wakeAt) ctx.db.ruleMemory.id.update({ ...row, memory: text, wakeAt: at });
}

/** Deletes a cell with its tokens and its timer. */
export function dropCell(ctx: Ctx, row: RuleMemoryRow): void {
  ctx.db.ruleToken.byAge.delete(row.id);
  ctx.db.ruleTimer.memoryId.delete(row.id);
  ctx.db.ruleMemory.id.delete(row.id);
}

function setTimer(ctx: Ctx, memoryId: bigint, wake: number): bigint {
  const at = BigInt(Math.ceil(wake));
  ctx.db.ruleTimer.memoryId.delete(memoryId);
  ctx.db.ruleTimer.insert({ id: 0n, scheduledAt: ScheduleAt.time(at), memoryId });
  return at;
}

class StoredTokens implements Tokens {
  readonly #ctx: Ctx;
  readonly #memoryId: bigint;

  constructor(ctx: Ctx, memoryId: bigint) {
    this.#ctx = ctx;
    this.#memoryId = memoryId;
  }

  push({ at, event }: { readonly at: number; readonly event: number }): void {
    this.#ctx.db.ruleToken.insert({ id: 0n, memoryId: this.#memoryId, at: BigInt(at), event: BigInt(event) });
  }

  forgetUntil(at: number): number {
    const old = new Range<bigint>(null, { tag: 'included', value: BigInt(Math.floor(at)) });
    return this.#ctx.db.ruleToken.byAge.delete([this.#memoryId, old]);
  }

  newest(most: number): readonly { readonly at: number; readonly event: number }[] {
    const all = [...this.#ctx.db.ruleToken.byAge.filter(this.#memoryId)];
    const inOrder = all.sort((a, b) => ascending(a.event, b.event)).slice(-most);
    return inOrder.map(({ at, event }) => ({ at: Number(at), event: Number(event) }));
  }

  clear(): void {
    this.#ctx.db.ruleToken.byAge.delete(this.#memoryId);
  }
}
