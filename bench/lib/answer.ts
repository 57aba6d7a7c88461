import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Asks } from './child.ts';

/** What a process used between two asks, and how long its event loop was late. */
export interface Usage {
  readonly p50Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
  /** Of one core: 1 is all of it. More than 1 when several threads work. */
  readonly cpuShare: number;
}

/** What every process of the benchmark can be asked. */
export interface ProbeAsks {
  usageStart(argument: null): void;
  usageStop(argument: null): Usage;
  /** What all threads of the process have used of a core since it began. */
  cpuMs(argument: null): number;
  /** Bytes of the process in memory, after a garbage collection when node runs with `--expose-gc`. */
  residentBytes(argument: null): number;
}

/** Answers the asks of the process that started this one, and ends with it. */
export function answer<A extends Asks<A>>(asks: A, onEnd: () => unknown = () => {}): void {
  const all = { ...probe(), ...asks } as unknown as Record<string, (argument: unknown) => unknown>;
  process.on('message', (message) => void reply(all, message as Asked));
  process.on('disconnect', async () => {
    await onEnd();
    process.exit();
  });
}

interface Asked {
  readonly id: number;
  readonly name: string;
  readonly argument: unknown;
}

async function reply(
  asks: Record<string, (argument: unknown) => unknown>,
  { id, name, argument }: Asked,
): Promise<void> {
  try {
    const value = await asks[name]?.(argument);
    process.send?.({ id, value });
  } catch (error) {
    process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
  }
}

function probe(): ProbeAsks {
  const resolutionMs = 1;
  const delay = monitorEventLoopDelay({ resolution: resolutionMs });
  // What a timer of 1 ms shows beyond that 1 ms.
  const lateMs = (nanos: number) => Math.max(0, nanos / 1e6 - resolutionMs);
  let startCpu = process.cpuUsage();
  let startMs = performance.now();
  return {
    usageStart() {
      startCpu = process.cpuUsage();
      startMs = performance.now();
      delay.reset();
      delay.enable();
    },
    usageStop() {
      delay.disable();
      const { user, system } = process.cpuUsage(startCpu);
      return {
        p50Ms: lateMs(delay.percentile(50)),
        p999Ms: lateMs(delay.percentile(99.9)),
        maxMs: lateMs(delay.max),
        cpuShare: (user + system) / 1000 / (performance.now() - startMs),
      };
    },
    cpuMs() {
      const { user, system } = process.cpuUsage();
      return (user + system) / 1000;
    },
    residentBytes() {
      globalThis.gc?.();
      return process.memoryUsage().rss;
    },
  };
}
