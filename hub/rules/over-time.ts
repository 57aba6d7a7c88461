import { evaluateExpression } from '../conditions/expression.ts';
import { durationOf } from '../conditions/shape.ts';
import type { Scalar } from '../conditions/source.ts';
import {
  type Arrival,
  type Cell,
  type Chain,
  type Completion,
  type Course,
  keepFull,
  type Memory,
  microsPerMs,
  type Tokens,
} from './memory.ts';
import type { Over } from './rule.ts';

// What must come to pass over time and between events before a rule is completed. A window holds its first instant and not
// its last one.

/** Of the events that complete a rule, the newest are told. */
const eventsToldMax = 100;
/** Unfollowed events of one key; what comes while there are so many is not waited for. */
const waitsMax = 100;

/** What an event comes to with those before it. @returns the completion of the rule, if it completes it */
export function overTime(
  over: Over,
  { memory, tokens }: Cell,
  arrival: Arrival,
  matched: ReadonlySet<number>,
  course: Course,
): Completion | undefined {
  switch (over.kind) {
    case 'count':
      return countOne(over, memory, tokens, arrival, course);
    case 'sequence':
      return takeStep(over, memory, arrival, matched, course);
    case 'absence':
      return waitForNone(over, memory, arrival, matched, course);
    case 'join':
      return joinOne(over, memory, arrival, matched, course);
    case 'change':
      return noticeChange(over, memory, arrival, course);
    case 'threshold':
      return passBound(over, memory, arrival, course);
  }
}

type OverOf<K extends Over['kind']> = Extract<Over, { kind: K }>;

function countOne(
  { atLeast, withinMs }: OverOf<'count'>,
  memory: Memory,
  tokens: Tokens,
  arrival: Arrival,
  course: Course,
): Completion | undefined {
  const left = (memory.count ?? 0) - tokens.forgetUntil(arrival.at - withinMs * microsPerMs);
  const count = left + 1;
  if (count < atLeast) {
    tokens.push({ at: arrival.at, event: arrival.event });
    memory.count = count;
    memory.countedAt = arrival.at;
    course.notes.push(`${count} of ${atLeast} events within ${durationOf(withinMs)}`);
    return undefined;
  }
  const before = tokens.newest(eventsToldMax - 1).map(({ event }) => event);
  tokens.clear();
  memory.count = undefined;
  memory.countedAt = undefined;
  return { at: arrival.at, events: [...before, arrival.event], count };
}

function takeStep(
  { steps, withinMs }: OverOf<'sequence'>,
  memory: Memory,
  { at, event }: Arrival,
  matched: ReadonlySet<number>,
  course: Course,
): Completion | undefined {
  const chains = memory.chains ?? steps.map(() => null);
  const isOpen = (chain: Chain | null | undefined): chain is Chain =>
    chain !== null && chain !== undefined && at - chain.start < withinMs * microsPerMs;
  // The last step first, so that one event is not two steps of a chain. Of chains with the same steps taken, the one that
  // began last has the most time left, so no other needs to be remembered.
  for (let step = steps.length; step >= 1; step -= 1) {
    const before = chains[step - 1];
    if (!matched.has(step) || !isOpen(before)) continue;
    const chain = { start: before.start, events: [...before.events, event] };
    if (step === steps.length) {
      memory.chains = undefined;
      return { at, events: chain.events, count: chain.events.length };
    }
    const other = chains[step];
    if (!isOpen(other) || other.start <= chain.start) chains[step] = chain;
    course.notes.push(`step ${step + 1} of ${steps.length + 1} within ${durationOf(withinMs)}`);
  }
  if (matched.has(0)) {
    chains[0] = { start: at, events: [event] };
    course.notes.push(`step 1 of ${steps.length + 1} within ${durationOf(withinMs)}`);
  } else if (course.notes.length === 0) {
    course.notes.push('the step before it has not been taken in time');
  }
  memory.chains = keepFull(chains);
  return undefined;
}

function waitForNone(
  { withinMs }: OverOf<'absence'>,
  memory: Memory,
  { at, event }: Arrival,
  matched: ReadonlySet<number>,
  course: Course,
): undefined {
  if (matched.has(1)) {
    if (memory.waits) course.notes.push('it followed in time');
    memory.waits = undefined;
  }
  if (!matched.has(0)) return;
  const waits = memory.waits ?? [];
  if (waits.length >= waitsMax) {
    course.notes.push(`${waitsMax} events of its key wait to be followed already`);
    return;
  }
  waits.push({ due: at + withinMs * microsPerMs, event });
  memory.waits = waits;
  course.notes.push(`it has ${durationOf(withinMs)} to be followed`);
}

function joinOne(
  { others, withinMs }: OverOf<'join'>,
  memory: Memory,
  { at, event }: Arrival,
  matched: ReadonlySet<number>,
  course: Course,
): Completion | undefined {
  const before = memory.slots ?? Array.from({ length: others.length + 1 }, () => null);
  const slots = before.map((slot, index) => (matched.has(index) ? { at, event } : slot));
  const open = slots.filter((slot) => slot !== null && at - slot.at < withinMs * microsPerMs);
  if (open.length < slots.length) {
    memory.slots = slots;
    course.notes.push(`${open.length} of ${slots.length} events within ${durationOf(withinMs)}`);
    return undefined;
  }
  memory.slots = undefined;
  const events = [...new Set(open.map((slot) => slot?.event ?? 0))].sort((a, b) => a - b);
  return { at, events, count: events.length };
}

function noticeChange(
  { of, from, to }: OverOf<'change'>,
  memory: Memory,
  arrival: Arrival,
  course: Course,
): Completion | undefined {
  const value = evaluateExpression(of, arrival.scope);
  if (value === undefined || (value !== null && typeof value === 'object')) {
    course.notes.push('it has no value that could change');
    return undefined;
  }
  const before = memory.value;
  const changed = before !== undefined && before !== value;
  memory.value = value as Scalar;
  const seen = `${JSON.stringify(before)} before, ${JSON.stringify(value)} now`;
  if (!changed) course.notes.push(before === undefined ? 'its value is the first one' : `its value is ${seen}`);
  else if ((from !== undefined && from !== before) || (to !== undefined && to !== value)) {
    course.notes.push(`its value changed otherwise: ${seen}`);
  } else {
    return completionOf(arrival);
  }
  return undefined;
}

function passBound(
  { of, side, bound, rearm }: OverOf<'threshold'>,
  memory: Memory,
  arrival: Arrival,
  course: Course,
): Completion | undefined {
  const value = evaluateExpression(of, arrival.scope);
  if (typeof value !== 'number') {
    course.notes.push('it has no number to compare with the bound');
    return undefined;
  }
  const isBeyond = side === 'above' ? value > bound : value < bound;
  if (memory.isBeyond) {
    const isBack = side === 'above' ? value <= rearm : value >= rearm;
    if (isBack) memory.isBeyond = undefined;
    course.notes.push(
      isBack ? `${value} arms it again` : `${value} is still ${side} ${rearm}, where it is armed again`,
    );
    return undefined;
  }
  if (!isBeyond) {
    course.notes.push(`${value} is not ${side} ${bound}`);
    return undefined;
  }
  memory.isBeyond = true;
  return completionOf(arrival);
}

/** A rule that its own event completes. */
export function completionOf({ at, event }: Arrival): Completion {
  return { at, events: [event], count: 1 };
}
