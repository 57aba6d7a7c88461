import { evaluateExpression } from '../conditions/expression.ts';
import { durationOf } from '../conditions/shape.ts';
import type { Json, Scalar } from '../conditions/source.ts';
import { localDayOf } from '../lib/time-zone.ts';
import type { Gates, Over, Rule } from './rule.ts';

// What one rule makes of the events of one key. Times are microseconds since 1970. A window holds its first instant and not its
// last one; what is due at an instant comes before an event of that instant. So nothing depends on how late a timer is.

/** An event as a rule remembers it. */
export interface Token {
  readonly at: number;
  readonly event: number;
}

/** What a rule remembers of a key; JSON. Absent parts remember nothing. */
export interface Memory {
  /** Counting: how many tokens there are, and when the newest came. */
  count?: number | undefined;
  countedAt?: number | undefined;
  /** Sequence: for each number of steps taken the chain that began last. */
  chains?: (Chain | null)[] | undefined;
  /** Absence: what has not been followed yet, in order. */
  waits?: Wait[] | undefined;
  /** Join: the newest event of each pattern. */
  slots?: (Token | null)[] | undefined;
  /** Change: the value last seen. */
  value?: Scalar | undefined;
  /** Threshold: whether the number has passed the bound. */
  isBeyond?: true | undefined;
  /** Debounce: the completion that is held back. */
  held?: Completion | undefined;
  /** Once a period: the period in which it fired last. */
  period?: number | undefined;
  /** Cooldown and throttle: when it fired, the newest last. */
  firedAt?: number[] | undefined;
}

interface Chain {
  readonly start: number;
  readonly events: readonly number[];
}

interface Wait {
  readonly due: number;
  readonly event: number;
}

/** A rule is completed: since when, by which events, and how many there were. */
export interface Completion {
  readonly at: number;
  /** The newest 100, in their order. */
  readonly events: readonly number[];
  readonly count: number;
}

/** The events that a rule counts, kept apart from the rest of its memory because they may be many. */
export interface Tokens {
  push(token: Token): void;
  /** Forgets those of an instant and earlier. @returns how many these were */
  forgetUntil(at: number): number;
  newest(most: number): readonly Token[];
  clear(): void;
}

export interface Cell {
  readonly memory: Memory;
  readonly tokens: Tokens;
  /** By whose clocks days begin; empty for UTC. */
  readonly timeZone: string;
}

export interface Arrival {
  readonly event: number;
  readonly at: number;
  /** The event as conditions see it. */
  readonly scope: Json;
}

/** What came of it: when to fire, and in words why not. */
export interface Course {
  readonly fired: Completion[];
  readonly notes: string[];
}

export const eventsToldMax = 100;
/** Unfollowed events of one key; what comes while there are so many is not waited for. */
const waitsMax = 100;
const microsPerMs = 1000;
const dayMs = 86_400_000;

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

/** Forgets what is out of date. @returns whether nothing is remembered any more */
export function forget({ over, gates }: Rule, { memory, tokens, timeZone }: Cell, now: number): boolean {
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
  return Object.values(memory).every((part) => part === undefined);
}

function overTime(
  over: Over,
  { memory, tokens }: Cell,
  arrival: Arrival,
  matched: ReadonlySet<number>,
  course: Course,
): Completion | undefined {
  switch (over.kind) {
    case 'count':
      return countIt(over, memory, tokens, arrival, course);
    case 'sequence':
      return follow(over, memory, arrival, matched, course);
    case 'absence': {
      if (matched.has(1)) {
        if (memory.waits) course.notes.push('it followed in time');
        memory.waits = undefined;
      }
      if (!matched.has(0)) return undefined;
      const waits = memory.waits ?? [];
      if (waits.length >= waitsMax) {
        course.notes.push(`${waitsMax} events of its key wait to be followed already`);
        return undefined;
      }
      waits.push({ due: arrival.at + over.withinMs * microsPerMs, event: arrival.event });
      memory.waits = waits;
      course.notes.push(`it has ${durationOf(over.withinMs)} to be followed`);
      return undefined;
    }
    case 'join':
      return joinIt(over, memory, arrival, matched, course);
    case 'change':
      return compareIt(over, memory, arrival, course);
    case 'threshold':
      return measureIt(over, memory, arrival, course);
  }
}

type OverOf<K extends Over['kind']> = Extract<Over, { kind: K }>;

function countIt(
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

function follow(
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

function joinIt(
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

function compareIt(
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

function measureIt(
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

function completionOf({ at, event }: Arrival): Completion {
  return { at, events: [event], count: 1 };
}

function complete(gates: Gates, cell: Cell, completion: Completion, course: Course): void {
  if (gates.debounceMs === undefined) {
    pass(gates, cell, completion, course);
    return;
  }
  cell.memory.held = completion;
  course.notes.push(`it is held back until nothing completes it for ${durationOf(gates.debounceMs)}`);
}

function pass(
  { oncePerMs, cooldownMs, throttle }: Gates,
  { memory, timeZone }: Cell,
  completion: Completion,
  course: Course,
): void {
  const { at } = completion;
  const period = oncePerMs === undefined ? undefined : periodOf(at, oncePerMs, timeZone);
  if (period !== undefined && memory.period === period) {
    course.notes.push(`it has fired already in this period of ${durationOf(oncePerMs ?? 0)}`);
    return;
  }
  const fired = memory.firedAt ?? [];
  const last = fired.at(-1);
  if (cooldownMs !== undefined && last !== undefined && at - last < cooldownMs * microsPerMs) {
    course.notes.push(`it has fired less than ${durationOf(cooldownMs)} ago`);
    return;
  }
  if (throttle) {
    const recent = fired.filter((each) => at - each < throttle.withinMs * microsPerMs);
    if (recent.length >= throttle.most) {
      course.notes.push(`it has fired ${recent.length} times within ${durationOf(throttle.withinMs)}`);
      return;
    }
  }
  if (period !== undefined) memory.period = period;
  if (cooldownMs !== undefined || throttle) memory.firedAt = [...fired, at].slice(-(throttle?.most ?? 1));
  course.fired.push(completion);
}

/** Periods of whole days begin with a day where the tenant is, others are counted from 1970 by UTC. */
function periodOf(at: number, oncePerMs: number, timeZone: string): number {
  if (timeZone === '' || oncePerMs % dayMs !== 0) return Math.floor(at / (oncePerMs * microsPerMs));
  return Math.floor(localDayOf(at / microsPerMs, timeZone) / (oncePerMs / dayMs));
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

/** For how long a firing matters to the gates. */
function gateMs({ cooldownMs = 0, throttle }: Gates): number {
  return Math.max(cooldownMs, throttle?.withinMs ?? 0);
}

/** Nothing instead of a list in which there is nothing. */
function keepFull<T>(list: T[] | undefined): T[] | undefined {
  return list?.some((each) => each !== null) ? list : undefined;
}
