import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { Rejection } from './errors.ts';
import { forkLog } from './fork.ts';
import { waitingNodeDisk as disk } from './host/node/disk.ts';
import type { LogAnswer, LogJob } from './log-worker.ts';
import { loadModule } from './module/load.ts';
import { takeSnapshot } from './snapshots/take.ts';

// The code of the thread that works on a log's files beside the hub: it shares no memory with it, and ends.

const lowestPriority = 19;

// On Linux this is the thread's own; elsewhere it would slow down the whole process.
if (process.platform === 'linux') setPriority(lowestPriority);
const { kind, job } = workerData as LogJob;
let answer: LogAnswer;
try {
  const work = kind === 'snapshot' ? takeSnapshot(disk, job, loadModule) : forkLog(disk, job, loadModule);
  answer = { result: await work };
} catch (error) {
  // A message takes no class along.
  if (!(error instanceof Rejection)) throw error;
  answer = { refusal: { code: error.code, message: error.message } };
}
parentPort?.postMessage(answer);
