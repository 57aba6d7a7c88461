import { type ChildProcess, spawn } from 'node:child_process';
import type { Duplex } from 'node:stream';
import { lines } from './lines.ts';

/**
 * Runs a program for as long as a pipe is open. A line on it asks the program to end; its end, which comes with the end of
 * the process that holds the other side, however that went, kills the whole group: the program and all that it started.
 */
const guardScript = `
"$@" 3<&- </dev/null &
child=$!
( while read -r word <&3; do kill -TERM "$child"; done; kill -KILL 0 ) </dev/null >/dev/null 2>&1 &
wait "$child"
echo "$?" >&3
kill -KILL 0
`;

export interface GuardedOptions {
  readonly command: string;
  readonly args: readonly string[];
  /** The whole environment of the program. */
  readonly env: Readonly<Record<string, string>>;
  /** Hears each line of its output, without colours. */
  readonly onLine: (line: string) => void;
}

export interface GuardedProcess {
  /** The exit code as a shell tells it; undefined when the program was killed from outside. Never rejects. */
  readonly ended: Promise<number | undefined>;
  /** Asks it to end, kills it after `graceMs`, and waits until it is gone. */
  stop(graceMs: number): Promise<void>;
}

/** Output of programs that left the group may stay open for longer than they matter. */
const drainMsMax = 500;

/** Starts a program that cannot outlive this process, not even when this process is killed. */
export function startGuarded({ command, args, env, onLine }: GuardedOptions): GuardedProcess {
  const child = spawn('/bin/sh', ['-c', guardScript, 'guard', command, ...args], {
    env,
    cwd: '/',
    // A group of its own, so that a Ctrl-C in the terminal reaches only this process, which then ends it in order.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const [, stdout, stderr, pipe] = child.stdio;
  if (!stdout || !stderr || !pipe) throw new Error('/bin/sh was started without its pipes');
  const lifeline = pipe as Duplex;
  let told = '';
  lifeline.on('data', (bytes: Buffer) => {
    told += bytes.toString();
  });
  // It is gone then, which its exit tells.
  lifeline.on('error', () => {});
  lines(stdout, onLine);
  lines(stderr, onLine);
  const ended = endOf(child).then(() => {
    // Whatever is left of the group ends with this.
    lifeline.destroy();
    return /^\d+$/m.test(told) ? Number(told) : undefined;
  });
  return {
    ended,
    async stop(graceMs) {
      lifeline.write('end\n');
      const killer = setTimeout(() => lifeline.destroy(), graceMs);
      await ended;
      clearTimeout(killer);
    },
  };
}

function endOf(child: ChildProcess): Promise<void> {
  return new Promise((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
    child.once('exit', () => setTimeout(resolve, drainMsMax).unref());
  });
}
