import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import type { ServerMessage } from '../contract.ts';
import { serverMessages } from './samples.fixture.ts';
import { loadSdkCodecs } from './sdk-codecs.fixture.ts';
import { encodeServerMessage, serverMessageBytes } from './server-message.ts';
import { Writer } from './writer.ts';

let sdk: Awaited<ReturnType<typeof loadSdkCodecs>>;
beforeAll(async () => {
  sdk = await loadSdkCodecs();
});

function encode(message: ServerMessage): Buffer {
  const writer = new Writer();
  encodeServerMessage(writer, message);
  return Buffer.from(writer.view(0, writer.length));
}

describe('[WIRE1] what is sent changes only on purpose', () => {
  // If this fails, clients in the field will see other bytes than before. Change the hash only when that is meant.
  test('the encodings of one message of every shape hash to the pinned value', () => {
    const hash = createHash('sha256');
    for (const [name, message] of Object.entries(serverMessages)) hash.update(name).update(encode(message));
    expect(hash.digest('hex')).toBe('985d387fb319abccfca0e07e1901085499cf0e1ec4ca8588d67fce9c657aa669');
  });

  test('a reducer’s result, byte by byte', () => {
    const bytes = encode({
      kind: 'reducer-result',
      requestId: 0x01020304,
      timestampMicros: 5n,
      outcome: { kind: 'rejected', message: 'no' },
    });
    expect(bytes.toString('hex')).toBe('06040302010500000000000000020600000002000000' + '6e6f');
  });
});

describe('[WIRE2] the official client decodes every message to its end', () => {
  test.each(Object.entries(serverMessages))('%s', (_name, message) => {
    const decoded = sdk.decodeServerMessages(encode(message));
    expect(decoded).toHaveLength(1);
    expect(decoded[0]).toMatchSnapshot();
  });

  test('messages back to back', () => {
    const all = Object.values(serverMessages);
    expect(sdk.decodeServerMessages(Buffer.concat(all.map(encode)))).toHaveLength(all.length);
  });
});

test('[WIRE3] a message’s size is known before it is encoded, within 64 bytes', () => {
  for (const message of Object.values(serverMessages)) {
    expect(Math.abs(serverMessageBytes(message) - encode(message).length)).toBeLessThanOrEqual(64);
  }
});
