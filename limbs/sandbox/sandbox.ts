import { availableParallelism } from 'node:os';
import { LimbError } from '../errors.ts';
import { type Choice, chooseEngine } from './choose.ts';
import type { EngineName, RunRequest, RunResult, SandboxLevel } from './engine.ts';
import { Slots } from './slots.ts';

const waitingMax = 64;

/** The sandbox of one machine: its strongest engine, with no more runs at once than the machine has processors. */
export class Sandbox {
  readonly engine: EngineName;
  readonly level: SandboxLevel;
  readonly detail: string;
  readonly #choice: Choice;
  readonly #slots: Slots;
  readonly #closing = new AbortController();
  readonly #running = new Set<Promise<RunResult>>();

  constructor(choice: Choice, runningMax: number = availableParallelism()) {
    this.engine = choice.engine.name;
    this.level = choice.engine.level;
    this.detail = choice.detail;
    this.#choice = choice;
    this.#slots = new Slots(runningMax, waitingMax);
  }

  /** Chooses and self-tests an engine; throws `LimbError` if none can be had. */
  static async open(): Promise<Sandbox> {
    return new Sandbox(await chooseEngine());
  }

  /** Runs a program when it is its turn; its time starts only then. */
  async run(request: RunRequest, signal?: AbortSignal): Promise<RunResult> {
    const stop = signal ? AbortSignal.any([signal, this.#closing.signal]) : this.#closing.signal;
    const running = this.#slots.use(() => this.#choice.engine.run(request, stop), stop);
    this.#running.add(running);
    try {
      return await running;
    } finally {
      this.#running.delete(running);
    }
  }

  /** Stops what runs, and what the engine keeps ready. */
  async close(): Promise<void> {
    this.#closing.abort(new LimbError('sandbox-closed', 'The sandbox was closed.'));
    await Promise.allSettled(this.#running);
    await this.#choice.engine.close();
  }
}
