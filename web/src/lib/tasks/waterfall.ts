import { millis } from '../format.ts';
import { type Attempt, isFinished, type Task, type Timing } from '../live/model.ts';

/** One stretch of a task's time. All times are milliseconds since the epoch. */
export interface Bar {
  readonly key: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly what:
    | { readonly kind: 'wait'; readonly attempt: number }
    | { readonly kind: 'attempt'; readonly attempt: Attempt }
    | { readonly kind: 'step'; readonly name: string }
    | { readonly kind: 'part'; readonly task: Task };
  /** Still going on. */
  readonly isOpen: boolean;
}

export interface Waterfall {
  readonly bars: readonly Bar[];
  readonly fromMs: number;
  readonly toMs: number;
}

/** Waits shorter than that are left out of between two attempts: nothing could be seen of them. */
const waitMsMin = 1;

/**
 * Where a task's time went, in the order in which it went: waiting, attempts, the measured steps of the last attempt,
 * and the task's parts.
 */
export function waterfall(
  task: Task,
  attempts: readonly Attempt[],
  timings: readonly Timing[],
  parts: readonly Task[],
  nowMs: number,
): Waterfall {
  const bars: Bar[] = [];
  const fromMs = millis(task.submittedAt);
  const hasFinished = isFinished(task.state.tag);
  const endMs = hasFinished && task.finishedAt !== undefined ? millis(task.finishedAt) : Math.max(nowMs, fromMs);
  const sorted = attempts.toSorted((a, b) => a.number - b.number);
  const last = sorted.at(-1);
  let freeMs = fromMs;
  for (const attempt of sorted) {
    const startMs = millis(attempt.startedAt);
    const stopMs = attempt.endedAt === undefined ? endMs : millis(attempt.endedAt);
    if (startMs - freeMs >= waitMsMin || attempt === sorted[0]) {
      bars.push({
        key: `wait-${attempt.number}`,
        fromMs: freeMs,
        toMs: Math.max(startMs, freeMs),
        what: { kind: 'wait', attempt: attempt.number },
        isOpen: false,
      });
    }
    bars.push({
      key: `attempt-${attempt.number}`,
      fromMs: startMs,
      toMs: Math.max(stopMs, startMs),
      what: { kind: 'attempt', attempt },
      isOpen: attempt.endedAt === undefined,
    });
    if (attempt === last && task.state.tag === 'Done') bars.push(...steps(timings, startMs));
    freeMs = Math.max(stopMs, startMs);
  }
  if (task.state.tag === 'Queued') {
    const what = { kind: 'wait', attempt: task.attempt + 1 } as const;
    bars.push({ key: `wait-${what.attempt}`, fromMs: freeMs, toMs: Math.max(endMs, freeMs), what, isOpen: true });
  }
  for (const part of parts) {
    const startMs = millis(part.claimedAt ?? part.submittedAt);
    const stopMs = part.finishedAt !== undefined && isFinished(part.state.tag) ? millis(part.finishedAt) : nowMs;
    bars.push({
      key: `part-${part.id}`,
      fromMs: startMs,
      toMs: Math.max(stopMs, startMs),
      what: { kind: 'part', task: part },
      isOpen: !isFinished(part.state.tag),
    });
  }
  return { bars, fromMs, toMs: Math.max(...bars.map(({ toMs }) => toMs), endMs, fromMs + 1) };
}

/** The steps follow one another: a limb reports how long each took, in their order. */
function steps(timings: readonly Timing[], startMs: number): Bar[] {
  let atMs = startMs;
  return timings.map(({ name, durationMs }, index) => {
    const bar: Bar = {
      key: `step-${index}`,
      fromMs: atMs,
      toMs: atMs + durationMs,
      what: { kind: 'step', name },
      isOpen: false,
    };
    atMs += durationMs;
    return bar;
  });
}

/** Round times for the axis, from 0 on, in milliseconds: at most five. */
export function ticksOf(lengthMs: number): number[] {
  const raw = lengthMs / 4;
  const magnitude = 10 ** Math.floor(Math.log10(Math.max(raw, 1)));
  const step = [1, 2, 5, 10].map((factor) => factor * magnitude).find((candidate) => candidate >= raw) ?? raw;
  const found: number[] = [];
  for (let at = 0; at <= lengthMs && found.length < 6; at += step) found.push(at);
  return found;
}
