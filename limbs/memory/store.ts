import type { Database, Queries } from './database/database.ts';
import { openPglite } from './database/pglite.ts';
import { openPostgres } from './database/postgres.ts';
import { asReals } from './database/vector.ts';
import { lockTenant } from './lock.ts';
import type { Chunk, MemoryStats } from './memory.ts';
import { type EmbedderFacts, migrate } from './migrate.ts';
import { type Candidate, type SearchQuery, search } from './search.ts';
import { settle } from './settle.ts';
import { dropVectorIndex, makeVectorIndex } from './vector-index.ts';

export interface StoreOptions extends EmbedderFacts {
  /** Where the embedded database is. */
  readonly dataDir: string;
  /** The address of a PostgreSQL server to use instead. */
  readonly url?: string | undefined;
}

export interface StoredDocument {
  readonly path: string;
  readonly title: string;
  readonly contentHash: string;
  readonly labels: readonly string[];
  readonly byteCount: number;
}

export interface KnownDocument {
  readonly contentHash: string;
  readonly labels: readonly string[];
  readonly chunkCount: number;
}

export interface HashedChunk extends Chunk {
  readonly hash: string;
  /** Absent for a chunk that the store has. */
  readonly embedding?: Float32Array;
}

/** The database of a memory: documents with their parts and vectors. */
export interface Store {
  known(tenant: string, path: string): Promise<KnownDocument | undefined>;
  /** Those of the hashes that no chunk of the tenant has. */
  missing(tenant: string, hashes: readonly string[]): Promise<string[]>;
  /**
   * Puts a document in the place of the one at its path, in one transaction. Returns the hashes of chunks that came
   * without a vector and are not there any more: then nothing has changed.
   */
  replace(tenant: string, document: StoredDocument, chunks: readonly HashedChunk[]): Promise<string[]>;
  forgetOthers(tenant: string, path: string, kept: readonly string[]): Promise<number>;
  /** A run of writes has brought so many new chunks by now: when they are many, searches are slower until `settle`. */
  loads(newCount: number): Promise<void>;
  /** A run of writes has ended; `isQuiet` when it was the last one. */
  settle(tenant: string, isQuiet: boolean): Promise<void>;
  search(query: SearchQuery): Promise<Candidate[]>;
  stats(tenant: string): Promise<MemoryStats>;
  close(): Promise<void>;
}

/** Opens a store, making it when it is new. Throws `LimbError` when it was made for another embedder. */
export async function openStore(options: StoreOptions): Promise<Store> {
  if (options.url === undefined) {
    return storeOn(await openPglite(options.dataDir, (database) => prepare(database, options)));
  }
  const database = await openPostgres(options.url);
  try {
    await prepare(database, options);
  } catch (error) {
    await database.close();
    throw error;
  }
  return storeOn(database);
}

async function prepare(database: Database, facts: EmbedderFacts): Promise<void> {
  await migrate(database, facts);
  // A limb may have been killed while it was away.
  await makeVectorIndex(database);
}

