import { Worker } from 'node:worker_threads';

const turnWord = 0;
const limitWord = 1;
const turnMax = 0x3fff_ffff;
/** How often the watchdog looks up, at least. */
const lookMsMax = 1000;

/**
 * Takes the main thread out of a guard that runs too long. It is a thread of its own that looks up now and then: to tell it of
 * a guard costs two writes to shared memory, where a timer for each would wake other threads twice.
 */
export class Watchdog {
  /** The number of the turn, odd while a guard runs and -1 once the thread is to be taken out; and the limit of the guard. */
  readonly #words = new Int32Array(new SharedArrayBuffer(8));
  #turn = 0;

  /** @param onCut called soon after the thread was taken out of a guard */
  constructor(onCut: () => void) {
    const resourceLimits = { maxOldGenerationSizeMb: 8, maxYoungGenerationSizeMb: 1 };
    const worker = new Worker(watch, { eval: true, workerData: this.#words, execArgv: [], resourceLimits });
    worker.on('message', onCut);
    worker.unref();
  }

  /** A guard begins: `limitMs` later or soon after, the thread is taken out of what it runs then. */
  begin(limitMs: number): void {
    if (this.#words[limitWord] !== limitMs) {
      Atomics.store(this.#words, limitWord, limitMs);
      Atomics.notify(this.#words, limitWord);
    }
    this.#turn = next(this.#turn);
    Atomics.store(this.#words, turnWord, this.#turn);
  }

  /** The guard has ended in time. When it has not, this never returns: the thread is taken out here. */
  end(): void {
    const running = this.#turn;
    while (Atomics.compareExchange(this.#words, turnWord, running, next(running)) !== running);
    this.#turn = next(running);
  }

  /** Whether the thread is being taken out of the guard that has begun, or was. */
  get hasCut(): boolean {
    return Atomics.load(this.#words, turnWord) === -1;
  }

  /** The thread has been taken out of the guard that had begun. */
  reset(): void {
    this.#turn = next(this.#turn);
    Atomics.store(this.#words, turnWord, this.#turn);
  }
}

function next(turn: number): number {
  return (turn + 1) & turnMax;
}

/** The watchdog's thread. A turn that it has seen before has lasted since then, because no number comes again soon. */
const watch = `
const { Session } = require('node:inspector');
const { parentPort, workerData: words } = require('node:worker_threads');
let session;
let seen = 0;
let sinceMs = 0;
for (;;) {
  const limitMs = Atomics.load(words, ${limitWord});
  Atomics.wait(words, ${limitWord}, limitMs, Math.min(${lookMsMax}, 1 + limitMs / 4));
  const turn = Atomics.load(words, ${turnWord});
  if (turn !== -1) {
    // A process waits at its end for sessions that are still connected.
    session?.disconnect();
    session = undefined;
  }
  if (turn !== seen) {
    seen = turn;
    sinceMs = performance.now();
  } else if (turn % 2 === 1 && performance.now() - sinceMs >= limitMs) {
    if (Atomics.compareExchange(words, ${turnWord}, turn, -1) !== turn) continue;
    session = new Session();
    session.connectToMainThread();
    session.post('Runtime.terminateExecution');
    parentPort.postMessage('cut');
  }
}`;
