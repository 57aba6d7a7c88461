import type { Reply } from './calls/calls.ts';

/**
 * How strongly an engine holds code in, strongest first. `container-process-limits`: a container whose limits hold for each
 * process, and not for all of them together.
 */
export const sandboxLevels = ['container', 'container-process-limits', 'jail', 'wasm'] as const;

export type SandboxLevel = (typeof sandboxLevels)[number];

export type EngineName = 'docker' | 'podman' | 'bubblewrap' | 'pyodide';

export interface Limits {
  /** Wall clock from start to kill; default 10 000. */
  readonly timeMs: number;
  /** Address space of each process of the run (the whole heap in WebAssembly); default 256 MiB. */
  readonly memoryBytes: number;
  /** Standard output and standard error together; default 64 KiB. */
  readonly outputBytesMax: number;
  /** Processes and threads at one moment, Python itself included; default 8. WebAssembly has just one. */
  readonly processesMax: number;
  /** What the run may write to files, all together; default 16 MiB. */
  readonly scratchBytes: number;
}

/** What a program may call while it runs. */
export interface Tools {
  /** Files under /tools that describe them, by name. */
  readonly files: Readonly<Record<string, string>>;
  /** Answers a call, or refuses it: the program may ask for anything. A rejection ends the run. */
  call(name: string, args: unknown): Promise<Reply>;
}

export interface RunRequest {
  /** A whole Python program; at most `codeBytesMax` as UTF-8. */
  readonly code: string;
  /** What the program reads from standard input; default empty, at most `STDIN_BYTES_MAX`. */
  readonly stdin?: string;
  readonly limits?: Partial<Limits>;
  /** With these it reads no standard input of its own. */
  readonly tools?: Tools;
  /** Hears each line while the program runs, line break included; the same bytes count towards `outputBytesMax`. */
  readonly onOutput?: (output: Output) => void;
}

export interface Output {
  readonly stream: 'stdout' | 'stderr';
  readonly text: string;
}

/**
 * `exited`: the program came to its end, with whatever exit code. `out-of-memory` is told by Python's own last words, so a
 * program can feign it; the other outcomes are the limb's own observation.
 */
export type Outcome = 'exited' | 'timed-out' | 'out-of-memory' | 'output-limit' | 'killed';

export interface RunResult {
  readonly outcome: Outcome;
  /** The outcome as a sentence for a person or a language model. */
  readonly message: string;
  /** Only for a program that came to its end by itself. */
  readonly exitCode: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly stdoutTruncated: boolean;
  readonly stderrTruncated: boolean;
  readonly durationMs: number;
  readonly engine: EngineName;
  readonly level: SandboxLevel;
}

export type Probe =
  | { readonly present: true; readonly detail: string }
  | { readonly present: false; readonly reason: string; readonly install: string };

/** One way to run a Python program that may be hostile. Each run starts from nothing and leaves nothing. */
export interface SandboxEngine {
  readonly name: EngineName;
  /** Before `probe`, the best that it may turn out to be. */
  readonly level: SandboxLevel;
  /** Runs real programs to see that the engine works and holds; never throws. Must be called before `run`. */
  probe(): Promise<Probe>;
  /** An aborted signal ends the run with the outcome `killed`. Throws `LimbError` if no program could be started. */
  run(request: RunRequest, signal?: AbortSignal): Promise<RunResult>;
  /** Ends what the engine keeps ready. */
  close(): Promise<void>;
}

export const defaultLimits: Limits = {
  timeMs: 10_000,
  memoryBytes: 256 * 1024 * 1024,
  outputBytesMax: 64 * 1024,
  processesMax: 8,
  scratchBytes: 16 * 1024 * 1024,
};

export const codeBytesMax = 256 * 1024;
export const stdinBytesMax = 1024 * 1024;
