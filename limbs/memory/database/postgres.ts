import { DatabaseError, Pool, type PoolClient } from 'pg';
import { LimbError, messageOf } from '../../errors.ts';
import { type Database, type Queries, sessionSettings, storable } from './database.ts';

const connectionsMax = 4;
const connectMsMax = 10_000;

/** The memory may share a database with other programs. */
const schemaName = 'helix_memory';

/** Classes of PostgreSQL's errors that may pass: connection, resources, and the operator's intervention. */
const passing = /^(08|53|57|58|XX)/;

/**
 * Connects to a PostgreSQL server by its address, `postgres://user:password@host:port/database`. Throws `LimbError` for
 * a wrong address, and a retryable one while the server cannot be reached.
 */
export async function openPostgres(url: string): Promise<Database> {
  if (!/^postgres(ql)?:\/\//.test(url)) {
    throw new LimbError(
      'invalid-memory-url',
      'HELIX_MEMORY_URL is not an address such as postgres://user:password@host:5432/memory.',
    );
  }
  const place = shownUrl(url);
  const pool = new Pool({
    connectionString: url,
    max: connectionsMax,
    connectionTimeoutMillis: connectMsMax,
    application_name: 'helix-limb',
    allowExitOnIdle: true,
  });
  // A connection that breaks while nobody uses it is replaced when somebody does.
  pool.on('error', () => {});
  const lent = async <T>(work: (client: PoolClient) => Promise<T>): Promise<T> => {
    let client: PoolClient | undefined;
    try {
      client = await pool.connect();
      const result = await work(client);
      client.release();
      return result;
    } catch (error) {
      // What is left of a transaction ends with its connection.
      client?.release(true);
      throw explain(error, place);
    }
  };
  const settled = new WeakSet<PoolClient>();
  const withSettings = <T>(work: (queries: Queries) => Promise<T>): Promise<T> =>
    lent(async (client) => {
      if (!settled.has(client)) {
        await client.query(`SET search_path = ${schemaName}, public; ${sessionSettings}`);
        settled.add(client);
      }
      return work(queriesOn(client));
    });
  const database: Database = {
    place,
    query: (sql, values) => withSettings((queries) => queries.query(sql, values)),
    run: (sql) => withSettings((queries) => queries.run(sql)),
    transaction: (work) =>
      withSettings(async (queries) => {
        await queries.run('BEGIN');
        const result = await work(queries);
        await queries.run('COMMIT');
        return result;
      }),
    close: () => pool.end(),
  };
  try {
    await requireVersion(database);
    await database.transaction(async (tx) => {
      // Two limbs that make it at once would collide.
      await tx.query('SELECT pg_advisory_xact_lock(hashtext($1))', [schemaName]);
      await tx.run(`CREATE SCHEMA IF NOT EXISTS ${schemaName}`);
    });
    return database;
  } catch (error) {
    await database.close();
    throw error;
  }
}

function queriesOn(client: PoolClient): Queries {
  return {
    query: async <Row>(sql: string, values: readonly unknown[] = []) =>
      (await client.query(sql, storable(values))).rows as Row[],
    async run(sql) {
      await client.query(sql);
    },
  };
}

async function requireVersion(database: Database): Promise<void> {
  const [row] = await database.query<{ version: number; vector: string | null }>(
    `SELECT current_setting('server_version_num')::integer AS version,
            (SELECT default_version FROM pg_available_extensions WHERE name = 'vector') AS vector`,
  );
  if (!row || row.version < 150_000) {
    throw new LimbError(
      'memory-postgres-old',
      `${database.place} is PostgreSQL ${Math.floor((row?.version ?? 0) / 10_000)}: the memory needs 15 or newer.`,
    );
  }
  const [major = 0, minor = 0] = (row.vector ?? '').split('.').map(Number);
  if (major > 0 || minor >= 8) return;
  throw new LimbError(
    'memory-no-pgvector',
    `${database.place} has ${row.vector === null ? 'no pgvector' : `pgvector ${row.vector}`}: the memory needs 0.8 or newer. Install it on the server (Debian: postgresql-${Math.floor(row.version / 10_000)}-pgvector).`,
  );
}

function explain(error: unknown, place: string): unknown {
  if (error instanceof LimbError) return error;
  if (error instanceof DatabaseError) {
    const isRetryable = passing.test(error.code ?? '') || error.code === '40001' || error.code === '40P01';
    return new LimbError('memory-database', `The memory at ${place} refused: ${error.message}`, {
      cause: error,
      isRetryable,
    });
  }
  if (!(error instanceof Error)) return error;
  return new LimbError(
    'memory-unreachable',
    `The memory at ${place} cannot be reached (${messageOf(error) || error.name}): check HELIX_MEMORY_URL and that the server runs.`,
    { cause: error, isRetryable: true },
  );
}

function shownUrl(url: string): string {
  if (!URL.canParse(url)) return 'the address in HELIX_MEMORY_URL';
  const { protocol, host, pathname } = new URL(url);
  return `${protocol}//${host}${pathname}`;
}
