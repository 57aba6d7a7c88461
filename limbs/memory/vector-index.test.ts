import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { normalize } from '../embeddings/embedder.ts';
import { wordEmbedder } from '../testing/word-embedder.ts';
import type { Database } from './database/database.ts';
import { openPglite } from './database/pglite.ts';
import { asReals } from './database/vector.ts';
import { migrate } from './migrate.ts';
import { openMemoryHere } from './open.ts';
import { search } from './search.ts';
import { settle } from './settle.ts';
import { comparedMax, dropVectorIndex, makeVectorIndex } from './vector-index.ts';

const dimensions = 8;
const facts = { embedder: 'angles', dimensions };

let folder: string;
let database: Database;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'helix-index-'));
  database = await openPglite(join(folder, 'memory'), (fresh) => migrate(fresh, facts));
}, 60_000);

afterAll(async () => {
  await database.close();
  await rm(folder, { recursive: true, force: true });
});

/** The n-th of many directions, all far from each other. */
function vectorOf(n: number): Float32Array {
  return normalize(
    Array.from({ length: dimensions }, (_, i) => (Math.sin((n + 1) * (i + 1) * 12.9898) * 43_758.5453) % 1),
  );
}

async function put(from: number, to: number): Promise<void> {
  const numbers = Array.from({ length: to - from }, (_, i) => from + i);
  await database.query(
    `WITH document AS (
       INSERT INTO documents (tenant, path, title, content_hash) VALUES ('1', $1, $1, 'x') RETURNING id
     ), chunk AS (
       INSERT INTO chunks (tenant, hash, section, content, embedding)
       SELECT '1', n, '', 'Part ' || n, ($3::real[])[(place - 1) * 8 + 1 : place * 8]::vector
       FROM unnest($2::integer[]) WITH ORDINALITY AS part (n, place) RETURNING id
     )
     INSERT INTO passages SELECT document.id, chunk.id, chunk.id FROM document, chunk`,
    [`${from}.md`, numbers, asReals(numbers.map(vectorOf))],
  );
  await settle(database, '1', true);
}

async function hasIndex(): Promise<boolean> {
  const rows = await database.query(`SELECT FROM pg_indexes WHERE indexname = 'chunks_embedding'`);
  return rows.length > 0;
}

async function closestTo(n: number): Promise<string | undefined> {
  const query = { tenant: '1', text: '', embedding: vectorOf(n), labels: [], depth: 1 };
  const [found] = await search(database, query);
  return found?.content;
}

test('the index of vectors is there as soon as more chunks are there than are compared', async () => {
  await put(0, comparedMax);
  expect(await hasIndex()).toBe(false);
  expect(await closestTo(700)).toBe('Part 700');
  await put(comparedMax, comparedMax + 1);
  expect(await hasIndex()).toBe(true);
  expect(await closestTo(700)).toBe('Part 700');
});

test('it is put away for many new chunks alone, and what is found without it is the same', async () => {
  await dropVectorIndex(database, comparedMax / 10);
  expect(await hasIndex()).toBe(true);
  await dropVectorIndex(database, comparedMax / 2);
  expect(await hasIndex()).toBe(false);
  expect(await closestTo(1500)).toBe('Part 1500');
});

test('a limb that was killed meanwhile makes it when it starts', async () => {
  expect(await hasIndex()).toBe(false);
  await database.close();
  const memory = await openMemoryHere({ dataDir: join(folder, 'memory') }, wordEmbedder(facts.embedder, dimensions));
  await memory.close();
  database = await openPglite(join(folder, 'memory'), async () => {});
  expect(await hasIndex()).toBe(true);
  await makeVectorIndex(database);
}, 60_000);

test('what many dropped chunks leave behind is swept away', async () => {
  await database.query(`DELETE FROM passages WHERE chunk_id IN (SELECT id FROM chunks WHERE hash::integer < 1500)`);
  await database.query(`DELETE FROM chunks WHERE hash::integer < 1500`);
  /** Pages without anything that is dead, as far as that was looked at. */
  const sweptPages = async (): Promise<number> => {
    const rows = await database.query<{ count: number }>(
      `SELECT relallvisible AS count FROM pg_class WHERE relname = 'chunks'`,
    );
    return rows[0]?.count ?? 0;
  };
  await database.query(`UPDATE counted SET dropped_count = 900`);
  await settle(database, '1', true);
  expect(await sweptPages()).toBe(0);
  await database.query(`UPDATE counted SET dropped_count = 1500`);
  await settle(database, '1', true);
  expect(await sweptPages()).toBeGreaterThan(0);
  expect(await database.query(`SELECT dropped_count FROM counted`)).toEqual([{ dropped_count: 0 }]);
  expect(await closestTo(1800)).toBe('Part 1800');
});
