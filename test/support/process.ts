import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const bin = fileURLToPath(new URL('../../cli/bin.js', import.meta.url));
const hubEntry = fileURLToPath(new URL('../../hub/index.ts', import.meta.url));

/** A `helix` command that runs as a process of its own. */
export interface HelixProcess {
  readonly child: ChildProcess;
  /** Everything it has printed so far. */
  output(): string;
  /** Waits for a line on standard output that matches, and returns the match. */
  line(pattern: RegExp): Promise<RegExpMatchArray>;
  /** Resolves when it has ended. */
  readonly exited: Promise<unknown>;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
  /** Asks it to end and waits for its exit code. */
  stop(): Promise<number | null>;
}

export function startHelix(args: readonly string[], environment: Record<string, string> = {}): HelixProcess {
  return startNode([bin, ...args], environment);
}

/** Starts Node itself, such as on a program that is shorter than the command. */
export function startNode(args: readonly string[], environment: Record<string, string> = {}): HelixProcess {
  return startProgram(process.execPath, args, environment);
}

/** The command as arguments of a program that starts it, such as in another network. */
export const helixCommand: readonly string[] = [process.execPath, bin];

export function startProgram(
  program: string,
  args: readonly string[],
  environment: Record<string, string> = {},
): HelixProcess {
  const child = spawn(program, args, {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1', ...environment },
  });
  const lines: string[] = [];
  const listeners = new Set<(line: string) => void>();
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      lines.push(line);
      for (const listener of listeners) listener(line);
    });
  }
  const exited = once(child, 'exit');
  return {
    child,
    exited,
    output: () => lines.join('\n'),
    line(pattern) {
      return new Promise((resolve, reject) => {
        const look = (line: string) => {
          const match = line.match(pattern);
          if (!match) return;
          listeners.delete(look);
          resolve(match);
        };
        listeners.add(look);
        for (const line of [...lines]) look(line);
        void exited.then(() => reject(new Error(`${program} ${args.join(' ')} ended early:\n${lines.join('\n')}`)));
      });
    },
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
    async stop() {
      child.kill('SIGTERM');
      await exited;
      return child.exitCode;
    },
  };
}

/** Starts a hub of the mesh as a process and waits until it listens. @returns the process and its address */
export async function startHubProcess(
  data: string,
  listen = '127.0.0.1:0',
): Promise<{ hub: HelixProcess; url: string }> {
  const hub = startHelix(['hub', 'start', '--module', hubEntry, '--name', 'helix', '--data', data, '--listen', listen]);
  const [, url = ''] = await hub.line(/listening on (http:\/\/\S+)/);
  return { hub, url };
}
