import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Output } from './engine.ts';
import { OutputStream } from './output.ts';

it('keeps the first bytes of a stream and hands on all of them in whole lines', () => {
  fc.assert(
    fc.property(
      fc.array(fc.oneof(fc.string({ unit: 'grapheme' }), fc.constant('\n'))),
      fc.integer({ min: 1, max: 7 }),
      (parts, size) => {
        const text = parts.join('');
        const heard: Output[] = [];
        const stream = new OutputStream('stdout', { bytesLeft: 1_000_000 }, (output) => heard.push(output));
        const bytes = Buffer.from(text);
        for (let at = 0; at < bytes.length; at += size) expect(stream.push(bytes.subarray(at, at + size))).toBe(true);
        stream.end();
        expect(stream.text).toBe(bytes.toString());
        expect(heard.map((output) => output.text)).toEqual(bytes.toString().match(/[^\n]*\n|[^\n]+$/g) ?? []);
      },
    ),
  );
});

it('shares one budget between streams and tells which were cut off', () => {
  const budget = { bytesLeft: 5 };
  const [stdout, stderr] = [
    new OutputStream('stdout', budget, undefined),
    new OutputStream('stderr', budget, undefined),
  ];
  expect(stdout.push(Buffer.from('abc'))).toBe(true);
  expect(stderr.push(Buffer.from('defg'))).toBe(false);
  expect([stdout.text, stdout.truncated]).toEqual(['abc', false]);
  expect([stderr.text, stderr.truncated]).toEqual(['de', true]);
});

it('hands on a line without end in pieces', () => {
  const heard: number[] = [];
  const stream = new OutputStream('stdout', { bytesLeft: 100_000 }, ({ text }) => heard.push(text.length));
  stream.push(Buffer.from('x'.repeat(20_000)));
  expect(heard).toEqual([8192, 8192]);
  stream.end();
  expect(heard).toEqual([8192, 8192, 3616]);
});
