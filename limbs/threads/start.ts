import { Worker } from 'node:worker_threads';
import { LimbError } from '../errors.ts';
import { threadEntry } from './entry.ts';
import type { CallMessage, ReplyMessage } from './messages.ts';

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export interface Thread<Api extends object> {
  /** Each method runs in the thread; arguments and results are copied. */
  readonly api: Api;
  /** Ends the thread; calls that wait are rejected. */
  stop(): Promise<void>;
}

/** Starts a thread whose code serves `Api` with `serveThread`; all of its methods must return promises. */
export function startThread<Api extends object>(name: string): Thread<Api> {
  const worker = new Worker(threadEntry(name), { name, stdin: false });
  const waiting = new Map<number, Waiting>();
  let nextId = 1;
  let ended: LimbError | undefined;

  const end = (error: LimbError) => {
    ended ??= error;
    for (const call of waiting.values()) call.reject(ended);
    waiting.clear();
  };
  worker.on('message', (reply: ReplyMessage) => {
    const call = waiting.get(reply.id);
    waiting.delete(reply.id);
    if (reply.ok) call?.resolve(reply.value);
    else call?.reject(new LimbError(reply.code, reply.message, { isRetryable: reply.isRetryable }));
  });
  worker.on('error', (error) => {
    end(new LimbError('thread-ended', `The thread ${name} crashed: ${error.message}. Restart the limb.`));
  });
  worker.on('exit', () => end(new LimbError('thread-ended', `The thread ${name} has ended. Restart the limb.`)));

  const call = (method: string, args: readonly unknown[]): Promise<unknown> => {
    if (ended) return Promise.reject(ended);
    const message: CallMessage = { id: nextId++, method, args };
    return new Promise((resolve, reject) => {
      waiting.set(message.id, { resolve, reject });
      worker.postMessage(message);
    });
  };
  const api = new Proxy({} as Api, {
    // `then` must be absent, or awaiting the api itself would call into the thread.
    get: (_target, method) =>
      typeof method === 'string' && method !== 'then' ? (...args: unknown[]) => call(method, args) : undefined,
  });
  return {
    api,
    async stop() {
      end(new LimbError('thread-ended', `The thread ${name} was stopped.`, { isRetryable: true }));
      await worker.terminate();
    },
  };
}
