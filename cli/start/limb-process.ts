import { type ChildProcess, spawn } from 'node:child_process';
import { join } from 'node:path';
import { lines } from '../lib/lines.ts';

const backoffMsMin = 1000;
const backoffMsMax = 30_000;
/** One that ran this long starts again without a long wait. */
const healthyMsMin = 60_000;
const stopMsMax = 10_000;

export interface LimbProcessOptions {
  readonly root: string;
  /** Made anew for each start, so that a pairing code is fresh. */
  readonly environment: () => Promise<Record<string, string>>;
  readonly tell: (line: string) => void;
}

/** A limb in a process of its own, started again whenever it ends, until `stop`. */
export class LimbProcess {
  readonly #options: LimbProcessOptions;
  #child: ChildProcess | undefined;
  #backoffMs = backoffMsMin;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(options: LimbProcessOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    const environment = await this.#options.environment();
    if (this.#isStopped) return;
    const startedAt = performance.now();
    const child = spawn(process.execPath, [join(this.#options.root, 'cli/bin.js'), 'limb', 'start'], {
      env: { ...process.env, ...environment },
      // The channel tells the limb when this process is gone, however it went.
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      // A Ctrl-C in the terminal is for this process, which then ends the limb in order.
      detached: true,
    });
    this.#child = child;
    lines(child.stdout as NonNullable<typeof child.stdout>, this.#options.tell);
    lines(child.stderr as NonNullable<typeof child.stderr>, this.#options.tell);
    child.once('exit', (code, signal) => {
      this.#child = undefined;
      if (!this.#isStopped) this.#startAgain(performance.now() - startedAt, code ?? signal);
    });
    child.once('error', (error) => this.#options.tell(`could not be started: ${error.message}`));
  }

  /** Asks the limb to end and waits until it has; one that does not listen is killed. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    const child = this.#child;
    if (child === undefined) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    // The group takes along what the limb itself has started.
    const killer = setTimeout(() => killGroup(child), stopMsMax);
    child.kill('SIGTERM');
    await ended;
    clearTimeout(killer);
  }

  #startAgain(ranMs: number, why: number | NodeJS.Signals | null): void {
    if (ranMs >= healthyMsMin) this.#backoffMs = backoffMsMin;
    this.#options.tell(`ended (${why}); it is started again in ${Math.round(this.#backoffMs / 1000)} s`);
    this.#timer = setTimeout(() => {
      this.start().catch((error: Error) => {
        this.#options.tell(error.message);
        if (!this.#isStopped) this.#startAgain(0, null);
      });
    }, this.#backoffMs);
    this.#backoffMs = Math.min(2 * this.#backoffMs, backoffMsMax);
  }
}

function killGroup({ pid }: ChildProcess): void {
  if (pid !== undefined) process.kill(-pid, 'SIGKILL');
}
