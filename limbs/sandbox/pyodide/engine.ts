import { LimbError } from '../../errors.ts';
import { programOf } from '../calls/program.ts';
import { defaultLimits, type Probe, type RunRequest, type RunResult, type SandboxEngine } from '../engine.ts';
import { limitsOf } from '../request.ts';
import { selfTest } from '../selftest.ts';
import type { Confined } from '../spawn.ts';
import { supervise } from '../supervise.ts';
import { findNamespaces, type Namespaces, startChild } from './command.ts';
import { type RuntimeFiles, runtimeFiles } from './files.ts';

const installHint =
  'It comes with the npm package pyodide and needs no other program: run npm install. As root it needs the right to become ' +
  'an unprivileged user (CAP_SETUID and CAP_SETGID).';

const details: Record<Namespaces, string> = {
  all: 'in a process with no network and no view of other processes',
  network: 'in a process with no network',
  none:
    'in a process that only Node itself keeps from the network, not the kernel: no namespace could be had here (allow ' +
    'unprivileged user namespaces, and install util-linux)',
};

const startMsMax = 60_000;

interface Ready {
  readonly files: RuntimeFiles;
  readonly namespaces: Namespaces;
  /** Python's memory before any program. */
  readonly snapshot: Buffer;
}

interface Child {
  readonly confined: Confined;
  readonly memoryBytes: number;
  /** False if it ended before it could take a request. */
  readonly ready: Promise<boolean>;
}

/**
 * Python in WebAssembly, in a fresh locked-down Node process for each run. Weaker than a jail: one process, which a flaw of
 * Node's or V8's own would open. One child waits ready, since loading Pyodide takes a while.
 */
export class PyodideEngine implements SandboxEngine {
  readonly name = 'pyodide';
  readonly level = 'wasm';
  #ready: Ready | undefined;
  #spare: Child | undefined;
  readonly #running = new Set<Child>();

  async probe(): Promise<Probe> {
    try {
      if (process.platform === 'win32') throw new LimbError('sandbox-absent', 'it needs a POSIX system');
      const files = await runtimeFiles();
      const namespaces = await findNamespaces();
      try {
        this.#ready = { files, namespaces, snapshot: await makeSnapshot(files, namespaces) };
      } catch (error) {
        files.remove();
        throw error;
      }
      await selfTest(this);
      return { present: true, detail: `Python in WebAssembly, ${details[namespaces]}` };
    } catch (error) {
      await this.close();
      return { present: false, reason: error instanceof Error ? error.message : String(error), install: installHint };
    }
  }

  async run(request: RunRequest, signal?: AbortSignal): Promise<RunResult> {
    const limits = limitsOf(request);
    const child = this.#take(limits.memoryBytes);
    this.#running.add(child);
    try {
      if (!(await child.ready)) throw new LimbError('sandbox-failed', await lastWords(child.confined));
      const watched = supervise(child.confined, this, request, limits, signal);
      const line = { code: programOf(request), stdin: request.stdin ?? '', isCalling: request.tools !== undefined };
      child.confined.stdin.write(`${JSON.stringify(line)}\n`);
      if (!request.tools) child.confined.stdin.end();
      return await watched;
    } finally {
      this.#running.delete(child);
      if (this.#ready) this.#spare ??= this.#start(limits.memoryBytes);
    }
  }

  async close(): Promise<void> {
    const children = [...this.#running, ...(this.#spare ? [this.#spare] : [])];
    this.#spare = undefined;
    for (const { confined } of children) confined.kill();
    await Promise.allSettled(children.map(({ confined }) => confined.ended));
    this.#ready?.files.remove();
    this.#ready = undefined;
  }

  #take(memoryBytes: number): Child {
    const spare = this.#spare;
    this.#spare = undefined;
    if (spare && spare.memoryBytes === memoryBytes && isAlive(spare)) return spare;
    spare?.confined.kill();
    return this.#start(memoryBytes);
  }

  #start(memoryBytes: number): Child {
    if (!this.#ready)
      throw new LimbError('sandbox-absent', 'pyodide was not probed, its probe failed, or it was closed.');
    const { files, namespaces, snapshot } = this.#ready;
    const confined = startChild(files, namespaces, memoryBytes, 'run');
    confined.pipes[0]?.end(snapshot);
    const ready = new Promise<boolean>((resolve) => {
      const timer = setTimeout(() => confined.kill(), startMsMax);
      const settle = (isReady: boolean) => (): void => {
        clearTimeout(timer);
        resolve(isReady);
      };
      confined.pipes[0]?.once('data', settle(true));
      confined.process.once('exit', settle(false));
      confined.ended.catch(settle(false));
    });
    return { confined, memoryBytes, ready };
  }
}

function isAlive({ confined }: Child): boolean {
  return confined.process.exitCode === null && confined.process.signalCode === null;
}

async function makeSnapshot(files: RuntimeFiles, namespaces: Namespaces): Promise<Buffer> {
  const confined = startChild(files, namespaces, defaultLimits.memoryBytes, 'snapshot');
  const chunks: Buffer[] = [];
  confined.pipes[0]?.on('data', (bytes) => chunks.push(bytes));
  const timer = setTimeout(() => confined.kill(), startMsMax);
  const words = await lastWords(confined).finally(() => clearTimeout(timer));
  if ((await confined.ended).code !== 0 || chunks.length === 0) throw new LimbError('sandbox-failed', words);
  return Buffer.concat(chunks);
}

async function lastWords(confined: Confined): Promise<string> {
  let words = '';
  confined.stdin.end();
  confined.stdout.resume();
  confined.stderr.on('data', (bytes) => {
    words += bytes;
  });
  const { code, signal } = await confined.ended;
  return `Pyodide did not start: its process ended with ${signal ?? code}. ${words.slice(-1000).trim()}`;
}
