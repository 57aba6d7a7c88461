import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Rejection } from '../../engine/errors.ts';
import { readSubscribeRequest } from '../../engine/serve/socket/handshake.ts';
import { decodeClientFrame } from '../../engine/serve/wire/client-message.ts';
import { WireError } from '../../engine/serve/wire/error.ts';
import { decodeV1Frame, decodeV1Text, type V1ClientMessage } from '../../engine/serve/wire/v1/client-message.ts';
import { TestHost } from './support/host.ts';
import { RawClient } from './support/raw.ts';
import { encodeV1Message } from './support/v1.ts';

// Whatever strangers send is answered with what they did wrong, and never disturbs the host.

let host: TestHost;
beforeAll(async () => {
  host = await TestHost.start();
  await host.publish('basic', 'basic');
});
afterAll(() => host.close());

const u32 = fc.integer({ min: 0, max: 0xffff_ffff });
const text = fc.string({ unit: 'binary', maxLength: 20 }).map((value) => Buffer.from(value).toString());
const bytes = fc.uint8Array({ maxLength: 20 }).map((value) => Uint8Array.from(value));

/** A message of version 1 as the codec of the tests has it, and as the host is to read it. */
const messages: fc.Arbitrary<{ tag: string; value: object; read: V1ClientMessage }> = fc
  .tuple(fc.integer({ min: 0, max: 7 }), text, bytes, u32, u32, fc.array(text, { maxLength: 3 }))
  .map(([kind, name, data, requestId, queryId, queries]) => {
    const query = { requestId, queryId: { id: queryId } };
    switch (kind) {
      case 0: {
        const isQuiet = queryId % 2 === 1;
        const value = { reducer: name, args: data, requestId, flags: isQuiet ? 1 : 0 };
        return { tag: 'CallReducer', value, read: { kind: 'call-reducer', name, args: data, requestId, isQuiet } };
      }
      case 1: {
        const read = { kind: 'subscribe', requestId, queryId: undefined, queries } as const;
        return { tag: 'Subscribe', value: { queryStrings: queries, requestId }, read };
      }
      case 2:
        return {
          tag: 'OneOffQuery',
          value: { messageId: data, queryString: name },
          read: { kind: 'query', messageId: data, sql: name },
        };
      case 3: {
        const read = { kind: 'subscribe-single', requestId, queryId, queries: [name] } as const;
        return { tag: 'SubscribeSingle', value: { query: name, ...query }, read };
      }
      case 4: {
        const read = { kind: 'subscribe-multi', requestId, queryId, queries } as const;
        return { tag: 'SubscribeMulti', value: { queryStrings: queries, ...query }, read };
      }
      case 5:
        return { tag: 'Unsubscribe', value: query, read: { kind: 'unsubscribe-single', requestId, queryId } };
      case 6:
        return { tag: 'UnsubscribeMulti', value: query, read: { kind: 'unsubscribe-multi', requestId, queryId } };
      default: {
        const value = { procedure: name, args: data, requestId, flags: 0 };
        return {
          tag: 'CallProcedure',
          value,
          read: { kind: 'call-procedure', name, args: data, requestId, isQuiet: false },
        };
      }
    }
  });

/** Runs a decoder over what may be damaged: it ends well, or in a WireError. */
function decodeOrRefuse(decode: () => unknown): void {
  try {
    decode();
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    expect(error.message).not.toBe('');
  }
}

const damage = fc.record({ at: fc.nat(), value: fc.integer({ min: 0, max: 255 }), cut: fc.nat(), extra: bytes });

function damaged(
  frame: Uint8Array,
  { at, value, cut, extra }: { at: number; value: number; cut: number; extra: Uint8Array },
) {
  const copy = Buffer.concat([
    frame.subarray(0, frame.length - (cut % 3 === 0 ? cut % (frame.length + 1) : 0)),
    cut % 5 === 0 ? extra : Buffer.of(),
  ]);
  if (copy.length > 0) copy[at % copy.length] = value;
  return copy;
}

describe('[WIRE5] frames', () => {
  it('of version 1 are read as they were meant', () => {
    fc.assert(
      fc.property(messages, ({ tag, value, read }) => {
        const message = decodeV1Frame(Uint8Array.from(encodeV1Message(tag, value)));
        const plain = (one: object) =>
          JSON.parse(JSON.stringify(one, (_, part) => (part instanceof Uint8Array ? [...part] : part)));
        expect(plain(message)).toEqual(plain(read));
      }),
    );
  });

  it('of every version that are damaged or random are refused with a reason', () => {
    fc.assert(
      fc.property(messages, damage, fc.uint8Array({ maxLength: 60 }), ({ tag, value }, change, random) => {
        for (const frame of [damaged(encodeV1Message(tag, value), change), Buffer.from(random)]) {
          decodeOrRefuse(() => decodeV1Frame(frame));
          for (const version of [2, 3] as const) decodeOrRefuse(() => decodeClientFrame(version, frame, () => {}));
        }
      }),
      { numRuns: 500 },
    );
  });

  it('of JSON that is none, or says something else, are refused with a reason', () => {
    const names = fc.constantFrom(
      'CallReducer',
      'Subscribe',
      'OneOffQuery',
      'SubscribeSingle',
      'Unsubscribe',
      'toString',
      '',
    );
    const json = fc.oneof(
      fc.json(),
      fc
        .dictionary(
          names,
          fc.oneof(
            fc.jsonValue(),
            fc.dictionary(
              fc.constantFrom('request_id', 'query_id', 'query_strings', 'args', 'reducer', 'flags', '__proto__'),
              fc.jsonValue(),
            ),
          ),
        )
        .map((value) => JSON.stringify(value)),
      text,
    );
    fc.assert(
      fc.property(json, (frame) => decodeOrRefuse(() => decodeV1Text(frame))),
      { numRuns: 500 },
    );
  });
});

