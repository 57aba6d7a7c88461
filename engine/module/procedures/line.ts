import { type MessagePort, receiveMessageOnPort, type Worker } from 'node:worker_threads';
import { type Answer, type FromThread, signalAt } from './messages.ts';

/** How often a host that waits looks whether the thread still lives. */
const lookMs = 50;

/** The host's end of a thread's channel. */
export class Line {
  readonly #worker: Worker;
  readonly #port: MessagePort;
  readonly #signal: Int32Array;

  /** `receive` gets what the thread sends while the event loop turns. */
  constructor(worker: Worker, port: MessagePort, signal: SharedArrayBuffer, receive: (message: FromThread) => void) {
    this.#worker = worker;
    this.#port = port;
    this.#signal = new Int32Array(signal);
    port.on('message', receive);
    // A thread that waits for work does not keep the program running.
    port.unref();
  }

  answer(answer: Answer): void {
    this.#port.postMessage(answer);
    Atomics.store(this.#signal, signalAt.answered, 1);
    Atomics.notify(this.#signal, signalAt.answered);
  }

  /**
   * Takes the next message and stops everything else on the calling thread until it is there.
   * @param untilMs of `performance.now()`
   */
  take(untilMs: number): FromThread | 'late' | 'dead' {
    for (;;) {
      const leftMs = untilMs - performance.now();
      if (leftMs <= 0) return 'late';
      // Read before the port, so that a message which comes in between ends the wait at once.
      const told = Atomics.load(this.#signal, signalAt.told);
      const received = receiveMessageOnPort(this.#port) as { readonly message: FromThread } | undefined;
      if (received !== undefined) return received.message;
      const waited = Atomics.wait(this.#signal, signalAt.told, told, Math.min(leftMs, lookMs));
      if (waited === 'timed-out' && this.#isDead) return 'dead';
    }
  }

  close(): void {
    this.#port.close();
  }

  /** The one sign of a thread that ran out of memory which can be seen without a turn of the event loop. */
  get #isDead(): boolean {
    return this.#worker.performance.eventLoopUtilization().idle < 0;
  }
}
