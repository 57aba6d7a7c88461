import { setImmediate } from 'node:timers/promises';
import { inBareTurn } from '../../engine/host/node/bare-turn.ts';
import type { Database } from '../../engine/index.ts';
import { runBare } from '../../engine/module/guard.ts';
import type { Client, Received } from '../../engine/serve/contract.ts';
import { Latencies, type Run, type Span } from './stats.ts';

const batchCalls = 64;
const inFlightMax = 1_024;

/**
 * Calls one reducer again and again without sockets, as a connection would: batches of 64 in a turn of the event loop each,
 * at most 1,024 calls that are not durable yet. A call is counted when its commit is on disk.
 */
export async function durableLoop(
  database: Database,
  span: Span,
  reducer: string,
  nextArgs: () => Uint8Array,
): Promise<Run> {
  const client = silentClient((message) => {
    if (message.kind !== 'reducer-result' || message.outcome.kind === 'ok') return;
    throw new Error(`a call of ${reducer} came to nothing: ${message.outcome.message}`);
  });
  database.connect(client);
  const latencies = new Latencies();
  const fromMs = performance.now() + span.warmupMs;
  const untilMs = fromMs + span.measureMs;
  const pending: { readonly offset: number; readonly startMs: number }[] = [];
  let completed = 0;
  let wake = () => {};
  const stop = database.onDurable(() => {
    const nowMs = performance.now();
    for (let first = pending[0]; first && first.offset <= database.durableOffset; first = pending[0]) {
      pending.shift();
      if (nowMs < fromMs || nowMs >= untilMs) continue;
      completed += batchCalls;
      latencies.add(nowMs - first.startMs);
    }
    wake();
  });
  for (let requestId = 0; performance.now() < untilMs; requestId += batchCalls) {
    const startMs = performance.now();
    const batch: Received[] = [];
    for (let i = 0; i < batchCalls; i++) {
      batch.push({
        client,
        message: { kind: 'call-reducer', requestId: requestId + i, name: reducer, args: nextArgs() },
      });
    }
    // Messages of a port that come one out of the other are taken in one turn of the event loop, those of sockets are not.
    await setImmediate();
    await handled(database, batch.values());
    pending.push({ offset: database.offset, startMs });
    while (pending.length * batchCalls >= inFlightMax) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
  while (pending.length > 0) await setImmediate();
  stop();
  database.disconnect(client);
  return { perSecond: completed / (span.measureMs / 1000), p50Ms: latencies.ms(50), p99Ms: latencies.ms(99) };
}

function handled(database: Database, received: Iterator<Received>): Promise<void> {
  return new Promise((done) => {
    const handle = () => {
      database.handle(received);
      done();
    };
    inBareTurn(() => runBare(handle));
  });
}

let lastConnectionId = 1_000_000n;

/** A client without a socket. */
export function silentClient(deliver: Client['deliver']): Client {
  lastConnectionId += 1n;
  return { identity: 1n, connectionId: lastConnectionId, claims: '', deliver, close() {} };
}

/** Integers as BSATN: each a number of 4 bytes, or a bigint of 8. */
export function encodeArgs(...values: readonly (number | bigint)[]): Uint8Array {
  const bytes = Buffer.alloc(values.reduce<number>((sum, value) => sum + (typeof value === 'bigint' ? 8 : 4), 0));
  let at = 0;
  for (const value of values) {
    at = typeof value === 'bigint' ? bytes.writeBigInt64LE(value, at) : bytes.writeUInt32LE(value, at);
  }
  return bytes;
}
