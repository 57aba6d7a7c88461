import { Worker } from 'node:worker_threads';
import { Rejection } from '../errors.ts';
import { builtThread } from '../host/node/built-thread.ts';
import type { HistoryPage } from '../serve/contract.ts';
import type { HistoryJob, HistorySource } from './contract.ts';

export interface HistoryRequest {
  readonly id: number;
  readonly job: HistoryJob;
}

export type HistoryAnswer =
  | { readonly id: number; readonly page: HistoryPage }
  | { readonly id: number; readonly refusal: { readonly code: string; readonly message: string } };

interface Asked {
  resolve(page: HistoryPage): void;
  reject(why: Error): void;
}

/** A segment, its commits and a page of them. */
const heapMegabytesMax = 512;
const waitingMax = 32;
/** Between the pages of one reader it keeps what it has learnt of older modules. */
const idleMsMax = 30_000;

/** Reads histories in a thread of their own, which is there only while somebody asks. */
export class HistoryThread implements HistorySource {
  readonly #asked = new Map<number, Asked>();
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  #lastId = 0;

  async page(job: HistoryJob): Promise<HistoryPage> {
    if (this.#asked.size >= waitingMax) {
      throw new Rejection('busy', `${waitingMax} others are reading histories: try again in a moment`);
    }
    clearTimeout(this.#idle);
    this.#worker ??= this.#start();
    const worker = this.#worker;
    this.#lastId += 1;
    const request: HistoryRequest = { id: this.#lastId, job };
    try {
      return await new Promise<HistoryPage>((resolve, reject) => {
        this.#asked.set(request.id, { resolve, reject });
        worker.postMessage(request);
      });
    } finally {
      this.#asked.delete(request.id);
      if (this.#asked.size === 0) this.#idle = setTimeout(() => void this.close(), idleMsMax).unref();
    }
  }

  async close(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    if (!worker) return;
    this.#end(worker, new Rejection('closed', 'the reading of the history was ended'));
    await worker.terminate();
  }

  #start(): Worker {
    const worker = new Worker(builtThread('history-thread'), {
      name: 'history-thread',
      execArgv: [],
      env: {},
      resourceLimits: { maxOldGenerationSizeMb: heapMegabytesMax },
    });
    worker.unref();
    worker.on('message', (answer: HistoryAnswer) => {
      const asked = this.#asked.get(answer.id);
      if ('page' in answer) asked?.resolve(answer.page);
      else asked?.reject(new Rejection(answer.refusal.code, answer.refusal.message));
    });
    worker.on('error', (error) => this.#end(worker, error));
    worker.on('exit', () => this.#end(worker, new Rejection('closed', 'the reading of the history was ended')));
    return worker;
  }

  #end(worker: Worker, why: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    for (const { reject } of this.#asked.values()) reject(why);
  }
}
