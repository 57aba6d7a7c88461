import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { builtInEmbedder } from '../embeddings/built-in.ts';
import { LimbError } from '../errors.ts';
import { startPostgres, type TestPostgres, whyNoPostgres } from '../testing/postgres.ts';
import { sourceOf } from '../testing/source.ts';
import { wordEmbedder } from '../testing/word-embedder.ts';
import { type Memory, type Remembered, type SourceDocument, unreadable } from './memory.ts';
import { openMemory, openMemoryHere } from './open.ts';

// One suite for both databases.

let folder: string;
let postgres: TestPostgres | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'helix-memory-'));
  if (whyNoPostgres === '') postgres = await startPostgres();
});

afterAll(async () => {
  await postgres?.stop();
  await rm(folder, { recursive: true, force: true });
});

const leasesText =
  '# Leases\n\nA lease ends when its limb goes away.\n\n## Renewal\n\nThe limb renews it while it works.';
const leases = sourceOf('guide/leases.md', 'Leases', leasesText);
const bread = sourceOf('bread.md', 'Bread', '# Bread\n\nKnead the dough for ten minutes.');

describe.each([
  { name: 'PGlite', why: '' },
  { name: 'PostgreSQL', why: whyNoPostgres },
])('a memory on $name', ({ name, why }) => {
  // The name of a skipped test is printed: it says why.
  const memoryTest = why === '' ? test : (title: string, ..._: unknown[]) => test.skip(`${title}: ${why}`);
  const embedder = wordEmbedder();
  let place: { dataDir: string; url?: string };
  let memory: Memory;

  beforeAll(async () => {
    if (why !== '') return;
    place = name === 'PGlite' ? { dataDir: join(folder, 'memory') } : { dataDir: '', url: postgres?.database() ?? '' };
    memory = await openMemoryHere(place, embedder);
  });

  afterAll(() => memory?.close());

  async function remember(tenant: string, ...documents: SourceDocument[]): Promise<Remembered[]> {
    const done: Remembered[] = [];
    await memory.remember(tenant, documents, (document) => done.push(document));
    return done;
  }

  async function recalled(tenant: string, query: string, limit = 10): Promise<string[]> {
    return (await memory.recall(tenant, query, { limit })).map((part) => part.content);
  }

  memoryTest('documents are added, skipped when unchanged, and replaced when changed', async () => {
    expect(await remember('1', leases, bread)).toEqual([
      { path: 'guide/leases.md', outcome: 'added', chunkCount: 2, embeddedCount: 2 },
      { path: 'bread.md', outcome: 'added', chunkCount: 1, embeddedCount: 1 },
    ]);
    expect(await remember('1', leases)).toMatchObject([{ outcome: 'unchanged', chunkCount: 2, embeddedCount: 0 }]);
    const changed = sourceOf('bread.md', 'Bread', '# Bread\n\nBake it at 230 degrees.');
    expect(await remember('1', changed)).toMatchObject([{ outcome: 'changed', chunkCount: 1, embeddedCount: 1 }]);
    expect(await memory.stats('1')).toEqual({
      documentCount: 2,
      chunkCount: 3,
      byteCount: leasesText.length + 32,
      changedAtMs: expect.any(Number),
    });
    expect(await recalled('1', 'bake bread degrees', 1)).toEqual(['Bake it at 230 degrees.']);
    expect(await recalled('1', 'knead dough')).not.toContain('Knead the dough for ten minutes.');
  });

  memoryTest('of a changed document only the chunks that are new are embedded', async () => {
    const before = embedder.embeddedTexts.length;
    const longer = sourceOf('guide/leases.md', 'Leases', `${leasesText}\n\n## Loss\n\nA limb may lose it.`);
    expect(await remember('1', longer)).toMatchObject([{ outcome: 'changed', chunkCount: 3, embeddedCount: 1 }]);
    expect(embedder.embeddedTexts.slice(before)).toEqual(['Leases › Loss\nA limb may lose it.']);
    expect(await remember('1', leases)).toMatchObject([{ outcome: 'changed', chunkCount: 2, embeddedCount: 0 }]);
    expect(await recalled('1', 'lose it')).not.toContain('A limb may lose it.');
  });

  memoryTest('a recollection names its document and section, and both of its ranks', async () => {
    const [best] = await memory.recall('1', 'who renews a lease?', { limit: 3 });
    expect(best).toMatchObject({
      document: 'guide/leases.md',
      title: 'Leases',
      section: 'Leases › Renewal',
      content: 'The limb renews it while it works.',
      score: 1,
      meaning: { rank: 1, score: expect.any(Number) },
      words: { rank: 1, score: expect.any(Number) },
      alsoIn: [],
    });
  });

  memoryTest('a tenant recalls nothing of another tenant, also not the same text', async () => {
    expect(await recalled('2', 'lease')).toEqual([]);
    expect(await memory.stats('2')).toEqual({ documentCount: 0, chunkCount: 0, byteCount: 0 });
    await remember('2', sourceOf('theirs.md', 'Leases', leasesText));
    const found = await memory.recall('2', 'lease limb renewal bread', { limit: 10 });
    expect(new Set(found.flatMap((part) => [part.document, ...part.alsoIn]))).toEqual(new Set(['theirs.md']));
    expect(await memory.forgetOthers('2', '', [])).toBe(1);
    expect(await recalled('1', 'renews')).toContain('The limb renews it while it works.');
  });

  memoryTest('a text in several documents is one chunk that names them all, until the last is forgotten', async () => {
    const before = embedder.embeddedTexts.length;
    const text = 'The licence of everything here.';
    await remember('4', sourceOf('a.txt', 'Licence', text), sourceOf('b.txt', 'Licence', text));
    expect(embedder.embeddedTexts.length).toBe(before + 1);
    expect(await memory.stats('4')).toMatchObject({ documentCount: 2, chunkCount: 1 });
    expect(await memory.recall('4', 'licence')).toMatchObject([{ document: 'a.txt', alsoIn: ['b.txt'] }]);
    expect(await memory.forgetOthers('4', 'a.txt', [])).toBe(1);
    expect(await memory.recall('4', 'licence')).toMatchObject([{ document: 'b.txt', alsoIn: [] }]);
    expect(await memory.forgetOthers('4', 'b.txt', [])).toBe(1);
    expect(await memory.stats('4')).toMatchObject({ documentCount: 0, chunkCount: 0 });
  });

  memoryTest('labels limit what is recalled, and can be changed without embedding anew', async () => {
    const text = (of: string) => `How the ${of} is cleaned.`;
    await remember(
      '5',
      sourceOf('oven.md', 'Oven', text('oven'), ['kitchen', 'hot']),
      sourceOf('sink.md', 'Sink', text('sink'), ['kitchen']),
      sourceOf('car.md', 'Car', text('car')),
    );
    const labelled = async (...labels: string[]) =>
      (await memory.recall('5', 'how is it cleaned?', { labels })).map((part) => part.document).sort();
    expect(await labelled()).toEqual(['car.md', 'oven.md', 'sink.md']);
    expect(await labelled('kitchen')).toEqual(['oven.md', 'sink.md']);
    expect(await labelled('hot', 'kitchen')).toEqual(['oven.md']);
    expect(await labelled('garden')).toEqual([]);
    const relabelled = await remember('5', sourceOf('car.md', 'Car', text('car'), ['hot']));
    expect(relabelled).toMatchObject([{ outcome: 'changed', embeddedCount: 0 }]);
    expect(await labelled('hot')).toEqual(['car.md', 'oven.md']);
  });

  memoryTest('what is recalled ends before its tokens are too many', async () => {
    const parts = await memory.recall('5', 'how is it cleaned?', { tokensMax: 16 });
    expect(parts).toHaveLength(2);
    expect(await memory.recall('5', 'how is it cleaned?', { tokensMax: 1 })).toEqual([]);
  });

  memoryTest('a query of odd characters is a query', async () => {
    for (const query of ["it's \\ 'quoted' & | ! <-> :*", '', '***', '\u{1F600}', '$1 %s "']) {
      await memory.recall('1', query, { limit: 3 });
    }
  });

  memoryTest('documents that are gone are forgotten, others are kept', async () => {
    const others = ['guide/old.md', 'guidebook.md'].map((path) => sourceOf(path, 'Leases', leasesText));
    await remember('3', leases, bread, ...others);
    expect(await memory.forgetOthers('3', 'guide', ['guide/leases.md'])).toBe(1);
    expect(await memory.forgetOthers('3', '', ['guide/leases.md', 'bread.md'])).toBe(1);
    expect(await memory.forgetOthers('3', '', [])).toBe(2);
  });

  memoryTest('a document that cannot be read is told, and the others are remembered', async () => {
    const broken: SourceDocument = {
      path: 'broken.pdf',
      labels: [],
      open: async () => ({
        contentHash: 'x',
        read: () => Promise.reject(new LimbError(unreadable, 'it is no PDF')),
      }),
    };
    expect(await remember('6', broken, bread)).toMatchObject([
      { path: 'broken.pdf', outcome: 'unreadable', reason: 'it is no PDF' },
      { path: 'bread.md', outcome: 'added' },
    ]);
  });

  memoryTest('an aborted work leaves what was there', async () => {
    const controller = new AbortController();
    controller.abort(new Error('stop'));
    const changed = [sourceOf(leases.path, 'Leases', 'Something else.')];
    await expect(memory.remember('1', changed, undefined, { signal: controller.signal })).rejects.toThrow('stop');
    expect(await recalled('1', 'renews', 1)).toEqual(['The limb renews it while it works.']);
  });

  memoryTest('one small tenant among many chunks of another is found whole', { timeout: 120_000 }, async () => {
    const noise = Array.from({ length: 60 }, (_, d) =>
      sourceOf(
        `noise/${d}.txt`,
        'Noise',
        Array.from({ length: 40 }, (_, i) => `${'lease limb renew work '.repeat(22)}${d} ${i}`).join('\n\n'),
      ),
    );
    await remember('7', ...noise);
    expect((await memory.stats('7')).chunkCount).toBeGreaterThan(2000);
    await remember('8', leases);
    expect(await recalled('8', 'work of a limb with a lease', 5)).toHaveLength(2);
    const parts = await memory.recall('7', 'renew the lease', { limit: 5 });
    expect(parts.length).toBeGreaterThan(0);
  });

  memoryTest('a memory opened again has what it had', async () => {
    const before = await memory.recall('1', 'lease');
    expect(before.length).toBeGreaterThan(0);
    await memory.close();
    memory = await openMemoryHere(place, embedder);
    expect(await memory.recall('1', 'lease')).toEqual(before);
  });

  for (const [what, other] of [
    ['another model', wordEmbedder('other', 64)],
    ['another size', wordEmbedder('words', 32)],
  ] as const) {
    memoryTest(`a memory made with ${what} refuses and says what to do`, async () => {
      await memory.close();
      await expect(openMemoryHere(place, other)).rejects.toThrow(
        /was made with the embedding model words \(64 numbers\).*Set the limb back to words, or use an empty memory/,
      );
      memory = await openMemoryHere(place, embedder);
    });
  }
});

