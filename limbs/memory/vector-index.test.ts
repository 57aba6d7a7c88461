import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { normalize } from '../embeddings/embedder.ts';
import { startPostgres, type TestPostgres, whyNoPostgres } from '../testing/postgres.ts';
import { wordEmbedder } from '../testing/word-embedder.ts';
import type { Database, Queries } from './database/database.ts';
import { openPglite } from './database/pglite.ts';
import { openPostgres } from './database/postgres.ts';
import { asReals } from './database/vector.ts';
import { migrate } from './migrate.ts';
import { type MemoryPlace, openMemoryHere } from './open.ts';
import { search } from './search.ts';
import { settle } from './settle.ts';
import { comparedMax, dropVectorIndex, makeVectorIndex } from './vector-index.ts';

// One suite for both databases.

const dimensions = 8;
const facts = { embedder: 'angles', dimensions };

let folder: string;
let postgres: TestPostgres | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'helix-index-'));
  if (whyNoPostgres === '') postgres = await startPostgres();
}, 120_000);

afterAll(async () => {
  await postgres?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The n-th of many directions, all far from each other. */
function vectorOf(n: number): Float32Array {
  return normalize(
    Array.from({ length: dimensions }, (_, i) => (Math.sin((n + 1) * (i + 1) * 12.9898) * 43_758.5453) % 1),
  );
}

/** The same database, which tells how it is going to answer each query that compares vectors. */
function explaining(database: Database, plans: string[]): Database {
  const explain = (queries: Queries): Queries => ({
    run: (sql) => queries.run(sql),
    async query<Row>(sql: string, values: readonly unknown[] = []) {
      if (sql.includes('<=>')) {
        const lines = await queries.query<{ 'QUERY PLAN': string }>(`EXPLAIN (COSTS OFF) ${sql}`, values);
        plans.push(lines.map((line) => line['QUERY PLAN']).join('\n'));
      }
      return queries.query<Row>(sql, values);
    },
  });
  return {
    ...database,
    ...explain(database),
    transaction: (work) => database.transaction((queries) => work(explain(queries))),
  };
}

describe.each([
  { name: 'PGlite', why: '' },
  { name: 'PostgreSQL', why: whyNoPostgres },
])('the index of vectors on $name', ({ name, why }) => {
  // The name of a skipped test is printed: it says why.
  const indexTest = why === '' ? test : (title: string, ..._: unknown[]) => test.skip(`${title}: ${why}`);
  let place: MemoryPlace;
  let database: Database;

  function open(): Promise<Database> {
    return place.url === undefined ? openPglite(place.dataDir, async () => {}) : openPostgres(place.url);
  }

  beforeAll(async () => {
    if (why !== '') return;
    place = { dataDir: join(folder, 'memory'), url: name === 'PGlite' ? undefined : postgres?.database() };
    database = await open();
    await migrate(database, facts);
  }, 120_000);

  afterAll(() => database?.close());

  async function put(from: number, to: number, labels: readonly string[] = []): Promise<void> {
    const numbers = Array.from({ length: to - from }, (_, i) => from + i);
    await database.query(
      `WITH document AS (
         INSERT INTO documents (tenant, path, title, content_hash, labels) VALUES ('1', $1, $1, 'x', $4) RETURNING id
       ), chunk AS (
         INSERT INTO chunks (tenant, hash, section, content, embedding)
         SELECT '1', n, '', 'Part ' || n, ($3::real[])[(place - 1) * 8 + 1 : place * 8]::vector
         FROM unnest($2::integer[]) WITH ORDINALITY AS part (n, place) RETURNING id
       )
       INSERT INTO passages SELECT document.id, chunk.id, chunk.id FROM document, chunk`,
      [`${from}.md`, numbers, asReals(numbers.map(vectorOf)), labels],
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

  indexTest('the index of vectors is there as soon as more chunks are there than are compared', async () => {
    await put(0, comparedMax, ['all']);
    expect(await hasIndex()).toBe(false);
    expect(await closestTo(700)).toBe('Part 700');
    await put(comparedMax, comparedMax + 1, ['all', 'one']);
    expect(await hasIndex()).toBe(true);
    expect(await closestTo(700)).toBe('Part 700');
  });

  indexTest(
    'what is asked among many is asked of the index, with and without labels, and among few is compared',
    async () => {
      // Enough more that they are counted anew.
      await put(comparedMax + 1, comparedMax * 1.2, ['all']);
      const plans: string[] = [];
      const explained = explaining(database, plans);
      for (const labels of [[], ['all'], ['one']]) {
        await search(explained, { tenant: '1', text: '', embedding: vectorOf(700), labels, depth: 10 });
      }
      expect(plans).toEqual([
        expect.stringContaining('Index Scan using chunks_embedding'),
        expect.stringContaining('Index Scan using chunks_embedding'),
        expect.not.stringContaining('chunks_embedding'),
      ]);
      for (const plan of plans.slice(0, 2)) expect(plan).not.toMatch(/Sort|Seq Scan on chunks/);
      // Among so many of another tenant the index would go through hundreds for each one.
      await database.query(`INSERT INTO counted (tenant, chunk_count) VALUES ('2', 1000000)`);
      await search(explained, { tenant: '1', text: '', embedding: vectorOf(700), labels: ['all'], depth: 10 });
      await database.query(`DELETE FROM counted WHERE tenant = '2'`);
      expect(plans[3]).not.toContain('chunks_embedding');
    },
  );

  indexTest('it is put away for many new chunks alone, and what is found without it is the same', async () => {
    await dropVectorIndex(database, comparedMax / 10);
    expect(await hasIndex()).toBe(true);
    await dropVectorIndex(database, comparedMax / 2);
    expect(await hasIndex()).toBe(false);
    expect(await closestTo(1500)).toBe('Part 1500');
  });

  indexTest(
    'a limb that was killed meanwhile makes it when it starts',
    async () => {
      expect(await hasIndex()).toBe(false);
      await database.close();
      const memory = await openMemoryHere(place, wordEmbedder(facts.embedder, dimensions));
      await memory.close();
      database = await open();
      expect(await hasIndex()).toBe(true);
      await makeVectorIndex(database);
    },
    120_000,
  );

  indexTest('what many dropped chunks leave behind is swept away', async () => {
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
});
