import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

// The document that promises, and the tests that show it, name the same rules.

const root = fileURLToPath(new URL('..', import.meta.url));
const text = readFileSync(join(root, 'engine/SPEC.md'), 'utf8');
const rules = [...text.matchAll(/^\| ([A-Z]+\d+) \|/gm)].map(([, rule]) => rule ?? '');

const files = ['ls-files', '--cached', '--others', '--exclude-standard', '*.test.ts'];
const shown = new Set<string>();
for (const file of execFileSync('git', files, { cwd: root, encoding: 'utf8' }).split('\n').filter(Boolean)) {
  const names = readFileSync(join(root, file), 'utf8').matchAll(/\[([A-Z]+\d+)\](?= )/g);
  for (const [, rule] of names) shown.add(rule ?? '');
}

it('engine/SPEC.md has each rule once, a test shows each, and no test names another', () => {
  expect(rules.filter((rule, at) => rules.indexOf(rule) !== at)).toEqual([]);
  expect(rules.filter((rule) => !shown.has(rule))).toEqual([]);
  expect([...shown].filter((rule) => !rules.includes(rule))).toEqual([]);
});
