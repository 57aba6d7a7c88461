import { parentPort } from 'node:worker_threads';
import { LimbError, messageOf } from '../errors.ts';
import type { CallMessage, ReplyMessage } from './messages.ts';

/** Answers the main thread's calls with the methods of `api`, one at a time in the order they came. */
export function serveThread<Api extends object>(api: Api): void {
  const port = parentPort;
  if (!port) throw new LimbError('not-a-thread', 'This file is started as a worker thread by the limb, not by itself.');
  let last = Promise.resolve();
  port.on('message', (call: CallMessage) => {
    last = last.then(async () => port.postMessage(await reply(api, call)));
  });
}

async function reply(api: object, call: CallMessage): Promise<ReplyMessage> {
  try {
    const method: unknown = Reflect.get(api, call.method);
    if (typeof method !== 'function') throw new LimbError('no-such-method', `The thread has no method ${call.method}.`);
    return { id: call.id, ok: true, value: await Reflect.apply(method, api, call.args) };
  } catch (error) {
    const code = error instanceof LimbError ? error.code : 'thread-failed';
    const isRetryable = error instanceof LimbError && error.isRetryable;
    return { id: call.id, ok: false, code, message: messageOf(error), isRetryable };
  }
}
