import { Worker } from 'node:worker_threads';
import { builtThread } from '../host/node/built-thread.ts';
import type { CompiledModule } from './compiled.ts';
import { PublishRejection } from './rejection.ts';

export interface LoadJob {
  readonly compiled: CompiledModule;
  readonly loadMsMax: number;
}

export type LoadAnswer = { readonly raw: Uint8Array } | { readonly problems: readonly string[] };

const heapMegabytesMax = 512;

/**
 * Evaluates a module in a thread of its own, where it holds up nobody and cannot take the host's memory.
 * @returns its description of itself
 * @throws PublishRejection
 */
export async function evaluateInThread(compiled: CompiledModule, loadMsMax: number): Promise<Uint8Array> {
  const workerData: LoadJob = { compiled, loadMsMax };
  const worker = new Worker(builtThread('module-load'), {
    name: 'module-load',
    workerData,
    execArgv: [],
    env: {},
    resourceLimits: { maxOldGenerationSizeMb: heapMegabytesMax },
  });
  // Whoever shuts down does not wait for it.
  worker.unref();
  let answer: LoadAnswer | undefined;
  await new Promise<void>((resolve, reject) => {
    worker.on('message', (message: LoadAnswer) => {
      answer = message;
    });
    worker.on('error', (error) => reject(refusalOf(error)));
    // A thread without memory can still say that it was interrupted: what it died of is told at its end.
    worker.on('exit', () => resolve());
  });
  if (answer === undefined) throw new Error('the thread that loads a module was ended');
  if ('problems' in answer) throw new PublishRejection(answer.problems);
  return answer.raw;
}

function refusalOf(error: Error): Error {
  if ((error as NodeJS.ErrnoException).code !== 'ERR_WORKER_OUT_OF_MEMORY') return error;
  return new PublishRejection([`loading it needs more than ${heapMegabytesMax} MB of memory`]);
}
