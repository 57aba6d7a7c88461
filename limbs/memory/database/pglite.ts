import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PGlite, type Transaction } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import { type Database, type Queries, sessionSettings, storable } from './database.ts';

/** Opens the embedded PostgreSQL in a folder; a new one is there whole or not at all, `prepare` included. */
export async function openPglite(dataDir: string, prepare: (database: Database) => Promise<void>): Promise<Database> {
  if (!existsSync(join(dataDir, 'PG_VERSION'))) {
    // Made elsewhere and moved, so that a kill in the middle leaves no half-made database behind.
    const unfinished = `${dataDir}.unfinished`;
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(dirname(dataDir), { recursive: true, mode: 0o700 });
    const fresh = await create(unfinished);
    await prepare(fresh);
    await fresh.close();
    await rename(unfinished, dataDir);
  }
  const database = await create(dataDir);
  try {
    await prepare(database);
  } catch (error) {
    await database.close();
    throw error;
  }
  return database;
}

async function create(dataDir: string): Promise<Database> {
  const pglite = await PGlite.create({ dataDir, extensions: { vector } });
  await pglite.exec(sessionSettings);
  return {
    place: dataDir,
    ...queriesOn(pglite),
    transaction: (work) => pglite.transaction((transaction) => work(queriesOn(transaction))),
    close: () => pglite.close(),
  };
}

function queriesOn(connection: PGlite | Transaction): Queries {
  return {
    query: async <Row>(sql: string, values: readonly unknown[] = []) =>
      (await connection.query<Row>(sql, storable(values))).rows,
    async run(sql) {
      await connection.exec(sql);
    },
  };
}
