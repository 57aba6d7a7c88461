import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Piece } from '../../bindings/types.ts';
import { Progress, type Sender } from './progress.ts';

interface Report {
  readonly how: 'stream' | 'keep';
  readonly pieces: Piece[];
}

let reports: Report[];
let progress: Progress;

const sender: Sender = {
  stream: async (pieces) => void reports.push({ how: 'stream', pieces: structuredClone(pieces) }),
  keep: async (pieces) => void reports.push({ how: 'keep', pieces: structuredClone(pieces) }),
};
const texts = (how: Report['how']) =>
  reports.filter((report) => report.how === how).flatMap(({ pieces }) => pieces.map(({ text }) => text));
const chars = ({ pieces }: Report) => pieces.reduce((sum, { text }) => sum + text.length, 0);

beforeEach(() => {
  vi.useFakeTimers();
  reports = [];
  progress = new Progress(sender);
});

afterEach(() => {
  vi.useRealTimers();
});

describe('lines', () => {
  test('that come together are sent together, ten times a second at most', async () => {
    for (let tick = 0; tick < 1000; tick++) {
      progress.line(`line ${tick}`);
      await vi.advanceTimersByTimeAsync(1);
    }
    expect(reports.length).toBeLessThanOrEqual(10);
    await progress.end();
    expect(texts('keep').at(-1)?.endsWith('line 999')).toBe(true);
  });

  test('are kept at once when there has been nothing for a while', async () => {
    progress.line('one');
    await vi.advanceTimersByTimeAsync(100);
    expect(reports).toEqual([{ how: 'keep', pieces: [{ part: 0, start: 0, kind: { tag: 'Line' }, text: 'one' }] }]);
  });

  test('are streamed, and kept within a second even if nothing follows', async () => {
    progress.line('one');
    await vi.advanceTimersByTimeAsync(200);
    progress.line('two');
    await vi.advanceTimersByTimeAsync(100);
    expect(texts('stream')).toEqual(['two']);
    await vi.advanceTimersByTimeAsync(1000);
    expect(texts('keep')).toEqual(['one', 'two']);
    await vi.advanceTimersByTimeAsync(10_000);
    await progress.end();
    expect(reports).toHaveLength(3);
  });

  test('of too many the newest are sent, and it is said how many were not', async () => {
    for (let n = 0; n < 300; n++) progress.line(`line ${n}`);
    await progress.end();
    const [all = ''] = texts('keep');
    const lines = all.split('\n');
    expect(lines[0]).toBe(`… ${300 - (lines.length - 1)} lines left out`);
    expect(lines.at(-1)).toBe('line 299');
    expect(all.length).toBeLessThanOrEqual(500);
  });

  test('that are long are cut, empty ones are none, and control characters do not travel', async () => {
    progress.line('x'.repeat(5000));
    await vi.advanceTimersByTimeAsync(100);
    progress.line(' \n');
    progress.line('\u001b[2Jgone');
    await progress.end();
    expect(texts('keep').map((line) => line.length)).toEqual([500, 4]);
  });
});

describe('a text', () => {
  test('is streamed piece by piece and kept in larger ones, which say where they belong', async () => {
    const tell = progress.text();
    for (const word of 'a lease is a claim with an attempt number '.repeat(10).match(/\S+ /g) ?? []) {
      tell(word);
      await vi.advanceTimersByTimeAsync(25);
    }
    await progress.end();
    for (const how of ['stream', 'keep'] as const) {
      for (const { pieces } of reports.filter((report) => report.how === how)) {
        for (const { part, start, text } of pieces) {
          expect(part).toBe(0);
          expect('a lease is a claim with an attempt number '.repeat(10).slice(start, start + text.length)).toBe(text);
        }
      }
    }
    expect(texts('keep').join('')).toBe('a lease is a claim with an attempt number '.repeat(10));
    expect(reports.filter(({ how }) => how === 'stream').length).toBeGreaterThan(10);
    expect(reports.filter(({ how }) => how === 'keep').length).toBeLessThanOrEqual(5);
  });

  test('is a part of its own beside lines and other texts, numbered by when it began', async () => {
    progress.line('one');
    const first = progress.text();
    const second = progress.text();
    progress.text();
    second('b');
    first('a');
    second('b');
    progress.line('two');
    await progress.end();
    expect(reports.flatMap(({ pieces }) => pieces.map(({ part, start, text }) => [part, start, text]))).toEqual([
      [0, 0, 'one'],
      [1, 0, 'b'],
      [2, 0, 'a'],
      [1, 1, 'b'],
      [3, 0, 'two'],
    ]);
  });

  test('keeps its characters whole in pieces of bounded length', async () => {
    const text = `x${'🙂'.repeat(1500)}`;
    progress.text()(text);
    await progress.end();
    expect(texts('keep').every((piece) => piece.length <= 2000 && Buffer.from(piece).toString() === piece)).toBe(true);
    expect(texts('keep').join('')).toBe(text);
  });

  test('that comes faster than it can be sent loses its oldest pieces, and the rest says where it belongs', async () => {
    const tell = progress.text();
    for (let i = 0; i < 100; i++) tell(`${i % 10}`.repeat(100));
    await progress.end();
    const [report] = reports;
    expect(chars(report as Report)).toBeLessThanOrEqual(4000);
    expect(report?.pieces.at(-1)?.text.endsWith('9'.repeat(100))).toBe(true);
    for (const { start, text } of report?.pieces ?? []) expect(text[0]).toBe(`${(start / 100) % 10}`);
  });
});

test('no report is larger than the hub takes, whatever comes', async () => {
  const tell = progress.text();
  for (let i = 0; i < 400; i++) {
    tell('x'.repeat(i % 7 === 0 ? 3000 : 90));
    progress.line('y'.repeat(i % 11 === 0 ? 900 : 40));
    if (i % 3 === 0) progress.text()('z'.repeat(50));
    await vi.advanceTimersByTimeAsync(i % 5 === 0 ? 120 : 10);
  }
  await progress.end();
  expect(reports.length).toBeGreaterThan(20);
  for (const report of reports) {
    expect(chars(report)).toBeLessThanOrEqual(8000);
    expect(report.pieces.length).toBeLessThanOrEqual(32);
    for (const { text } of report.pieces) expect(text.length).toBeLessThanOrEqual(2000);
  }
});

test('a slow hub gets one report after the other', async () => {
  let running = 0;
  let runningMax = 0;
  const slowly = async () => {
    runningMax = Math.max(runningMax, ++running);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    running--;
  };
  const slow = new Progress({ stream: slowly, keep: slowly });
  for (let n = 0; n < 5; n++) {
    slow.line('line');
    await vi.advanceTimersByTimeAsync(200);
  }
  const ended = slow.end();
  await vi.advanceTimersByTimeAsync(10_000);
  await ended;
  expect(runningMax).toBe(1);
});

test('after the end nothing is sent', async () => {
  const tell = progress.text();
  await progress.end();
  progress.line('late');
  tell('late');
  await vi.advanceTimersByTimeAsync(1000);
  expect(reports).toEqual([]);
});
