import { availableParallelism } from 'node:os';
import { type Choice, chooseEngine } from './choose.ts';
import type { EngineName, RunRequest, RunResult, SandboxLevel } from './engine.ts';
import { Slots } from './slots.ts';

const WAITING_MAX = 64;

/** The sandbox of one machine: its strongest engine, with no more runs at once than the machine has processors. */
export class Sandbox {
  readonly engine: EngineName;
  readonly level: SandboxLevel;
  readonly detail: string;
  readonly #choice: Choice;
  readonly #slots: Slots;

  constructor(choice: Choice, runningMax: number = availableParallelism()) {
    this.engine = choice.engine.name;
    this.level = choice.engine.level;
    this.detail = choice.detail;
    this.#choice = choice;
    this.#slots = new Slots(runningMax, WAITING_MAX);
  }

  /** Chooses and self-tests an engine; throws `SandboxError` if none can be had. */
  static async open(): Promise<Sandbox> {
    return new Sandbox(await chooseEngine());
  }

  /** Runs a program when it is its turn; its time starts only then. */
  run(request: RunRequest, signal?: AbortSignal): Promise<RunResult> {
    return this.#slots.use(() => this.#choice.engine.run(request, signal), signal);
  }

  close(): Promise<void> {
    return this.#choice.engine.close();
  }
}