function storeOn(database: Database): Store {
  return {
    async known(tenant, path) {
      const [row] = await database.query<KnownDocument>(
        `SELECT content_hash AS "contentHash", labels,
           (SELECT count(*)::integer FROM passages WHERE document_id = documents.id) AS "chunkCount"
         FROM documents WHERE tenant = $1 AND path = $2`,
        [tenant, path],
      );
      return row;
    },

    missing: (tenant, hashes) => missingOf(database, tenant, hashes),

    replace: (tenant, document, chunks) =>
      database.transaction(async (tx) => {
        await lockTenant(tx, tenant);
        const embedded = new Set(chunks.flatMap((chunk) => (chunk.embedding ? [chunk.hash] : [])));
        const known = chunks.map((chunk) => chunk.hash).filter((hash) => !embedded.has(hash));
        const gone = await missingOf(tx, tenant, known);
        if (gone.length > 0) return gone;
        const documentId = await putDocument(tx, tenant, document);
        const before = await tx.query<{ id: number }>(
          'DELETE FROM passages WHERE document_id = $1 RETURNING chunk_id::float8 AS id',
          [documentId],
        );
        await insertChunks(tx, tenant, chunks);
        await tx.query(
          `INSERT INTO passages (document_id, ordinal, chunk_id)
           SELECT $2, ordinal, chunks.id FROM unnest($3::text[]) WITH ORDINALITY AS part (hash, ordinal)
           JOIN chunks ON chunks.tenant = $1 AND chunks.hash = part.hash`,
          [tenant, documentId, chunks.map((chunk) => chunk.hash)],
        );
        await dropUnused(
          tx,
          tenant,
          before.map((row) => row.id),
        );
        return [];
      }),

    forgetOthers: (tenant, path, kept) =>
      database.transaction(async (tx) => {
        await lockTenant(tx, tenant);
        const found = await tx.query<{ id: number; chunkIds: number[] }>(
          `SELECT id::float8, array(SELECT chunk_id::float8 FROM passages WHERE document_id = documents.id) AS "chunkIds"
           FROM documents
           WHERE tenant = $1 AND ($2 = '' OR path = $2 OR starts_with(path, $2 || '/')) AND path <> ALL ($3::text[])`,
          [tenant, path, kept],
        );
        if (found.length === 0) return 0;
        await tx.query('DELETE FROM documents WHERE id = ANY ($1::bigint[])', [found.map((row) => row.id)]);
        await dropUnused(tx, tenant, [...new Set(found.flatMap((row) => row.chunkIds))]);
        return found.length;
      }),

    loads: (newCount) => dropVectorIndex(database, newCount),

    settle: (tenant, isQuiet) => settle(database, tenant, isQuiet),

    search: (query) => search(database, query),

    async stats(tenant) {
      const [row] = await database.query<Required<MemoryStats>>(
        `SELECT count(*)::integer AS "documentCount",
                (SELECT count(*)::integer FROM chunks WHERE tenant = $1) AS "chunkCount",
                coalesce(sum(byte_count), 0)::float8 AS "byteCount",
                (extract(epoch FROM max(updated_at)) * 1000)::float8 AS "changedAtMs"
         FROM documents WHERE tenant = $1`,
        [tenant],
      );
      const { documentCount = 0, chunkCount = 0, byteCount = 0, changedAtMs = null } = row ?? {};
      return { documentCount, chunkCount, byteCount, ...(changedAtMs === null ? {} : { changedAtMs }) };
    },

    close: () => database.close(),
  };
}

async function missingOf(queries: Queries, tenant: string, hashes: readonly string[]): Promise<string[]> {
  const rows = await queries.query<{ hash: string }>(
    `SELECT DISTINCT hash FROM unnest($2::text[]) AS asked (hash)
     WHERE NOT EXISTS (SELECT FROM chunks WHERE chunks.tenant = $1 AND chunks.hash = asked.hash)`,
    [tenant, hashes],
  );
  return rows.map((row) => row.hash);
}

async function putDocument(tx: Queries, tenant: string, document: StoredDocument): Promise<number | undefined> {
  const [row] = await tx.query<{ id: number }>(
    `INSERT INTO documents (tenant, path, title, content_hash, labels, byte_count)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (tenant, path) DO UPDATE SET title = excluded.title, content_hash = excluded.content_hash,
       labels = excluded.labels, byte_count = excluded.byte_count, updated_at = now()
     RETURNING id::float8`,
    [tenant, document.path, document.title, document.contentHash, document.labels, document.byteCount],
  );
  return row?.id;
}

async function insertChunks(tx: Queries, tenant: string, chunks: readonly HashedChunk[]): Promise<void> {
  const fresh = chunks.flatMap(({ embedding, ...chunk }) => (embedding ? [{ ...chunk, embedding }] : []));
  if (fresh.length === 0) return;
  await tx.query(
    `INSERT INTO chunks (tenant, hash, section, content, embedding)
     SELECT DISTINCT ON (hash) $1, hash, section, content, ($5::real[])[(place - 1) * $6 + 1 : place * $6]::vector
     FROM unnest($2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS chunk (hash, section, content, place)
     ON CONFLICT (tenant, hash) DO NOTHING`,
    [
      tenant,
      fresh.map((chunk) => chunk.hash),
      fresh.map((chunk) => chunk.section),
      fresh.map((chunk) => chunk.content),
      asReals(fresh.map((chunk) => chunk.embedding)),
      fresh[0]?.embedding.length,
    ],
  );
}

/** Drops those of the chunks that stand in no document any more. */
async function dropUnused(tx: Queries, tenant: string, chunkIds: readonly number[]): Promise<void> {
  if (chunkIds.length === 0) return;
  await tx.query(
    `WITH dropped AS (
       DELETE FROM chunks WHERE id = ANY ($2::bigint[])
         AND NOT EXISTS (SELECT FROM passages WHERE passages.chunk_id = chunks.id)
       RETURNING id
     )
     INSERT INTO counted (tenant, chunk_count, dropped_count)
     SELECT $1, 0, count(*) FROM dropped HAVING count(*) > 0
     ON CONFLICT (tenant) DO UPDATE SET dropped_count = counted.dropped_count + excluded.dropped_count`,
    [tenant, chunkIds],
  );
}
