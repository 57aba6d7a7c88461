import { expect, test } from 'vitest';
import { age, bytes, duration, elapsed, interval } from './format.ts';
import { readInput, titleOf } from './task-input.ts';

test.each([
  [0, '0 ms'],
  [340, '340 ms'],
  [2440, '2.4 s'],
  [59_960, '1 min 00 s'],
  [185_000, '3 min 05 s'],
  [-5, '0 ms'],
])('a duration of %i ms is %s', (ms, text) => {
  expect(duration(ms)).toBe(text);
});

test.each([
  [5000, '5 s'],
  [1500, '1,500 ms'],
  [900_000, '15 min'],
  [5_400_000, '90 min'],
  [172_800_000, '2 d'],
])('an interval of %i ms is %s', (ms, text) => {
  expect(interval(ms)).toBe(text);
});

test.each([
  [900, 'now'],
  [59_999, '59 s'],
  [60_000, '1 min'],
  [7_200_000, '2 h'],
  [259_200_000, '3 d'],
  [-60_000, 'now'],
])('an age of %i ms is %s', (ms, text) => {
  expect(age(ms)).toBe(text);
});

test('a running time has whole seconds', () => {
  expect([elapsed(999), elapsed(61_000)]).toEqual(['0 s', '1 min 01 s']);
});

test('a title is the first line that says something', () => {
  expect(titleOf('\n  # Primes\nprint(2)')).toBe('Primes');
  expect(titleOf('  \n')).toBe('');
});

test('an input that is not of a known skill is shown as it is', () => {
  expect(readInput('{"question":"why?"}')).toEqual({ kind: 'question', question: 'why?' });
  expect(readInput('{"code":"1"}')).toEqual({ kind: 'script', code: '1' });
  expect(readInput('{"paths":["a.md"]}')).toEqual({ kind: 'documents', paths: ['a.md'] });
  expect(readInput('{"a":1}')).toEqual({ kind: 'other', json: '{\n  "a": 1\n}' });
  expect(readInput('nonsense')).toEqual({ kind: 'other', json: 'nonsense' });
});

test('a size is told in its largest unit', () => {
  expect([0, 340, 2458, 800 * 1024, 5 * 1024 ** 3].map(bytes)).toEqual([
    '0 B',
    '340 B',
    '2.4 KiB',
    '800 KiB',
    '5.0 GiB',
  ]);
});
