import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ServerMessage } from '../contract.ts';
import { Outbox } from './outbox.ts';

const message = (requestId: number): ServerMessage => ({
  kind: 'query-result',
  requestId,
  result: { message: '' },
});
const ids = (messages: readonly ServerMessage[]): number[] =>
  messages.map((one) => (one.kind === 'query-result' ? one.requestId : -1));

test('[SOCK8] messages leave in order, each no earlier than its commit is durable', () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('push' as const), offset: fc.integer({ min: -1, max: 6 }) }),
    fc.record({ kind: fc.constant('take' as const), durable: fc.integer({ min: -1, max: 6 }), bytesMax: fc.nat(200) }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const outbox = new Outbox(1000, 1_000_000);
      const waiting: { id: number; offset: number }[] = [];
      let nextId = 0;
      for (const each of steps) {
        if (each.kind === 'push') {
          waiting.push({ id: nextId, offset: each.offset });
          expect(outbox.push(message(nextId++), each.offset)).toBeUndefined();
          continue;
        }
        const taken = ids(outbox.take(each.durable, each.bytesMax));
        const ready = waiting.findIndex(({ offset }) => offset > each.durable);
        const front = waiting.slice(0, ready === -1 ? waiting.length : ready).map(({ id }) => id);
        // The byte bound may stop it early, but never before the first message.
        expect(taken).toEqual(front.slice(0, taken.length));
        if (each.bytesMax > 0) expect(taken.length > 0).toBe(front.length > 0);
        waiting.splice(0, taken.length);
        expect(outbox.isEmpty).toBe(waiting.length === 0);
      }
    }),
  );
});

test('[SOCK9] a full queue says so; one message alone always fits', () => {
  const byCount = new Outbox(2, 1_000_000);
  expect([byCount.push(message(1), 0), byCount.push(message(2), 0)]).toEqual([undefined, undefined]);
  expect(byCount.push(message(3), 0)).toBe('2 messages wait to be read');
  const byBytes = new Outbox(100, 1);
  expect(byBytes.push(message(1), 0)).toBeUndefined();
  expect(byBytes.push(message(2), 0)).toMatch(/^\d+ bytes wait to be read$/);
  byBytes.take(0, 1);
  expect(byBytes.push(message(3), 0)).toBeUndefined();
});
