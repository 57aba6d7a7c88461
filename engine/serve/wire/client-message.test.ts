import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ClientMessage } from '../contract.ts';
import { decodeClientFrame, type ProtocolVersion } from './client-message.ts';
import { WireError } from './error.ts';
import { loadSdkCodecs } from './sdk-codecs.fixture.ts';

let sdk: Awaited<ReturnType<typeof loadSdkCodecs>>;
beforeAll(async () => {
  sdk = await loadSdkCodecs();
});

function decode(version: ProtocolVersion, frame: Uint8Array): ClientMessage[] {
  const messages: ClientMessage[] = [];
  decodeClientFrame(version, Buffer.from(frame), (message) => messages.push(message));
  return messages;
}

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const text = fc.string({ unit: 'binary', maxLength: 40 }).map((value) => Buffer.from(value).toString());
const call = fc.record({
  kind: fc.constantFrom('call-reducer' as const, 'call-procedure' as const),
  requestId: u32,
  name: text,
  args: fc.uint8Array({ maxLength: 50 }),
});
const message: fc.Arbitrary<ClientMessage> = fc.oneof(
  fc.record({ kind: fc.constant('subscribe' as const), requestId: u32, querySetId: u32, queries: fc.array(text) }),
  fc.record({
    kind: fc.constant('unsubscribe' as const),
    requestId: u32,
    querySetId: u32,
    sendDroppedRows: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('query' as const), requestId: u32, sql: text }),
  call,
);

function toSdk(message: ClientMessage): unknown {
  const { requestId } = message;
  switch (message.kind) {
    case 'subscribe': {
      const value = { requestId, querySetId: { id: message.querySetId }, queryStrings: message.queries };
      return { tag: 'Subscribe', value };
    }
    case 'unsubscribe': {
      const flags = { tag: message.sendDroppedRows ? 'SendDroppedRows' : 'Default' };
      return { tag: 'Unsubscribe', value: { requestId, querySetId: { id: message.querySetId }, flags } };
    }
    case 'query':
      return { tag: 'OneOffQuery', value: { requestId, queryString: message.sql } };
    case 'call-reducer':
      return { tag: 'CallReducer', value: { requestId, flags: 0, reducer: message.name, args: message.args } };
    case 'call-procedure':
      return { tag: 'CallProcedure', value: { requestId, flags: 0, procedure: message.name, args: message.args } };
  }
}

function plain(messages: readonly ClientMessage[]): unknown[] {
  return messages.map((message) => ('args' in message ? { ...message, args: [...message.args] } : message));
}

describe('[WIRE4] what the official client encodes is decoded as it was meant', () => {
  test('one message a frame in version 2', () => {
    fc.assert(
      fc.property(message, (sent) => {
        expect(plain(decode(2, sdk.encodeClientMessage(toSdk(sent))))).toEqual(plain([sent]));
      }),
    );
  });

  test('any number of messages a frame in version 3', () => {
    fc.assert(
      fc.property(fc.array(message, { minLength: 1, maxLength: 5 }), (sent) => {
        const frame = Buffer.concat(sent.map((one) => sdk.encodeClientMessage(toSdk(one))));
        expect(plain(decode(3, frame))).toEqual(plain(sent));
      }),
    );
  });
});

describe('[WIRE5] a frame that does not decode is a WireError that says where', () => {
  test.each<[string, ProtocolVersion, string, RegExp]>([
    ['an empty frame', 3, '', /frame is empty/],
    ['an unknown tag', 3, '05', /has tag 5, expected 0 to 4/],
    ['a frame that ends early', 2, '0301000000', /end inside a u8: 1 bytes are expected at offset 5/],
    ['call flags', 2, '030100000001', /flags of a call are 1, expected 0/],
    ['unsubscribe flags', 2, '01010000000100000002', /flags of Unsubscribe are 2, expected 0 or 1/],
    [
      'a length beyond the frame',
      2,
      '0201000000ffffffff',
      /4294967295 bytes are expected at offset 9, but only 0 are left/,
    ],
    ['more strings than could follow', 2, '000100000001000000ffffffff', /4294967295 queries are announced/],
    ['text that is not UTF-8', 2, '020100000001000000ff', /not UTF-8/],
    ['two messages in version 2', 2, '02010000000000000002010000000000000000', /bytes follow the message/],
  ])('%s', (_name, version, hex, reason) => {
    expect(() => decode(version, Buffer.from(hex, 'hex'))).toThrow(reason);
  });

  test('random bytes either decode or throw a WireError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), fc.constantFrom(2 as const, 3 as const), (bytes, version) => {
        try {
          decode(version, bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
      { numRuns: 2000 },
    );
  });

  test('a real frame with one changed byte either decodes or throws a WireError', () => {
    fc.assert(
      fc.property(message, fc.nat(), fc.nat(255), (sent, position, value) => {
        const frame = sdk.encodeClientMessage(toSdk(sent));
        frame[position % frame.length] = value;
        try {
          decode(3, frame);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
