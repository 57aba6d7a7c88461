import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PGlite, type Transaction } from '@electric-sql/pglite';
import { vector } from '@electric-sql/pglite-pgvector';
import { LimbError } from '../errors.ts';
import type { Chunk, MemoryStats, Recollection } from './memory.ts';
import { migrations } from './migrations.ts';
import { searchSql } from './search.ts';

export interface StoreOptions {
  readonly dataDir: string;
  /** The name of the embedder and the size of its vectors: those of the store for ever. */
  readonly embedder: string;
  readonly dimensions: number;
}

export interface StoredDocument {
  readonly path: string;
  readonly title: string;
  readonly contentHash: string;
}

export interface EmbeddedChunk extends Chunk {
  readonly embedding: Float32Array;
}

/** The database of a memory: documents with their parts and vectors. Blocks its thread while it works. */
export interface Store {
  hashOf(tenant: string, path: string): Promise<{ contentHash: string; chunkCount: number } | undefined>;
  replace(tenant: string, document: StoredDocument, chunks: readonly EmbeddedChunk[]): Promise<void>;
  forgetOthers(tenant: string, path: string, kept: readonly string[]): Promise<number>;
  search(tenant: string, query: string, embedding: Float32Array, limit: number): Promise<Recollection[]>;
  stats(): Promise<MemoryStats>;
  close(): Promise<void>;
}

/** Opens a store, making it when it is new. Throws `LimbError` when it was made for another embedder. */
export async function openStore(options: StoreOptions): Promise<Store> {
  const database = await openDatabase(options);
  try {
    await requireSameEmbedder(database, options);
  } catch (error) {
    await database.close();
    throw error;
  }
  // Filters by tenant come after the index: let it go on until enough rows are left.
  await database.exec('SET hnsw.iterative_scan = strict_order; SET hnsw.ef_search = 100;');
  return storeOn(database);
}

async function openDatabase(options: StoreOptions): Promise<PGlite> {
  const { dataDir } = options;
  if (existsSync(join(dataDir, 'PG_VERSION'))) {
    const database = await create(dataDir);
    await migrate(database, options);
    return database;
  }
  // Made elsewhere and moved, so that a kill in the middle leaves no half-made database behind.
  const unfinished = `${dataDir}.unfinished`;
  await rm(unfinished, { recursive: true, force: true });
  await mkdir(dirname(dataDir), { recursive: true, mode: 0o700 });
  const fresh = await create(unfinished);
  await migrate(fresh, options);
  await fresh.close();
  await rename(unfinished, dataDir);
  return create(dataDir);
}

function create(dataDir: string): Promise<PGlite> {
  return PGlite.create({ dataDir, extensions: { vector } });
}

async function migrate(database: PGlite, { dimensions, embedder }: StoreOptions): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.exec('CREATE TABLE IF NOT EXISTS migrations (taken integer NOT NULL)');
    const { rows } = await tx.query<{ taken: number }>('SELECT taken FROM migrations');
    const taken = rows[0]?.taken ?? 0;
    if (taken > migrations.length) {
      throw new LimbError(
        'memory-too-new',
        `The memory was written by a newer version (schema ${taken}, this one knows ${migrations.length}). Update Helix.`,
      );
    }
    if (taken === migrations.length) return;
    for (const step of migrations.slice(taken)) await tx.exec(step(dimensions));
    await tx.exec('DELETE FROM migrations');
    await tx.query('INSERT INTO migrations VALUES ($1)', [migrations.length]);
    if (taken > 0) return;
    await tx.query(`INSERT INTO properties VALUES ('embedder', $1), ('dimensions', $2)`, [embedder, `${dimensions}`]);
  });
}

async function requireSameEmbedder(database: PGlite, options: StoreOptions): Promise<void> {
  const { rows } = await database.query<{ name: string; value: string }>('SELECT name, value FROM properties');
  const property = (name: string) => rows.find((row) => row.name === name)?.value;
  const [embedder, dimensions] = [property('embedder'), property('dimensions')];
  if (embedder === options.embedder && dimensions === `${options.dimensions}`) return;
  throw new LimbError(
    'memory-embedder-differs',
    `The memory in ${options.dataDir} was made with the embedding model ${embedder} (${dimensions} numbers), ` +
      `and this limb is set to ${options.embedder} (${options.dimensions} numbers). Set the limb back to ${embedder}, ` +
      'or delete that folder and let the limb remember its documents again.',
  );
}

function storeOn(database: PGlite): Store {
  return {
    async hashOf(tenant, path) {
      const { rows } = await database.query<{ contentHash: string; chunkCount: number }>(
        `SELECT content_hash AS "contentHash",
           (SELECT count(*)::integer FROM document_chunks WHERE document_id = documents.id) AS "chunkCount"
         FROM documents WHERE tenant = $1 AND path = $2`,
        [tenant, path],
      );
      return rows[0];
    },

    async replace(tenant, document, chunks) {
      await database.transaction(async (tx) => {
        await tx.query('DELETE FROM documents WHERE tenant = $1 AND path = $2', [tenant, document.path]);
        const { rows } = await tx.query<{ id: number }>(
          'INSERT INTO documents (tenant, path, title, content_hash) VALUES ($1, $2, $3, $4) RETURNING id',
          [tenant, document.path, document.title, document.contentHash],
        );
        await insertChunks(tx, tenant, rows[0]?.id, chunks);
      });
    },

    async forgetOthers(tenant, path, kept) {
      const { affectedRows } = await database.query(
        `DELETE FROM documents
         WHERE tenant = $1 AND ($2 = '' OR path = $2 OR starts_with(path, $2 || '/')) AND path <> ALL ($3::text[])`,
        [tenant, path, kept],
      );
      return affectedRows ?? 0;
    },

    async search(tenant, query, embedding, limit) {
      const { rows } = await database.query<Recollection>(searchSql, [tenant, asVector(embedding), query, limit]);
      return rows;
    },

    async stats() {
      const { rows } = await database.query<MemoryStats>(
        `SELECT (SELECT count(*)::integer FROM documents) AS "documentCount",
                (SELECT count(*)::integer FROM document_chunks) AS "chunkCount"`,
      );
      return rows[0] ?? { documentCount: 0, chunkCount: 0 };
    },

    close: () => database.close(),
  };
}

async function insertChunks(
  tx: Transaction,
  tenant: string,
  documentId: number | undefined,
  chunks: readonly EmbeddedChunk[],
): Promise<void> {
  await tx.query(
    `INSERT INTO document_chunks (tenant, document_id, section, ordinal, content, embedding)
     SELECT $1, $2, section, ordinal, content, embedding::vector
     FROM unnest($3::text[], $4::text[], $5::text[]) WITH ORDINALITY AS chunk (section, content, embedding, ordinal)`,
    [
      tenant,
      documentId,
      chunks.map((chunk) => chunk.section),
      chunks.map((chunk) => chunk.content),
      chunks.map((chunk) => asVector(chunk.embedding)),
    ],
  );
}

function asVector(embedding: Float32Array): string {
  return `[${embedding.join(',')}]`;
}
