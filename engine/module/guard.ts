import { createContext, Script } from 'node:vm';

// Strict, so that a stack frame does not give its globals away to a module that asks for it.
const call = new Script('"use strict"; run()', { filename: 'guard' });
const room = createContext({ run: undefined as unknown }) as { run: unknown };

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

/**
 * Runs `run` and takes the thread out of it, wherever it is, after `limitMs`.
 * It starts a watchdog thread, about 70 µs: put a batch of calls into one. An infinite limit is none and costs nothing.
 * @throws TimeLimit
 */
export function withTimeLimit<T>(limitMs: number, run: () => T): T {
  if (limitMs === Number.POSITIVE_INFINITY) return run();
  const outer = room.run;
  room.run = run;
  try {
    return call.runInContext(room, { timeout: Math.ceil(limitMs) }) as T;
  } catch (error) {
    if ((error as { code?: unknown } | undefined)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT') {
      throw new TimeLimit(limitMs, undefined, { cause: error });
    }
    throw error;
  } finally {
    room.run = outer;
  }
}
