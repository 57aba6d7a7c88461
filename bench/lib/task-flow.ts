import { setTimeout as sleep } from 'node:timers/promises';
import { paced } from './paced.ts';
import { Latencies, type Run, type Span } from './stats.ts';

const drainMsMax = 10_000;

/** What is measured of tasks, however they are queued. */
export interface TaskAsks {
  /** Keeps so many tasks under way, and counts those that are done. Latency is from submit to done. */
  throughput(argument: Span & { readonly underWay: number }): Promise<Run>;
  /** Submits so many tasks a second. Latency is from submit to claim. */
  latency(argument: Span & { readonly perSecond: number }): Promise<Run>;
}

/** Follows tasks from submit to done, by a key of the submitter's. */
export class TaskFlow implements TaskAsks {
  readonly #submit: (key: string) => Promise<unknown>;
  readonly #submittedMs = new Map<string, number>();
  #nextKey = 0;
  #onClaimed: (submittedMs: number) => void = () => {};
  #onDone: (submittedMs: number) => void = () => {};

  constructor(submit: (key: string) => Promise<unknown>) {
    this.#submit = submit;
  }

  claimed(key: string): void {
    const submittedMs = this.#submittedMs.get(key);
    if (submittedMs !== undefined) this.#onClaimed(submittedMs);
  }

  done(key: string): void {
    const submittedMs = this.#submittedMs.get(key);
    if (submittedMs === undefined) return;
    this.#submittedMs.delete(key);
    this.#onDone(submittedMs);
  }

  throughput = async ({ warmupMs, measureMs, underWay }: Span & { readonly underWay: number }): Promise<Run> => {
    const latencies = new Latencies();
    const fromMs = performance.now() + warmupMs;
    const untilMs = fromMs + measureMs;
    let completed = 0;
    this.#onDone = (submittedMs) => {
      const nowMs = performance.now();
      if (nowMs >= untilMs) return;
      if (nowMs >= fromMs) {
        completed += 1;
        latencies.add(nowMs - submittedMs);
      }
      this.#submitOne();
    };
    for (let i = 0; i < underWay; i++) this.#submitOne();
    await sleep(warmupMs + measureMs);
    await this.#drained();
    return { perSecond: completed / (measureMs / 1000), p50Ms: latencies.ms(50), p99Ms: latencies.ms(99) };
  };

  latency = async ({ warmupMs, measureMs, perSecond }: Span & { readonly perSecond: number }): Promise<Run> => {
    const latencies = new Latencies();
    const fromMs = performance.now() + warmupMs;
    this.#onDone = () => {};
    this.#onClaimed = (submittedMs) => {
      if (submittedMs >= fromMs) latencies.add(performance.now() - submittedMs);
    };
    await paced(perSecond, warmupMs + measureMs, () => this.#submitOne());
    await this.#drained();
    this.#onClaimed = () => {};
    return { perSecond: latencies.count / (measureMs / 1000), p50Ms: latencies.ms(50), p99Ms: latencies.ms(99) };
  };

  #submitOne(): void {
    const key = `${process.pid}-${this.#nextKey++}`;
    this.#submittedMs.set(key, performance.now());
    this.#submit(key).catch((error) => {
      throw error;
    });
  }

  async #drained(): Promise<void> {
    const untilMs = performance.now() + drainMsMax;
    while (this.#submittedMs.size > 0) {
      if (performance.now() > untilMs) throw new Error(`${this.#submittedMs.size} tasks were never done`);
      await sleep(5);
    }
  }
}
