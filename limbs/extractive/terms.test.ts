import { expect, test } from 'vitest';
import { coverage, stem, termsOf, termWeights } from './terms.ts';

test.each([
  ['lease', 'leases', 'leased', 'leasing'],
  ['stop', 'stops', 'stopped', 'stopping'],
  ['copy', 'copies', 'copied'],
  ['limb', 'limbs'],
  ['decide', 'decides', 'decided'],
  ['class', 'classes'],
])('inflected forms of %s share a stem', (...words) => {
  expect(new Set(words.map(stem)).size).toBe(1);
});

test('different words keep different stems', () => {
  const words = ['status', 'state', 'limb', 'limit', 'task', 'tenant', 'bus', 'us2', 'redis', 'red', 'hub', 'face'];
  expect(new Set(words.map(stem)).size).toBe(words.length);
});

test('words without meaning of their own are left out', () => {
  expect(termsOf("What's a limb, and how does it work with the Hub's tasks?")).toEqual(
    new Set(['limb', 'hub', 'task']),
  );
  expect(termsOf('Größe, 数据库 & kill -9')).toEqual(new Set(['größ', '数据库', 'kill', '9']));
});

test('a rare word covers more of a question than a usual one', () => {
  const texts = [termsOf('limb hub'), termsOf('limb'), termsOf('limb lease')];
  const weights = termWeights(termsOf('the lease of a limb'), texts);
  expect(coverage(weights, termsOf('lease'))).toBeGreaterThan(coverage(weights, termsOf('limb')));
  expect(coverage(weights, termsOf('limb lease'))).toBe(1);
  expect(coverage(weights, termsOf('something'))).toBe(0);
});
