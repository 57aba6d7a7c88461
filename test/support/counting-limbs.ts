import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { DbConnection } from '../../bindings/index.ts';

const source = fileURLToPath(new URL('./counting-limb.ts', import.meta.url));
/** Below the project, so that it finds its packages. */
const built = fileURLToPath(new URL('../../dist/test/counting-limb.js', import.meta.url));

export async function buildCountingLimb(): Promise<void> {
  await build({
    entryPoints: [source],
    outfile: built,
    bundle: true,
    platform: 'node',
    format: 'esm',
    packages: 'external',
    logLevel: 'error',
  });
}

export interface CountingLimbOptions {
  readonly folder: string;
  /** The file that it writes the numbers of its tasks to. */
  readonly ledger: string;
  /** How long it waits in each task; default 0. */
  readonly waitMs?: number;
  /** How long it then, in its first task, looks at nothing else; default 0. */
  readonly busyMs?: number;
  /** Makes another command of the one that starts it. */
  readonly command?: (command: readonly string[]) => readonly string[];
}

/** Starts a limb with the skill `count` as a process and waits until it is connected. */
export async function startCountingLimb(
  owner: DbConnection,
  url: string,
  options: CountingLimbOptions,
): Promise<ChildProcess> {
  const code = randomUUID();
  await owner.reducers.createInvite({
    tenantId: 1n,
    kind: { tag: 'Limb' },
    role: { tag: 'Viewer' },
    handle: code.slice(0, 8),
    codeHash: createHash('sha256').update(code).digest('hex'),
    lifeMs: 0,
  });
  mkdirSync(options.folder, { recursive: true });
  const { folder, ledger, waitMs = 0, busyMs = 0, command = (own) => own } = options;
  const own = [process.execPath, built, folder, url, code, ledger, `${waitMs}`, `${busyMs}`];
  const [program = '', ...args] = command(own);
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', () => resolve());
    child.once('exit', (exitCode) => reject(new Error(`the limb ended early with ${exitCode}`)));
  });
  return child;
}

/** Queues tasks that are numbered from `first` on. */
export async function submitCounts(owner: DbConnection, first: number, taskCount: number): Promise<void> {
  await Promise.all(
    Array.from({ length: taskCount }, (_, i) =>
      owner.reducers.submitTask({
        tenantId: 1n,
        skill: 'count',
        title: `count ${first + i}`,
        input: JSON.stringify({ number: first + i }),
        reference: randomUUID(),
        terms: undefined,
      }),
    ),
  );
}
