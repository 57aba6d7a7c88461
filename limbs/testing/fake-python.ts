import type { Output, RunResult } from '../sandbox/index.ts';
import type { Python } from '../skills/run-python.ts';

export interface FakePython extends Python {
  /** The programs that it was given. */
  readonly programs: string[];
}

/** Runs nothing: each program "prints" what `outcome` says. */
export function fakePython(outcome: Partial<RunResult>): FakePython {
  const programs: string[] = [];
  return {
    programs,
    describe: async () => ({ engine: 'bubblewrap', level: 'jail', detail: '' }),
    run({ code }, onOutput?: (output: Output) => void, signal?: AbortSignal) {
      signal?.throwIfAborted();
      programs.push(code);
      const result: RunResult = {
        outcome: 'exited',
        message: '',
        exitCode: 0,
        stdout: '',
        stderr: '',
        stdoutTruncated: false,
        stderrTruncated: false,
        durationMs: 12,
        engine: 'bubblewrap',
        level: 'jail',
        ...outcome,
      };
      for (const line of result.stdout.split(/(?<=\n)/)) onOutput?.({ stream: 'stdout', text: line });
      return Promise.resolve(result);
    },
  };
}
