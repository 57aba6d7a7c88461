import { limits } from '../lib/limits.ts';
import { ascending } from '../lib/order.ts';
import type { Ctx, EventRow, RuleMemoryRow } from '../schema.ts';
import { type ActiveRule, activeRuleOf, networkOf } from './active.ts';
import { cellOf, closeCell, dropCell, openCell, type StoredCell } from './cells.ts';
import { addToCount } from './counts.ts';
import { type Emit, Firings } from './fire.ts';
import { accept, advance, forget } from './machine.ts';
import type { Arrival, Course } from './memory.ts';
import { groupsOf } from './patterns.ts';
import { eventScope, microsOf } from './scopes.ts';

/**
 * Takes an event through the active rules of its tenant, in the transaction that brings it, and lets those act that it
 * completes, the longest active first. What a rule may not do is told in its firing; the event is taken whatever becomes of it.
 */
export function matchEvent(ctx: Ctx, event: EventRow, emit: Emit): void {
  const ruleset = ctx.db.ruleset.tenantId.find(event.tenantId);
  if (!ruleset || ruleset.active === 0) return;
  const scope = eventScope(event);
  const matches = networkOf(ctx, ruleset).match(scope);
  if (matches.length === 0) return;
  const arrival = { event: Number(event.id), at: microsOf(event), scope };
  const firings = new Firings(ctx, emit);
  const inOrder = matches.toSorted((a, b) => ascending(a.member.activation, b.member.activation));
  for (const { member, patterns } of inOrder) take(ctx, member, arrival, patterns, firings);
  firings.finish();
}

/** Lets what is due happen that a rule remembers of a key, and forgets what is out of date. */
export function wakeMemory(ctx: Ctx, row: RuleMemoryRow, emit: Emit): void {
  const activation = ctx.db.ruleActivation.id.find(row.activation);
  if (!activation || activation.until) {
    dropCell(ctx, row);
    return;
  }
  const active = activeRuleOf(ctx, activation);
  const firings = new Firings(ctx, emit);
  const cell = cellOf(ctx, active, { ...row, wakeAt: 0n });
  const now = Number(ctx.timestamp.microsSinceUnixEpoch);
  fireAll(active, cell, firings, (course) => advance(active.rule, cell, now, course));
  forget(active.rule, cell, now);
  closeCell(ctx, active, cell);
  firings.finish();
}

function take(ctx: Ctx, active: ActiveRule, arrival: Arrival, matched: ReadonlySet<number>, firings: Firings): void {
  const { rule } = active;
  for (const [group, indexes] of groupsOf(rule, matched, arrival.scope)) {
    if (isStateless(active)) {
      firings.fire(active, { at: arrival.at, events: [arrival.event], count: 1 }, group);
      continue;
    }
    const cell = openCell(ctx, active, group);
    if (!cell) {
      const error = `too-many-keys: it remembers something of ${limits.ruleKeysMax} keys, so ${group} was passed over`;
      addToCount(ctx, active, { error });
      continue;
    }
    fireAll(active, cell, firings, (course) => {
      advance(rule, cell, arrival.at, course);
      accept(rule, cell, arrival, indexes, course);
    });
    closeCell(ctx, active, cell);
  }
}

/** Fires the rule for whatever `run` completes. */
function fireAll(active: ActiveRule, cell: StoredCell, firings: Firings, run: (course: Course) => void): void {
  const course: Course = { fired: [], notes: [] };
  run(course);
  for (const completion of course.fired) firings.fire(active, completion, cell.row.groupKey);
}

function isStateless({ rule: { over, gates } }: ActiveRule): boolean {
  return over === undefined && Object.values(gates).every((gate) => gate === undefined);
}
