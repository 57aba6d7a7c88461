import { Session } from 'node:inspector';
import { createContext } from 'node:vm';
import { isMainThread } from 'node:worker_threads';
import { AssertionError, assert } from '../errors.ts';
import { Watchdog } from './watchdog.ts';

/** The thread was taken out of code that ran longer than its limit; nothing of that code, `finally` included, ran on. */
export class TimeLimit extends Error {
  override readonly name = 'TimeLimit';
  readonly limitMs: number;

  /** @param message default: says it of `A call` */
  constructor(
    limitMs: number,
    message = `A call was ended because it ran longer than ${limitMs} ms.`,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.limitMs = limitMs;
  }
}

/** The thread was taken out of the host's own work: what that was changing in memory may be half changed. */
export class HostCut extends AssertionError {}

/**
 * What runs with nothing but the event loop beneath it. When the thread is taken out of a guard in it that can be resumed,
 * nothing is left of either; soon after it is called again, and that guard, entered again, throws.
 */
let bare: (() => void) | undefined;
/** It is called again, and has not come to the guard yet. */
let isResuming = false;

/** Calls `run`, which nothing but the event loop may be beneath, and calls it again after the thread was taken out of it. */
export function runBare(run: () => void): void {
  resumeBare();
  bare = run;
  try {
    run();
  } finally {
    bare = undefined;
  }
}

/**
 * Calls what was cut off again, if anything was. Whoever comes first after it is to do so, so that nobody sees what was left
 * half done; inside of a guard that can be resumed nobody may.
 */
export function resumeBare(): void {
  if (bare === undefined || room?.watchdog?.hasCut !== true) return;
  const run = bare;
  bare = undefined;
  room.watchdog.reset();
  isResuming = true;
  try {
    run();
  } finally {
    isResuming = false;
  }
}

/**
 * Runs `run` and takes the thread out of it, wherever it is, `limitMs` later or soon after.
 * It costs 10 to 20 µs: put a batch of calls into one. An infinite limit is none and costs nothing.
 * @param isResumable whether in `runBare` it may end with all of the stack. That costs next to nothing.
 * @throws TimeLimit
 */
export function withTimeLimit<T>(limitMs: number, run: () => T, isResumable = false): T {
  if (isResumable && isResuming) {
    isResuming = false;
    throw new TimeLimit(limitMs);
  }
  resumeBare();
  if (limitMs === Number.POSITIVE_INFINITY) return run();
  room ??= openRoom();
  if (isResumable && bare !== undefined && room.watchdog !== undefined) return watched(room.watchdog, limitMs, run);
  const { globals } = room;
  const outer = globals.run;
  // The watchdog has one guard in mind.
  const watchdog = outer === undefined ? room.watchdog : undefined;
  let ending: { readonly value: T } | { readonly error: unknown } | undefined;
  globals.run = () => {
    watchdog?.begin(limitMs);
    try {
      ending = { value: run() };
    } catch (error) {
      ending = { error };
    }
    watchdog?.end();
  };
  const cause = room.evaluate(watchdog === undefined ? Math.ceil(limitMs) : undefined);
  globals.run = outer;
  if (cause !== null) watchdog?.reset();
  // What was taken out of `run` has come to no ending.
  if (ending === undefined) throw new TimeLimit(limitMs, undefined, { cause });
  if ('error' in ending) throw ending.error;
  return ending.value;
}

function watched<T>(watchdog: Watchdog, limitMs: number, run: () => T): T {
  watchdog.begin(limitMs);
  try {
    return run();
  } finally {
    watchdog.end();
  }
}

/** A context of its own, so that a stack frame does not give anything away to a module that asks for it. */
interface Room {
  readonly globals: { run: (() => void) | undefined };
  /** Only the main thread has one. */
  readonly watchdog: Watchdog | undefined;
  /** Calls `run` of the globals. @returns what the inspector says when it was ended */
  evaluate(limitMs: number | undefined): Error | null;
}

let room: Room | undefined;

/**
 * Out of an evaluation of the inspector the thread can be taken and goes on behind it. The same can be had of `vm`, which
 * starts a thread each time and waits for its end: that costs several times as much, and milliseconds on a busy machine.
 */
function openRoom(): Room {
  const name = 'time limit';
  const globals = { run: undefined };
  createContext(globals, { name });
  const session = new Session();
  session.connect();
  let contextId: number | undefined;
  session.on('Runtime.executionContextCreated', ({ params: { context } }) => {
    if (context.name === name) contextId = context.id;
  });
  session.post('Runtime.enable');
  session.post('Runtime.disable');
  assert(contextId !== undefined, 'the inspector knows no context for time limits');
  const evaluation = { expression: '"use strict"; void run()\n//# sourceURL=guard', contextId, silent: true };
  return {
    globals,
    watchdog: isMainThread ? new Watchdog(resumeBare) : undefined,
    evaluate(limitMs) {
      let failure: Error | null = null;
      const asked = limitMs === undefined ? evaluation : { ...evaluation, timeout: limitMs };
      // On its own thread the inspector answers before `post` returns.
      session.post('Runtime.evaluate', asked, (error) => {
        failure = error;
      });
      return failure;
    },
  };
}
