import { constants } from 'node:os';
import { ToolCalls } from './calls/calls.ts';
import type { Limits, Outcome, RunRequest, RunResult, SandboxEngine } from './engine.ts';
import { type Budget, OutputStream } from './output.ts';
import type { Confined } from './spawn.ts';

interface Ending {
  readonly outcome: Outcome;
  readonly message: string;
  readonly exitCode: number | null;
}

/** What ended the process, as the engine's own wrapping programs tell it. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Watches one run to its end: time, output and cancelling. The program must have been started already. */
export async function supervise(
  confined: Pick<Confined, 'stdin' | 'stdout' | 'stderr' | 'ended' | 'kill'>,
  engine: Pick<SandboxEngine, 'name' | 'level'>,
  request: RunRequest,
  limits: Limits,
  signal: AbortSignal | undefined,
): Promise<RunResult> {
  const startedMs = performance.now();
  let stopped: Ending | undefined;
  let callerFailure: { error: unknown } | undefined;
  const stop = (outcome: Outcome, message: string): void => {
    stopped ??= { outcome, message, exitCode: null };
    confined.kill();
  };

  const budget: Budget = { bytesLeft: limits.outputBytesMax };
  const stdout = new OutputStream('stdout', budget, request.onOutput);
  const stderr = new OutputStream('stderr', budget, request.onOutput);
  const guarded = (act: () => void): void => {
    try {
      act();
    } catch (error) {
      callerFailure ??= { error };
      confined.kill();
    }
  };
  const fail = (error: unknown): void =>
    guarded(() => {
      throw error;
    });
  const calls = request.tools && new ToolCalls(request.tools, confined.stdin, fail);
  const read = (stream: OutputStream) => (bytes: Buffer) =>
    guarded(() => {
      if (!stream.push(bytes))
        stop('output-limit', `The code was stopped: it wrote more than ${inBytes(limits.outputBytesMax)}.`);
    });
  const readStdout = read(stdout);
  confined.stdout.on('data', (bytes: Buffer) => readStdout(calls ? calls.take(bytes) : bytes));
  confined.stderr.on('data', read(stderr));

  const timer = setTimeout(
    () => stop('timed-out', `The code timed out: it was stopped after ${inSeconds(limits.timeMs)}.`),
    limits.timeMs,
  );
  const cancel = (): void => stop('killed', 'The code was stopped: the run was cancelled.');
  if (signal?.aborted) cancel();
  signal?.addEventListener('abort', cancel, { once: true });
  try {
    const exit = await confined.ended;
    if (calls) readStdout(calls.end());
    guarded(() => stdout.end());
    guarded(() => stderr.end());
    if (callerFailure) throw callerFailure.error;
    return {
      ...(stopped ?? endingOf(exit, stderr.text, limits)),
      stdout: stdout.text,
      stderr: stderr.text,
      stdoutTruncated: stdout.truncated,
      stderrTruncated: stderr.truncated,
      durationMs: Math.round(performance.now() - startedMs),
      engine: engine.name,
      level: engine.level,
    };
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', cancel);
  }
}

/** Last words of Python, of Python's own start, and of V8 when an allocation was refused. */
const outOfMemory =
  /^(MemoryError|Fatal Python error: .*[Mm]emory|FATAL ERROR: .*out of memory|RangeError: .*allocation failed)/m;

function endingOf({ code, signal }: Exit, stderr: string, limits: Limits): Ending {
  const failed = code !== 0;
  if (failed && outOfMemory.test(stderr.slice(-2000))) {
    const message = `The code ran out of memory: its limit is ${inBytes(limits.memoryBytes)}.`;
    return { outcome: 'out-of-memory', message, exitCode: code };
  }
  const by = signal ?? signalIn(code);
  if (by) return { outcome: 'killed', message: `The code was stopped by the signal ${by}.`, exitCode: null };
  return { outcome: 'exited', message: `The code ended with exit code ${code}.`, exitCode: code };
}

/** A shell or a jail tells a signal of the program inside as 128 plus its number. */
function signalIn(code: number | null): string | undefined {
  return Object.entries(constants.signals).find(([, number]) => code === 128 + number)?.[0];
}

function inSeconds(ms: number): string {
  return ms === 1000 ? '1 second' : `${ms / 1000} seconds`;
}

function inBytes(bytes: number): string {
  if (bytes % (1024 * 1024) === 0) return `${bytes / (1024 * 1024)} MiB`;
  return bytes % 1024 === 0 ? `${bytes / 1024} KiB` : `${bytes} bytes`;
}