test('an address that leads nowhere says so without its password', async () => {
  const embedder = wordEmbedder();
  await expect(openMemory({ dataDir: '', url: 'mysql://x' }, embedder)).rejects.toMatchObject({
    code: 'invalid-memory-url',
  });
  const url = 'postgres://limb:secret@127.0.0.1:1/memory';
  const error = await openMemory({ dataDir: '', url }, embedder).catch((caught: LimbError) => caught);
  expect(error).toMatchObject({ code: 'memory-unreachable', isRetryable: true });
  expect(String(error)).toContain('postgres://127.0.0.1:1/memory');
  expect(String(error)).not.toContain('secret');
});

test('the built-in model ranks a paraphrase above parts that share no meaning', { timeout: 120_000 }, async () => {
  const builtIn = builtInEmbedder();
  const real = await openMemory({ dataDir: join(folder, 'real') }, builtIn);
  const facts: [path: string, fact: string, question: string][] = [
    ['power.md', 'If the electricity fails, the batteries take over for two hours.', 'What happens in a blackout?'],
    ['visitors.md', 'Guests sign in at the front desk and get a badge.', 'How do visitors enter the building?'],
    ['holidays.md', 'Employees have thirty days of paid leave each year.', 'How much vacation do workers get?'],
    [
      'laptops.md',
      'A stolen computer must be reported to the help desk at once.',
      'Somebody took my notebook, what now?',
    ],
    ['lunch.md', 'The canteen serves warm food from noon until two.', 'When can I eat?'],
    ['parking.md', 'Cars may stand behind the warehouse free of charge.', 'Where do I leave my vehicle?'],
    ['noise.md', 'Please use a meeting room for telephone calls.', 'May I phone at my desk?'],
    ['expenses.md', 'Train tickets are refunded when you hand in the receipt.', 'Do I get my travel costs back?'],
  ];
  await real.remember(
    '1',
    facts.map(([path, fact]) => sourceOf(path, path, fact)),
  );
  const firsts: string[] = [];
  for (const [path, , question] of facts) {
    const parts = await real.recall('1', question, { limit: facts.length });
    if (parts.find((part) => part.document === path)?.meaning?.rank === 1) firsts.push(path);
  }
  await real.close();
  await builtIn.close();
  expect(firsts.length).toBeGreaterThanOrEqual(7);
});