describe('[SOCK1] handshakes', () => {
  it('of any address and headers are accepted, or refused with a status and a text', () => {
    const path = fc.oneof(
      text,
      fc
        .tuple(text, text)
        .map(([name, query]) => `/v1/database/${encodeURI(name.replaceAll(/\p{Cs}/gu, ''))}/subscribe?${query}`),
    );
    const header = fc.oneof(text, fc.constantFrom('v3.bsatn.spacetimedb', 'v1.json.spacetimedb, x', 'Bearer x'));
    fc.assert(
      fc.property(path, header, header, (url, protocol, authorization) => {
        try {
          const asked = readSubscribeRequest({ url, headers: { 'sec-websocket-protocol': protocol, authorization } });
          if (asked.kind === 'refuse')
            expect([asked.status >= 400 && asked.status < 500, asked.message !== '']).toEqual([true, true]);
        } catch (error) {
          if (!(error instanceof Rejection)) throw error;
          expect(error.code).toBe('token');
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe('[HTTP7] requests', () => {
  const runs = { numRuns: 60 };
  const call = { 'content-type': 'application/json' };

  it('with any arguments are calls that end well or are refused', async () => {
    const argument = fc.oneof(fc.jsonValue(), fc.constantFrom(4294967295, 4294967296, -1, 1e300, '1', null));
    const body = fc.oneof(
      fc.array(argument, { maxLength: 3 }).map((list) => JSON.stringify(list)),
      fc.record({ label: argument, size: argument }).map((record) => JSON.stringify(record)),
      fc.json(),
      text,
    );
    await fc.assert(
      fc.asyncProperty(body, fc.constantFrom('add', 'resize', 'ban', 'add_part'), async (args, fn) => {
        const { status, text: answer } = await host.ask('POST', `/v1/database/basic/call/${fn}`, {
          body: args,
          headers: call,
        });
        expect([200, 400, 530]).toContain(status);
        if (status !== 200) expect(answer).not.toBe('');
      }),
      runs,
    );
  });

  it('with any name, query, token or SQL are answered with the caller’s mistake', async () => {
    const segment = fc.oneof(
      fc.webSegment(),
      text.map((value) => encodeURIComponent(value)),
      fc.constantFrom('%', '..', 'basic', '%2e%2e'),
    );
    const query = fc.oneof(
      fc.webQueryParameters(),
      fc.constantFrom(
        'version=99',
        'num_lines=-1',
        'follow=maybe',
        'confirmed=1',
        'host_type=Wasm',
        'clear=x',
        'policy=None',
      ),
    );
    const route = fc.constantFrom(
      '',
      '/names',
      '/schema',
      '/logs',
      '/identity',
      '/sql',
      '/route/a',
      '/mcp',
      '/call/add',
      '/subscribe',
    );
    await fc.assert(
      fc.asyncProperty(
        segment,
        route,
        query,
        fc.constantFrom('GET', 'POST', 'PUT'),
        text,
        async (name, rest, search, method, body) => {
          const { status } = await host.ask(
            method,
            `/v1/database/${name}${rest}?${search}`,
            method === 'GET' ? {} : { body },
          );
          expect(status).toBeLessThan(500);
        },
      ),
      runs,
    );
    const [head = '', claims = '', signature = ''] = host.token.split('.');
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.constantFrom('A', '_', '.', '='), fc.nat(2), async (at, character, part) => {
        const parts = [head, claims, signature];
        const one = parts[part] ?? '';
        const place = at % (one.length - 1);
        if (one[place] === character) return;
        parts[part] = one.slice(0, place) + character + one.slice(place + 1);
        const { status } = await host.ask('POST', '/v1/database/basic/sql', {
          body: 'SELECT * FROM item',
          token: parts.join('.'),
        });
        expect(status).toBe(401);
      }),
      runs,
    );
  });

  it('leave everybody else alone', async () => {
    const client = await RawClient.open(host, 'basic');
    await client.next();
    client.call(1, 'nothing');
    expect((await client.next()).value.result.tag).toBe('Ok');
  });
});
