import { mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Permissions } from '../reach/permissions.ts';
import { Readers } from '../reach/readers.ts';
import { summarySchema } from '../summary.ts';
import { testContext } from '../testing/context.ts';
import { always } from '../testing/models.ts';
import { unnoted } from '../testing/web-server.ts';
import { listFilesSkill } from './list-files.ts';
import { summariseSkill } from './summarise.ts';

let folder: string;
let permissions: () => Promise<Permissions>;
/** Later than any change: nothing is young. */
const later = () => Date.now() + 60_000;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'helix-inbox-'));
  await mkdir(join(folder, 'inbox/deep'), { recursive: true });
  permissions = async () => ({ reach: undefined, folders: new Map([['inbox', join(folder, 'inbox')]]) });
});

afterEach(() => rm(folder, { recursive: true, force: true }));

interface Listing {
  readonly files: { path: string; bytes: number }[];
  readonly mark: string;
  readonly more: number;
}

async function list(wanted: object = {}, now = later): Promise<Listing> {
  const skill = listFilesSkill(permissions, new Readers(join(folder, 'readers.json')), now);
  const body = await skill.run({ folder: 'inbox', format: 'json', ...wanted }, testContext());
  expect(summarySchema.safeParse(body).success).toBe(true);
  return 'done' in wanted ? { files: [], mark: '', more: 0 } : (JSON.parse(body.text) as Listing);
}

/** Writes a file, and waits until the clock of the file system, which goes in steps, has gone on. */
async function put(path: string, text = 'x'): Promise<void> {
  const changedNs = async (file: string, content: string) => {
    await writeFile(file, content);
    return (await stat(file, { bigint: true })).ctimeNs;
  };
  const atNs = await changedNs(join(folder, 'inbox', path), text);
  while ((await changedNs(join(folder, 'probe'), '')) <= atNs);
}
const pathsOf = ({ files }: Listing) => files.map(({ path }) => path);

test('files are listed in the order of their changes, since a mark', async () => {
  await put('b.md');
  await put('deep/a.md', 'four');
  const first = await list();
  expect(first).toMatchObject({ files: [{ path: 'b.md' }, { path: 'deep/a.md', bytes: 4 }], more: 0 });
  expect(await list({ since: first.mark })).toEqual({ files: [], mark: first.mark, more: 0 });
  await put('c.txt');
  await put('b.md', 'changed');
  expect(pathsOf(await list({ since: first.mark }))).toEqual(['c.txt', 'b.md']);
  expect(pathsOf(await list({ since: first.mark, ending: '.txt' }))).toEqual(['c.txt']);
});

test('what is too much for one listing comes in the next ones, each once', async () => {
  const names = Array.from({ length: 30 }, (_, i) => `${i}-${'n'.repeat(150)}.md`);
  for (const name of names) await put(name);
  const seen: string[] = [];
  for (let since = {}, left = 1; left > 0; ) {
    const { files, mark, more } = await list({ limit: 50, ...since });
    expect(files.length).toBeGreaterThan(0);
    seen.push(...files.map(({ path }) => path));
    since = { since: mark };
    left = more;
  }
  expect(seen.toSorted()).toEqual(names.toSorted());
});

test('a reader is given files again until it has done them, and never goes back', async () => {
  await put('a.md');
  const first = await list({ reader: 'summaries' });
  expect(pathsOf(first)).toEqual(['a.md']);
  expect(await list({ reader: 'summaries' })).toEqual(first);
  await list({ reader: 'summaries', done: first.mark });
  expect((await list({ reader: 'summaries' })).files).toEqual([]);
  await put('b.md');
  const second = await list({ reader: 'summaries' });
  expect(pathsOf(second)).toEqual(['b.md']);
  await list({ reader: 'summaries', done: second.mark });
  await list({ reader: 'summaries', done: first.mark });
  expect((await list({ reader: 'summaries' })).files).toEqual([]);
  expect(pathsOf(await list({ reader: 'others' }))).toEqual(['a.md', 'b.md']);
});

test('a file that is being written is left for the next time', async () => {
  await put('a.md');
  expect((await list({}, () => Date.now() - 60_000)).files).toEqual([]);
});

test('nothing outside of the folder can be listed or read', async () => {
  await writeFile(join(folder, 'secret.md'), 'secret');
  await symlink(join(folder, 'secret.md'), join(folder, 'inbox/link.md'));
  await symlink(folder, join(folder, 'inbox/up'));
  await put('.hidden');
  await put('a.md', 'A text that can be read here.');
  expect(pathsOf(await list())).toEqual(['a.md']);
  const summarise = (path: string) =>
    summariseSkill(always(undefined), { permissions, note: unnoted }).run({ folder: 'inbox', path }, testContext());
  expect((await summarise('a.md')).text).toBe('A text that can be read here.');
  for (const path of ['../secret.md', 'link.md', 'up/secret.md', join(folder, 'secret.md')]) {
    await expect(summarise(path), path).rejects.toMatchObject({ code: 'outside-documents' });
  }
  await expect(summarise('none.md')).rejects.toThrow('There is no none.md in the folder inbox.');
});

test('only folders that limb.toml names are known, and where they are is not told', async () => {
  await expect(list({ folder: 'etc' })).rejects.toThrow(
    'This limb has no folder etc; its owner names folders under [folders] in limb.toml: inbox.',
  );
  await rm(join(folder, 'inbox'), { recursive: true });
  const gone = list();
  await expect(gone).rejects.toMatchObject({ code: 'no-such-folder', isRetryable: true });
  await expect(gone).rejects.not.toThrow(folder);
});

test.each([{ since: 'yesterday' }, { done: '5:a' }, { folder: '../up' }, { limit: 0 }])('%j is refused', (wanted) =>
  expect(list(wanted)).rejects.toMatchObject({ code: 'invalid-input' }),
);
