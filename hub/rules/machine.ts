import { durationOf } from '../conditions/shape.ts';
import { dayMs } from '../lib/time.ts';
import { complete, gateMs, pass, periodOf } from './gates.ts';
import { type Arrival, type Cell, type Course, keepFull, type Memory, microsPerMs } from './memory.ts';
import { completionOf, overTime } from './over-time.ts';
import type { Gates, Over, Rule } from './rule.ts';

// What one rule makes of the events of one key, as time passes. Times are microseconds since 1970. What is due at an instant
// comes before an event of that instant, so nothing depends on how late a timer is.

/** Lets what is due by now happen. */
export function advance({ over, gates }: Rule, cell: Cell, now: number, course: Course): void {
  const { memory } = cell;
  for (;;) {
    const wait = memory.waits?.[0];
    const held = memory.held;
    const heldDue = held ? held.at + (gates.debounceMs ?? 0) * microsPerMs : Number.POSITIVE_INFINITY;
    if (wait && wait.due <= now && wait.due < heldDue) {
      memory.waits = keepFull(memory.waits?.slice(1));
      const withinMs = over?.kind === 'absence' ? over.withinMs : 0;
      course.notes.push(`nothing followed within ${durationOf(withinMs)}`);
      complete(gates, cell, { at: wait.due, events: [wait.event], count: 1 }, course);
    } else if (held && heldDue <= now) {
      memory.held = undefined;
      pass(gates, cell, { ...held, at: heldDue }, course);
    } else {
      return;
    }
  }
}

/** Takes an event that some of the rule's patterns match; what was due before it has happened already. */
export function accept(
  { over, gates }: Rule,
  cell: Cell,
  arrival: Arrival,
  matched: ReadonlySet<number>,
  course: Course,
) {
  const completion = over ? overTime(over, cell, arrival, matched, course) : completionOf(arrival);
  if (completion) complete(gates, cell, completion, course);
}

/** When something is due, or, if nothing is, when all that is remembered is out of date; never without an end. */
export function wakeAt({ over, gates }: Rule, memory: Memory): number | undefined {
  const due = Math.min(
    memory.waits?.[0]?.due ?? Number.POSITIVE_INFINITY,
    memory.held ? memory.held.at + (gates.debounceMs ?? 0) * microsPerMs : Number.POSITIVE_INFINITY,
  );
  const wake = due === Number.POSITIVE_INFINITY ? outOfDateAt(over, gates, memory) : due;
  return wake === Number.POSITIVE_INFINITY ? undefined : wake;
}

/** Forgets what is out of date. */
export function forget({ over, gates }: Rule, { memory, tokens, timeZone }: Cell, now: number): void {
  const start = now - (over && 'withinMs' in over ? over.withinMs : 0) * microsPerMs;
  if (memory.count !== undefined) {
    const left = memory.count - tokens.forgetUntil(start);
    memory.count = left === 0 ? undefined : left;
    if (left === 0) memory.countedAt = undefined;
  }
  memory.chains = keepFull(memory.chains?.map((chain) => (chain && chain.start > start ? chain : null)));
  memory.slots = keepFull(memory.slots?.map((slot) => (slot && slot.at > start ? slot : null)));
  if (memory.period !== undefined && periodOf(now, gates.oncePerMs ?? 1, timeZone) > memory.period) {
    memory.period = undefined;
  }
  const rememberedMicros = gateMs(gates) * microsPerMs;
  memory.firedAt = keepFull(memory.firedAt?.filter((at) => at + rememberedMicros > now));
}

/** When nothing of it matters any more, or later: clocks that are behind UTC end a period up to half a day after it. */
function outOfDateAt(over: Over | undefined, gates: Gates, memory: Memory): number {
  if (memory.value !== undefined || memory.isBeyond) return Number.POSITIVE_INFINITY;
  const withinMicros = (over && 'withinMs' in over ? over.withinMs : 0) * microsPerMs;
  const lastFired = memory.firedAt?.at(-1);
  return Math.max(
    0,
    memory.countedAt === undefined ? 0 : memory.countedAt + withinMicros,
    ...(memory.chains ?? []).map((chain) => (chain ? chain.start + withinMicros : 0)),
    ...(memory.slots ?? []).map((slot) => (slot ? slot.at + withinMicros : 0)),
    lastFired === undefined ? 0 : lastFired + gateMs(gates) * microsPerMs,
    memory.period === undefined ? 0 : ((memory.period + 1) * (gates.oncePerMs ?? 0) + dayMs) * microsPerMs,
  );
}
