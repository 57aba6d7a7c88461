import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { compareBindings, writeBindings } from './index.ts';
import { fileText } from './text.ts';

const text = (body: string): string => fileText([`export const value = '${body}';`]);

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'helix-bindings-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('[CG8] writes only the files that changed', async () => {
  await writeBindings(
    folder,
    new Map([
      ['a.ts', text('a')],
      ['types/b.ts', text('b')],
    ]),
  );
  const long = new Date(0);
  utimesSync(join(folder, 'a.ts'), long, long);
  const change = await writeBindings(
    folder,
    new Map([
      ['a.ts', text('a')],
      ['types/b.ts', text('c')],
    ]),
  );
  expect(change).toEqual({ written: ['types/b.ts'], deleted: [] });
  expect(statSync(join(folder, 'a.ts')).mtimeMs).toBe(0);
  expect(readFileSync(join(folder, 'types/b.ts'), 'utf8')).toBe(text('c'));
});

it('[CG9] deletes generated files that are not wanted any more, and no others', async () => {
  await writeBindings(
    folder,
    new Map([
      ['a.ts', text('a')],
      ['auth/b.ts', text('b')],
    ]),
  );
  writeFileSync(join(folder, 'own.ts'), "export const own = 'mine';\n");
  mkdirSync(join(folder, 'notes'));
  writeFileSync(join(folder, 'notes', 'README.md'), text('not TypeScript'));
  const change = await writeBindings(folder, new Map([['a.ts', text('a')]]));
  expect(change).toEqual({ written: [], deleted: ['auth/b.ts'] });
  expect(['a.ts', 'own.ts', 'notes/README.md', 'auth/b.ts'].map((path) => existsSync(join(folder, path)))).toEqual([
    ...[true, true, true, false],
  ]);
});

it('[CG10] a comparison names what is stale and touches nothing', async () => {
  await writeBindings(
    folder,
    new Map([
      ['a.ts', text('a')],
      ['b.ts', text('b')],
    ]),
  );
  const wanted = new Map([
    ['a.ts', text('changed')],
    ['c.ts', text('c')],
  ]);
  expect(await compareBindings(folder, wanted)).toEqual({ written: ['a.ts', 'c.ts'], deleted: ['b.ts'] });
  expect(readFileSync(join(folder, 'a.ts'), 'utf8')).toBe(text('a'));
  expect(await compareBindings(join(folder, 'missing'), wanted)).toEqual({ written: ['a.ts', 'c.ts'], deleted: [] });
});
