import { MessageChannel, Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { Channel } from './channel.ts';
import { signalBytes } from './messages.ts';

/** A host that gives notice of an earlier answer late: it wakes the caller first and answers it afterwards. */
const lateHost = `
  const { workerData: { port, signal } } = require('node:worker_threads');
  const words = new Int32Array(signal);
  port.on('message', ({ args }) => {
    while (Atomics.notify(words, 0) === 0);
    port.postMessage({ kind: 'value', value: args[0] * 2 });
    Atomics.store(words, 0, 1);
    Atomics.notify(words, 0);
  });
`;

test('[MOD81] a call waits for its answer, whatever else wakes its thread', async () => {
  const { port1, port2 } = new MessageChannel();
  const signal = new SharedArrayBuffer(signalBytes);
  const host = new Worker(lateHost, { eval: true, workerData: { port: port2, signal }, transferList: [port2] });
  const channel = new Channel(port1, signal);
  for (let i = 1; i < 50; i++) expect(channel.call('rowCount', i)).toBe(i * 2);
  port1.close();
  await host.terminate();
});
