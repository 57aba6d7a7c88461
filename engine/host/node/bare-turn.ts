import { MessageChannel } from 'node:worker_threads';

/**
 * Calls `run` soon, after what has arrived by now has been read, and with nothing but the event loop beneath it: when the
 * thread is taken out of `run`, nothing of Node's own is left half done. (`setImmediate` and `nextTick` keep lists of theirs.)
 */
export function inBareTurn(run: () => void): void {
  bell ??= openBell();
  waiting.push(run);
  if (waiting.length === 1) bell.listener.ref();
  bell.ringer.postMessage(undefined);
}

let bell: ReturnType<typeof openBell> | undefined;
const waiting: (() => void)[] = [];

function openBell() {
  const { port1: ringer, port2: listener } = new MessageChannel();
  listener.on('message', () => {
    const run = waiting.shift();
    if (waiting.length === 0) listener.unref();
    run?.();
  });
  return { ringer, listener };
}
