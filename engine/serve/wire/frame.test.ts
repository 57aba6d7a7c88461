import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import type { ServerMessage } from '../contract.ts';
import { FrameEncoder } from './frame.ts';
import { rowList, serverMessages, u32Rows } from './samples.fixture.ts';
import { encodeServerMessage } from './server-message.ts';
import { Writer } from './writer.ts';

const all = Object.values(serverMessages);

function encoded(...messages: readonly ServerMessage[]): Buffer {
  const writer = new Writer();
  for (const message of messages) encodeServerMessage(writer, message);
  return Buffer.from(writer.view(0, writer.length));
}

describe('[WIRE6] frames', () => {
  test('version 2 has one message a frame, version 3 as many as fit', () => {
    const encoder = new FrameEncoder(512 * 1024);
    const two = encoder.encode(2, 'none', all);
    expect(two.map((frame) => frame.subarray(1))).toEqual(all.map((message) => encoded(message)));
    const three = encoder.encode(3, 'none', all);
    expect(three).toHaveLength(1);
    expect(three[0]?.subarray(1)).toEqual(encoded(...all));
    for (const frame of [...two, ...three]) expect(frame[0]).toBe(0);
  });

  test('a version 3 frame ends before the message that would make it too large, and no message is cut', () => {
    const bytesMax = 200;
    const frames = new FrameEncoder(bytesMax).encode(3, 'none', all);
    expect(frames.length).toBeGreaterThan(1);
    expect(Buffer.concat(frames.map((frame) => frame.subarray(1)))).toEqual(encoded(...all));
    for (const frame of frames) expect(frame.length).toBeLessThanOrEqual(bytesMax);
    const large = { kind: 'transaction-update', update: [update(1, 1000)] } as const;
    expect(new FrameEncoder(bytesMax).encode(3, 'none', [large])).toHaveLength(1);
  });

  test('only frames above 1 KiB are compressed, with the tag that says how', () => {
    const encoder = new FrameEncoder(512 * 1024);
    const large: ServerMessage = { kind: 'transaction-update', update: [update(1, 5000)] };
    const [gzip] = encoder.encode(3, 'gzip', [large]);
    const [brotli] = encoder.encode(3, 'brotli', [large]);
    expect(gzip?.[0]).toBe(2);
    expect(gunzipSync(gzip?.subarray(1) ?? Buffer.alloc(0))).toEqual(encoded(large));
    expect(brotli?.[0]).toBe(1);
    expect(brotliDecompressSync(brotli?.subarray(1) ?? Buffer.alloc(0))).toEqual(encoded(large));
    expect(encoder.encode(3, 'gzip', [{ kind: 'transaction-update', update: [] }])[0]?.[0]).toBe(0);
  });
});

describe('[WIRE7] equal content for many clients is encoded and compressed once', () => {
  test('the same update objects give the very same buffers', () => {
    const encoder = new FrameEncoder(512 * 1024);
    const shared = update(1, 5000);
    const first = encoder.encode(3, 'gzip', [{ kind: 'transaction-update', update: [shared] }]);
    const second = encoder.encode(3, 'gzip', [{ kind: 'transaction-update', update: [{ ...shared }] }]);
    expect(second[0]).toBe(first[0]);
  });

  test('another query set, another table list or another kind is another frame', () => {
    const encoder = new FrameEncoder(512 * 1024);
    const shared = update(1, 10);
    const frames = [
      { kind: 'transaction-update', update: [shared] },
      { kind: 'transaction-update', update: [{ ...shared, querySetId: 2 }] },
      { kind: 'transaction-update', update: [{ ...shared, tables: [] }] },
      { kind: 'transaction-update', update: [shared, shared] },
      { kind: 'reducer-result', requestId: 1, timestampMicros: 0n, outcome: { kind: 'ok', update: [shared] } },
    ] as const satisfies readonly ServerMessage[];
    for (const message of frames) {
      expect(encoder.encode(3, 'none', [message])[0]?.subarray(1)).toEqual(encoded(message));
    }
  });
});

function update(querySetId: number, bytes: number) {
  const inserts = rowList(1, Buffer.alloc(bytes, 1));
  return { querySetId, tables: [{ table: 'person', isEvent: false, inserts, deletes: u32Rows() }] };
}
