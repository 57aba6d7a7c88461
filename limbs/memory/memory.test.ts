import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { builtInEmbedder } from '../embeddings/built-in.ts';
import { wordEmbedder } from '../testing/word-embedder.ts';
import { threadEntry } from '../threads/entry.ts';
import type { Memory, Remembered, SourceDocument } from './memory.ts';
import { openMemory, openMemoryHere } from './open.ts';

let folder: string;
let dataDir: string;
let memory: Memory;
const embedder = wordEmbedder();

const leases: SourceDocument = {
  path: 'guide/leases.md',
  title: 'Leases',
  content: '# Leases\n\nA lease ends when its limb goes away.\n\n## Renewal\n\nThe limb renews it while it works.',
};
const bread: SourceDocument = {
  path: 'bread.md',
  title: 'Bread',
  content: '# Bread\n\nKnead the dough for ten minutes.',
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'helix-memory-'));
  dataDir = join(folder, 'memory');
  memory = await openMemoryHere(dataDir, embedder);
});

afterAll(async () => {
  await memory.close();
  await rm(folder, { recursive: true, force: true });
});

async function remember(tenant: string, ...documents: SourceDocument[]): Promise<Remembered[]> {
  const done: Remembered[] = [];
  await memory.remember(tenant, documents, (document) => done.push(document));
  return done;
}

test('documents are added, skipped when unchanged, and replaced when changed', async () => {
  expect(await remember('1', leases, bread)).toEqual([
    { path: 'guide/leases.md', outcome: 'added', chunkCount: 2 },
    { path: 'bread.md', outcome: 'added', chunkCount: 1 },
  ]);
  const embedded = embedder.embeddedTexts.length;
  expect(await remember('1', leases)).toEqual([{ path: 'guide/leases.md', outcome: 'unchanged', chunkCount: 2 }]);
  expect(embedder.embeddedTexts.length).toBe(embedded);

  const changed = { ...bread, content: '# Bread\n\nBake it at 230 degrees.' };
  expect(await remember('1', changed)).toEqual([{ path: 'bread.md', outcome: 'changed', chunkCount: 1 }]);
  expect(await memory.stats()).toEqual({ documentCount: 2, chunkCount: 3 });
  const [best] = await memory.recall('1', 'bake bread degrees', 1);
  expect(best?.content).toBe('Bake it at 230 degrees.');
});

test('a recollection names its document and section', async () => {
  const [best] = await memory.recall('1', 'who renews a lease?', 3);
  expect(best).toMatchObject({
    document: 'guide/leases.md',
    title: 'Leases',
    section: 'Leases › Renewal',
    content: 'The limb renews it while it works.',
  });
});

test('a tenant recalls nothing of another tenant', async () => {
  expect(await memory.recall('2', 'lease', 10)).toEqual([]);
  await remember('2', { ...leases, path: 'theirs.md' });
  const documents = (await memory.recall('2', 'lease limb renewal bread', 10)).map((part) => part.document);
  expect(new Set(documents)).toEqual(new Set(['theirs.md']));
  expect(await memory.forgetOthers('2', '', [])).toBe(1);
});

test('a query of odd characters is a query', async () => {
  for (const query of ["it's \\ 'quoted' & | ! <-> :*", '', '***', '\u{1F600}', '$1 %s "']) {
    await memory.recall('1', query, 3);
  }
});

test('documents that are gone are forgotten, others are kept', async () => {
  await remember('3', leases, bread, { ...leases, path: 'guide/old.md' }, { ...leases, path: 'guidebook.md' });
  expect(await memory.forgetOthers('3', 'guide', ['guide/leases.md'])).toBe(1);
  expect(await memory.forgetOthers('3', '', ['guide/leases.md', 'bread.md'])).toBe(1);
  expect(await memory.forgetOthers('3', '', [])).toBe(2);
});

test('an aborted work leaves what was there', async () => {
  const controller = new AbortController();
  controller.abort(new Error('stop'));
  const changed = [{ ...leases, content: 'Something else.' }];
  await expect(memory.remember('1', changed, undefined, controller.signal)).rejects.toThrow('stop');
  expect((await memory.recall('1', 'renews', 1))[0]?.content).toBe('The limb renews it while it works.');
});

test('a memory opened again has what it had', async () => {
  const before = await memory.recall('1', 'lease', 5);
  await memory.close();
  memory = await openMemoryHere(dataDir, embedder);
  expect(await memory.recall('1', 'lease', 5)).toEqual(before);
});

test.each([
  ['another model', wordEmbedder('other', 64)],
  ['another size', wordEmbedder('words', 32)],
])('a memory made with %s refuses and says what to do', async (_what, other) => {
  await memory.close();
  await expect(openMemoryHere(dataDir, other)).rejects.toThrow(
    /was made with the embedding model words \(64 numbers\).*Set the limb back to words, or delete that folder/,
  );
  memory = await openMemoryHere(dataDir, embedder);
});

test('kill -9 in the middle of writing loses nothing that was remembered, and leaves no half document', async () => {
  const killed = join(folder, 'killed');
  const writer = `
    import { Worker } from 'node:worker_threads';
    const worker = new Worker(new URL(${JSON.stringify(threadEntry('limb-store').href)}), { execArgv: [] });
    let id = 0;
    const call = (method, ...args) => new Promise((resolve, reject) => {
      worker.once('message', (reply) => (reply.ok ? resolve(reply.value) : reject(new Error(reply.message))));
      worker.postMessage({ id: id++, method, args });
    });
    await call('open', ${JSON.stringify({ dataDir: killed, embedder: embedder.name, dimensions: embedder.dimensions })});
    const chunk = { section: 's', content: 'c', embedding: new Float32Array(64).fill(0.1) };
    for (let n = 0; ; n++) {
      await call('replace', '1', { path: 'same.md', title: 't', contentHash: 'h' + n }, Array(20).fill(chunk));
      console.log(n);
    }
  `;
  let told = -1;
  for (let round = 0; round < 2; round++) {
    const child = spawn(process.execPath, ['--input-type=module', '-e', writer], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const ended = once(child, 'exit');
    for await (const data of child.stdout) {
      told = Number(String(data).trim().split('\n').at(-1));
      if (told > 5 + round) child.kill('SIGKILL');
    }
    await ended;
    const reopened = await openMemoryHere(killed, embedder);
    expect(await reopened.stats()).toEqual({ documentCount: 1, chunkCount: 20 });
    await reopened.close();
  }
  expect(told).toBeGreaterThan(5);
});

test('the built-in model ranks a paraphrase above parts that share no meaning', { timeout: 120_000 }, async () => {
  const builtIn = builtInEmbedder();
  const real = await openMemory(join(folder, 'real'), builtIn);
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
    facts.map(([path, fact]) => ({ path, title: path, content: fact })),
  );
  const ranks: number[] = [];
  for (const [path, , question] of facts) {
    ranks.push((await real.recall('1', question, facts.length)).findIndex((part) => part.document === path));
  }
  await real.close();
  await builtIn.close();
  expect(ranks.filter((rank) => rank === 0).length).toBeGreaterThanOrEqual(7);
});
