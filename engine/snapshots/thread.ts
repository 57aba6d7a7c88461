import { setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { nodeDisk } from '../host/node/disk.ts';
import { loadModule } from '../module/load.ts';
import { type SnapshotJob, takeSnapshot } from './take.ts';

// The code of the thread that writes snapshots: it shares no memory with the hub, reads only files, and ends.

const lowestPriority = 19;

// On Linux this is the thread's own; elsewhere it would slow down the whole process.
if (process.platform === 'linux') setPriority(lowestPriority);
parentPort?.postMessage(await takeSnapshot(nodeDisk, workerData as SnapshotJob, loadModule));
