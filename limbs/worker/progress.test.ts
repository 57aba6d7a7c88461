import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Progress } from './progress.ts';

let sent: string[];
let progress: Progress;

beforeEach(() => {
  vi.useFakeTimers();
  sent = [];
  progress = new Progress(async (line) => {
    sent.push(line);
  });
});

afterEach(() => {
  vi.useRealTimers();
});

test('lines that come together are sent together, ten times a second at most', async () => {
  for (let tick = 0; tick < 1000; tick++) {
    progress.push(`line ${tick}`);
    await vi.advanceTimersByTimeAsync(1);
  }
  expect(sent.length).toBeLessThanOrEqual(10);
  await progress.end();
  expect(sent.at(-1)?.endsWith('line 999')).toBe(true);
});

test('of too many lines the newest are kept, and it is said how many were not', async () => {
  for (let n = 0; n < 300; n++) progress.push(`line ${n}`);
  await progress.end();
  expect(sent.length).toBe(1);
  const lines = sent[0]?.split('\n') ?? [];
  expect(lines[0]).toBe(`… ${300 - (lines.length - 1)} lines left out`);
  expect(lines.at(-1)).toBe('line 299');
  expect(sent[0]?.length).toBeLessThanOrEqual(500);
});

test('a long line is cut, an empty one is none, and control characters do not travel', async () => {
  progress.push('x'.repeat(5000));
  await vi.advanceTimersByTimeAsync(100);
  progress.push(' \n');
  progress.push('\u001b[2Jgone');
  await progress.end();
  expect(sent.map((line) => line.length)).toEqual([500, 4]);
});

test('a slow hub gets one report after the other', async () => {
  let running = 0;
  let runningMax = 0;
  const slow = new Progress(async () => {
    runningMax = Math.max(runningMax, ++running);
    await new Promise((resolve) => setTimeout(resolve, 1000));
    running--;
  });
  for (let n = 0; n < 5; n++) {
    slow.push('line');
    await vi.advanceTimersByTimeAsync(200);
  }
  const ended = slow.end();
  await vi.advanceTimersByTimeAsync(10_000);
  await ended;
  expect(runningMax).toBe(1);
});

test('after the end nothing is sent', async () => {
  await progress.end();
  progress.push('late');
  await vi.advanceTimersByTimeAsync(1000);
  expect(sent).toEqual([]);
});
