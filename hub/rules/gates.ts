import { durationOf } from '../conditions/shape.ts';
import { dayMs } from '../lib/time.ts';
import { localDayOf } from '../lib/time-zone.ts';
import { type Cell, type Completion, type Course, microsPerMs } from './memory.ts';
import type { Gates } from './rule.ts';

// What keeps a completed rule from firing, for each key by itself.

/** Lets a completed rule fire, unless it waits for quiet or a gate is closed. */
export function complete(gates: Gates, cell: Cell, completion: Completion, course: Course): void {
  if (gates.debounceMs === undefined) {
    pass(gates, cell, completion, course);
    return;
  }
  cell.memory.held = completion;
  course.notes.push(`it is held back until nothing completes it for ${durationOf(gates.debounceMs)}`);
}

/** Lets a rule fire that has waited for quiet, unless a gate is closed. */
export function pass(
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
export function periodOf(at: number, oncePerMs: number, timeZone: string): number {
  if (timeZone === '' || oncePerMs % dayMs !== 0) return Math.floor(at / (oncePerMs * microsPerMs));
  return Math.floor(localDayOf(at / microsPerMs, timeZone) / (oncePerMs / dayMs));
}

/** For how long a firing matters to the gates. */
export function gateMs({ cooldownMs = 0, throttle }: Gates): number {
  return Math.max(cooldownMs, throttle?.withinMs ?? 0);
}
