import { parentPort, workerData } from 'node:worker_threads';
import { selfDescription } from './load.ts';
import type { LoadAnswer, LoadJob } from './load-worker.ts';
import { PublishRejection } from './rejection.ts';

// The code of the thread in which a module that is to be published is evaluated for the first time. It ends after that.

const { compiled, loadMsMax } = workerData as LoadJob;
let answer: LoadAnswer;
try {
  answer = { raw: selfDescription(compiled, loadMsMax) };
} catch (error) {
  // A message takes no class along.
  if (!(error instanceof PublishRejection)) throw error;
  answer = { problems: error.problems };
}
parentPort?.postMessage(answer);
