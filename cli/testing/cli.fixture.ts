import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../../', import.meta.url));
const bin = fileURLToPath(new URL('../bin.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Settles with the first line of either output that matches. */
  line(pattern: RegExp): Promise<string>;
}

export interface CliOptions {
  readonly cwd?: string;
  readonly env?: Record<string, string>;
  readonly input?: string;
}

/** Starts the built `helix` command. */
export function startCli(args: readonly string[], options: CliOptions = {}): Running {
  const { HELIX_HOME: _home, HELIX_HUB: _hub, ...inherited } = process.env;
  const child = spawn(process.execPath, [bin, ...args], {
    cwd: options.cwd ?? root,
    env: { ...inherited, NO_COLOR: '1', ...options.env },
  });
  const output = { stdout: '', stderr: '' };
  const checks = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
      for (const check of checks) check();
    });
  }
  child.stdin.end(options.input ?? '');
  const ended = new Promise<Ended>((resolve) => child.once('close', (code) => resolve({ code, ...output })));
  const line = (pattern: RegExp): Promise<string> =>
    new Promise((resolve, reject) => {
      const check = (): void => {
        const found = `${output.stdout}\n${output.stderr}`.split('\n').find((text) => pattern.test(text));
        if (found === undefined) return;
        checks.delete(check);
        resolve(found);
      };
      checks.add(check);
      check();
      ended.then(({ code, stdout, stderr }) =>
        reject(new Error(`helix ${args.join(' ')} ended with ${code} before ${pattern}:\n${stdout}\n${stderr}`)),
      );
    });
  return { child, ended, line };
}

/** Runs the built `helix` command to its end. */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<Ended> {
  return startCli(args, options).ended;
}
