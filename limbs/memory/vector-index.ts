import type { Database, Queries } from './database/database.ts';

/** Up to so many chunks all are compared: exact, and as fast as the index, which is not made for so few. */
export const comparedMax = 2000;

/** Putting a chunk into the index takes about five times as long as its share of making the index anew. */
const insertsWorth = 5;

/** Any number, the same in all versions: keeps two limbs from making the index at once. */
const makingLock = 4_815_163;

/**
 * Makes the index of vectors where there is none and more chunks than are compared. Until it is made searches compare all
 * chunks, and writers wait.
 */
export async function makeVectorIndex(database: Database): Promise<void> {
  if (!(await isNeeded(database))) return;
  await database.transaction(async (tx) => {
    await tx.query('SELECT pg_advisory_xact_lock($1)', [makingLock]);
    if (!(await isNeeded(tx))) return;
    // In memory it is made ten times as fast. Several processes would need that much of shared memory at once, of which
    // containers have little.
    await tx.run(`
      SET LOCAL statement_timeout = 0;
      SET LOCAL maintenance_work_mem = '1GB';
      SET LOCAL max_parallel_maintenance_workers = 0;
      CREATE INDEX chunks_embedding ON chunks
        USING hnsw (embedding vector_cosine_ops) WITH (m = 16, ef_construction = 64)`);
  });
}

/** Drops the index of vectors when so many new chunks are better brought in by making it anew. */
export async function dropVectorIndex(database: Database, newCount: number): Promise<void> {
  const [row] = await database.query<{ present: number }>('SELECT count(*)::integer AS present FROM chunks');
  if (newCount * insertsWorth > (row?.present ?? 0)) await database.run('DROP INDEX IF EXISTS chunks_embedding');
}

async function isNeeded(queries: Queries): Promise<boolean> {
  const [row] = await queries.query<{ isNeeded: boolean }>(
    `SELECT to_regclass('chunks_embedding') IS NULL
            AND (SELECT count(*) FROM (SELECT FROM chunks LIMIT $1) AS chunk) = $1 AS "isNeeded"`,
    [comparedMax + 1],
  );
  return row?.isNeeded ?? false;
}
