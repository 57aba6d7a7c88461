import { Worker } from 'node:worker_threads';
import { builtThread } from '../host/node/built-thread.ts';
import type { SnapshotJob, SnapshotResult } from './take.ts';

/** Of JavaScript objects; the changes themselves are bounded by the job. */
const heapMegabytesMax = 512;

/** Takes a snapshot in a thread of its own, so that the calling one does not wait. @throws what the thread threw */
export async function takeSnapshotInThread(job: SnapshotJob, signal: AbortSignal): Promise<SnapshotResult> {
  const worker = new Worker(builtThread('log-snapshots'), {
    name: 'log-snapshots',
    workerData: job,
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: heapMegabytesMax },
  });
  worker.unref();
  const stop = () => void worker.terminate();
  signal.addEventListener('abort', stop);
  try {
    return await new Promise((resolve, reject) => {
      worker.on('message', resolve);
      worker.on('error', reject);
      worker.on('exit', () => reject(new Error('the thread that writes the snapshot was ended')));
    });
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
