import { setPriority } from 'node:os';
import { parentPort } from 'node:worker_threads';
import { Rejection } from '../errors.ts';
import { nodeDisk } from '../host/node/disk.ts';
import { loadModule } from '../module/load.ts';
import type { HistoryAnswer, HistoryRequest } from './in-thread.ts';
import { HistoryReader } from './reader.ts';

// The code of the thread that reads histories beside the hub: one page after the other.

const lowestPriority = 19;

// On Linux this is the thread's own; elsewhere it would slow down the whole process.
if (process.platform === 'linux') setPriority(lowestPriority);
const reader = new HistoryReader(nodeDisk, loadModule);
let turn: Promise<void> = Promise.resolve();
parentPort?.on('message', ({ id, job }: HistoryRequest) => {
  turn = turn.then(async () => parentPort?.postMessage(await answer(id, job)));
});

async function answer(id: number, job: HistoryRequest['job']): Promise<HistoryAnswer> {
  try {
    return { id, page: await reader.page(job) };
  } catch (error) {
    // A message takes no class along.
    if (!(error instanceof Rejection)) throw error;
    return { id, refusal: { code: error.code, message: error.message } };
  }
}
