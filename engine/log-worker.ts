import { Worker } from 'node:worker_threads';
import { Rejection } from './errors.ts';
import type { ForkJob } from './fork.ts';
import { builtThread } from './host/node/built-thread.ts';
import type { SnapshotJob, SnapshotResult } from './snapshots/take.ts';

/** What is done to a log's files in a thread of its own, so that nobody waits. */
export type LogJob =
  | { readonly kind: 'snapshot'; readonly job: SnapshotJob }
  | { readonly kind: 'fork'; readonly job: ForkJob };

export type LogAnswer =
  | { readonly result: SnapshotResult | number }
  | { readonly refusal: { readonly code: string; readonly message: string } };

/** Of JavaScript objects; the changes themselves are bounded by the job. */
const heapMegabytesMax = 512;

export function takeSnapshotInThread(job: SnapshotJob, signal: AbortSignal): Promise<SnapshotResult> {
  return inThread<SnapshotResult>({ kind: 'snapshot', job }, signal);
}

/** @returns how many commits the fork has */
export function forkInThread(job: ForkJob): Promise<number> {
  return inThread<number>({ kind: 'fork', job });
}

/** @throws what the thread threw */
async function inThread<T>(workerData: LogJob, signal?: AbortSignal): Promise<T> {
  const worker = new Worker(builtThread('log-thread'), {
    name: 'log-thread',
    workerData,
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: heapMegabytesMax },
  });
  worker.unref();
  const stop = () => void worker.terminate();
  signal?.addEventListener('abort', stop);
  try {
    return await new Promise<T>((resolve, reject) => {
      worker.on('message', (answer: LogAnswer) => {
        if ('result' in answer) resolve(answer.result as T);
        else reject(new Rejection(answer.refusal.code, answer.refusal.message));
      });
      worker.on('error', reject);
      worker.on('exit', () => reject(new Error('the thread that works on the log was ended')));
    });
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}
