import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openDocumentsRoot } from '../documents/root.ts';
import type { Memory } from '../memory/memory.ts';
import { openMemoryHere } from '../memory/open.ts';
import { testContext } from '../testing/context.ts';
import { wordEmbedder } from '../testing/word-embedder.ts';
import { forgetSkill } from './forget.ts';
import { type FoundParts, recallSkill } from './recall.ts';
import { rememberSkill } from './remember.ts';

let folder: string;
let memory: Memory;
const told: string[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'helix-remember-'));
  memory = await openMemoryHere({ dataDir: join(folder, 'memory') }, wordEmbedder());
  await mkdir(join(folder, 'documents/1/guide'), { recursive: true });
});

afterAll(async () => {
  await memory.close();
  await rm(folder, { recursive: true, force: true });
});

function put(path: string, content: string): Promise<void> {
  return writeFile(join(folder, 'documents/1', path), content);
}

async function remember(...paths: string[]) {
  return rememberFor('1', ...paths);
}

async function rememberFor(tenant: string, ...paths: string[]) {
  const context = { ...testContext(), tenant };
  const rootOf = (whose: string) => openDocumentsRoot(join(folder, 'documents', whose));
  const body = await rememberSkill(memory, rootOf, (whose) => told.push(whose)).run({ paths }, context);
  return { text: body.text, lines: context.lines };
}

test('documents are remembered one by one, and the memory says what it holds', async () => {
  await put('guide/leases.md', '# Leases\n\nA lease ends with its limb.\n\n## Renewal\n\nThe limb renews it.');
  await put('guide/photo.png', 'x');
  await put('bread.txt', 'Knead the dough for ten minutes.');
  expect(await remember('guide', 'bread.txt')).toEqual({
    text: 'Remembered 2 documents (3 chunks), 1 file of other kinds left out',
    lines: ['guide/leases.md, 2 chunks', 'bread.txt, 1 chunk'],
  });
  expect(told).toEqual(['1']);
  expect(await memory.stats('1')).toMatchObject({ documentCount: 2, chunkCount: 3 });
});

test('what is unchanged is skipped, and what is gone from a folder is forgotten', async () => {
  await put('guide/new.md', 'Something new about tenants.');
  await rm(join(folder, 'documents/1/guide/leases.md'));
  expect((await remember('guide', 'bread.txt')).text).toBe(
    'Remembered 1 document (1 chunk), 1 unchanged, 1 forgotten that are gone, 1 file of other kinds left out',
  );
});

test('what cannot be read is skipped and said', async () => {
  expect(await remember('bread.txt', 'guide/photo.png', 'no.md')).toEqual({
    text: expect.stringMatching(
      /^Remembered 0 documents \(0 chunks\), 1 unchanged, 2 skipped\nguide\/photo\.png: it is none of Markdown.*\nno\.md: there is no such file or folder$/,
    ),
    lines: [expect.stringContaining('guide/photo.png skipped'), expect.stringContaining('no.md skipped')],
  });
});

test('when there is nothing to remember the task fails with the reasons', async () => {
  await expect(remember('no.md')).rejects.toMatchObject({
    code: 'nothing-remembered',
    message: 'No document was remembered.\nno.md: there is no such file or folder',
  });
});

test("a tenant of the same limb reaches no documents of another's, whatever its task names", async () => {
  const nothing = { code: 'nothing-remembered' };
  for (const path of ['.', 'guide', 'bread.txt']) {
    await expect(rememberFor('2', path), path).rejects.toMatchObject(nothing);
  }
  for (const path of ['../1', '../1/bread.txt', '..']) {
    await expect(rememberFor('2', path), path).rejects.toMatchObject({ code: 'outside-documents' });
  }
  expect(await memory.stats('2')).toMatchObject({ documentCount: 0 });
});

test('a path out of the folder fails the task', async () => {
  await expect(remember('bread.txt', '../memory')).rejects.toMatchObject({ code: 'outside-documents' });
});

