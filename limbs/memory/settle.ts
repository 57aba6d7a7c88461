import type { Database } from './database/database.ts';
import { lockTenant } from './lock.ts';
import { makeVectorIndex } from './vector-index.ts';

/** Of chunks that went, so many and a tenth of those present may lie in the indexes. */
const droppedMin = 1000;

/**
 * What makes searches fast after a run of writes. A limb that was killed before leaves them slower, and as right.
 * `isQuiet`: no other run is on.
 */
export async function settle(database: Database, tenant: string, isQuiet: boolean): Promise<void> {
  await countWords(database, tenant);
  if (!isQuiet) return;
  // New words wait in a list, which every search would read to its end.
  await database.query(`SELECT gin_clean_pending_list('chunks_words')`);
  await sweep(database);
  await makeVectorIndex(database);
}

/** Counts words anew for the search, when a tenth of the tenant's chunks have come or gone since. */
async function countWords(database: Database, tenant: string): Promise<void> {
  const [row] = await database.query<{ present: number; counted: number }>(
    `SELECT (SELECT count(*)::integer FROM chunks WHERE tenant = $1) AS present,
            coalesce((SELECT chunk_count FROM counted WHERE tenant = $1), 0) AS counted`,
    [tenant],
  );
  if (!row || Math.abs(row.present - row.counted) <= row.counted / 10) return;
  await database.transaction(async (tx) => {
    await lockTenant(tx, tenant);
    await tx.query('DELETE FROM lexemes WHERE tenant = $1', [tenant]);
    await tx.query(
      `INSERT INTO lexemes (tenant, lexeme, chunk_count)
       SELECT $1, word, ndoc FROM ts_stat(format('SELECT words FROM chunks WHERE tenant = %L', $1::text))`,
      [tenant],
    );
    await tx.query(
      `INSERT INTO counted (tenant, chunk_count) SELECT $1, count(*) FROM chunks WHERE tenant = $1
       ON CONFLICT (tenant) DO UPDATE SET chunk_count = excluded.chunk_count`,
      [tenant],
    );
  });
  await database.run('ANALYZE documents; ANALYZE chunks; ANALYZE passages; ANALYZE lexemes');
}

/** The embedded database has nobody who would do it. */
async function sweep(database: Database): Promise<void> {
  const [row] = await database.query<{ isDue: boolean }>(
    `SELECT coalesce(sum(dropped_count), 0) > $1 + (SELECT count(*) FROM chunks) / 10 AS "isDue" FROM counted`,
    [droppedMin],
  );
  if (!row?.isDue) return;
  await database.run('UPDATE counted SET dropped_count = 0');
  for (const table of ['chunks', 'passages', 'documents', 'lexemes']) await database.run(`VACUUM ANALYZE ${table}`);
}
