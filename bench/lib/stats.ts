import { createHistogram } from 'node:perf_hooks';

/** What one run of a closed loop measured. */
export interface Run {
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Of all values, so many hundredths are at most this one. */
export function percentile(values: readonly number[], hundredths: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((hundredths / 100) * sorted.length) - 1)] ?? Number.NaN;
}

/** Times of one closed loop, to three digits. */
export class Latencies {
  readonly #histogram = createHistogram({ figures: 3 });

  add(ms: number): void {
    this.#histogram.record(Math.max(1, Math.round(ms * 1e6)));
  }

  get count(): number {
    return this.#histogram.count;
  }

  ms(percentile: number): number {
    return this.#histogram.percentile(percentile) / 1e6;
  }
}

/** How long a loop runs before and while it is measured. */
export interface Span {
  readonly warmupMs: number;
  readonly measureMs: number;
}

/**
 * Repeats `act` in `slots` closed loops side by side and measures them. What begins in the warm-up or ends after the
 * measured time is not counted.
 */
export async function closedLoops(
  slots: number,
  { warmupMs, measureMs }: Span,
  act: (slot: number) => Promise<unknown>,
): Promise<Run> {
  const latencies = new Latencies();
  const fromMs = performance.now() + warmupMs;
  const untilMs = fromMs + measureMs;
  let completed = 0;
  const loop = async (slot: number) => {
    for (let startMs = performance.now(); startMs < untilMs; ) {
      await act(slot);
      const endMs = performance.now();
      if (endMs >= fromMs && endMs < untilMs) {
        completed += 1;
        if (startMs >= fromMs) latencies.add(endMs - startMs);
      }
      startMs = endMs;
    }
  };
  await Promise.all(Array.from({ length: slots }, (_, slot) => loop(slot)));
  return { perSecond: completed / (measureMs / 1000), p50Ms: latencies.ms(50), p99Ms: latencies.ms(99) };
}