test('recall gives the closest parts with their places', async () => {
  const body = await recallSkill(memory).run({ query: 'dough', limit: 1 }, testContext());
  expect(body).toMatchObject({
    text: expect.stringMatching(
      /^\[1\] Knead the dough for ten minutes\.\n\(score 1\.00: #1 in meaning \(0\.\d\d\), #1 in words \(0\.\d\d\)\)$/,
    ),
    engine: 'memory',
    citations: [{ document: 'bread.txt', section: '', quote: 'Knead the dough for ten minutes.' }],
  });
});

test('a program gets all parts with their scores, within a summary', async () => {
  for (let i = 0; i < 12; i++)
    await put(`long ${i}.txt`, `Dough number ${i}. ${'Every word of it is "quoted" \\ here. '.repeat(20)}`);
  await remember('.');
  const { text } = await recallSkill(memory).run({ query: 'dough', limit: 12, format: 'json' }, testContext());
  expect(Buffer.byteLength(JSON.stringify(text))).toBeLessThan(3800);
  const { parts } = JSON.parse(text) as FoundParts;
  expect(parts).toHaveLength(12);
  expect(parts[0]).toMatchObject({
    score: expect.any(Number),
    meaning: { rank: expect.any(Number) },
    words: { rank: 1 },
  });
});

test('one file that is malformed is told, and the others are remembered', async () => {
  await mkdir(join(folder, 'documents/1/mixed'));
  await put('mixed/a.json', '{"broken": ');
  await put('mixed/b.md', 'Something about tenants.');
  const { text } = await remember('mixed');
  expect(text).toMatch(/^Remembered 1 document \(1 chunk\), 1 skipped\nmixed\/a\.json: it is not JSON/);
});

test('values that no database keeps, and a path that no index has room for, keep nothing else from being remembered', async () => {
  const deep = Array.from({ length: 14 }, () => `0${randomBytes(110).toString('hex')}`).join('/');
  await mkdir(join(folder, 'documents/1/strange', deep), { recursive: true });
  await put('strange/a.json', JSON.stringify({ key: 'zero \u0000 byte', half: '\ud800', '\u0000': 1 }));
  await put('strange/b.html', '<p>zero &#0; and &#x1; and &#xd800; byte</p>');
  await put('strange/c.yaml', 'text: "zero \\0 byte"');
  await put(`strange/${deep}/d.md`, 'A document at the end of a long path.');
  await put('strange/e.txt', `${'x'.repeat(300_000)} lasts`);
  await put('strange/f.md', '');
  await put('strange/new\nline.md', 'A name of two lines.');
  await put('strange/z.md', 'The last of the strange ones.');
  const { text } = await remember('strange');
  expect(text).toMatch(/^Remembered 6 documents \(\d+ chunks, \d+ of them new\), 2 skipped\n…\w+/);
  expect(text).toMatch(/d\.md: its path has 3\d{3} bytes, at most 2000 are kept\nstrange\/f\.md: it has no text$/m);
  const found = await recallSkill(memory).run({ query: 'zero\0 byte', limit: 20 }, testContext());
  expect(found.citations.map(({ document }) => document)).toContain('strange/a.json');
  await rm(join(folder, 'documents/1/strange'), { recursive: true });
  await remember('strange');
});

test('a path that is gone is forgotten, and what is to be forgotten is, without its file', async () => {
  await rm(join(folder, 'documents/1/mixed'), { recursive: true });
  expect((await remember('mixed')).lines).toEqual(['mixed is gone: 1 document forgotten']);
  const before = (await memory.stats('1')).documentCount;
  const forget = forgetSkill(memory, (tenant) => told.push(tenant));
  expect((await forget.run({ paths: ['./long 1.txt', 'no'] }, testContext())).text).toBe('Forgot 1 document');
  expect((await memory.stats('1')).documentCount).toBe(before - 1);
  expect((await forget.run({ all: true }, testContext())).text).toBe(`Forgot ${before - 1} documents`);
  expect((await forget.run({ paths: ['no/', 'x'] }, testContext())).text).toBe('Nothing was remembered at no/, x');
  await expect(forget.run({}, testContext())).rejects.toMatchObject({ code: 'invalid-input' });
  expect((await recallSkill(memory).run({ query: 'dough' }, testContext())).text).toBe('Nothing is remembered yet.');
});
