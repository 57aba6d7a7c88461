import type { Database, Queries } from './database/database.ts';
import { asReals } from './database/vector.ts';
import { comparedMax } from './vector-index.ts';

export interface SearchQuery {
  readonly tenant: string;
  readonly text: string;
  readonly embedding: Float32Array;
  readonly labels: readonly string[];
  /** How many candidates of each half. */
  readonly depth: number;
}

/** A chunk that one half of the search or both have found. */
export interface Candidate {
  readonly section: string;
  readonly content: string;
  /** Where it stands, in the order of the paths. */
  readonly documents: readonly { readonly path: string; readonly title: string }[];
  readonly cosine?: number;
  readonly words?: Worded;
}

export interface Worded {
  /** How many of the query's words it has, how rare they are and how often it has them. */
  readonly score: number;
  /** From 0 to 1: how much of the query its words are, rare ones counting more. */
  readonly coverage: number;
}

interface Hit {
  readonly id: number;
  readonly score: number;
}

interface Word {
  readonly lexeme: string;
  readonly held: number;
}

/** A chunk that the index goes through takes about as long as comparing so many. */
const passedWorth = 4;

/** Words bring in at most so many chunks; a word that more of them have only helps to rank those. */
const wordedMax = 500;

/** The candidates of both halves: closest in meaning by the index of vectors, and by words in the index of texts. */
export async function search(database: Database, query: SearchQuery): Promise<Candidate[]> {
  const close = await closest(database, query);
  const worded = await withWords(database, query);
  const cosines = new Map(close.map(({ id, score }) => [id, score]));
  const words = new Map(worded.map(({ id, score, coverage }) => [id, { score, coverage }]));
  const ids = [...new Set([...cosines.keys(), ...words.keys()])];
  const rows = await database.query<{
    id: number;
    section: string;
    content: string;
    paths: string[];
    titles: string[];
  }>(
    `SELECT chunks.id::float8, section, content, stands.paths, stands.titles
     FROM chunks JOIN (
       SELECT chunk_id, array_agg(path ORDER BY path) AS paths, array_agg(title ORDER BY path) AS titles FROM (
         SELECT DISTINCT chunk_id, path, title FROM passages JOIN documents ON documents.id = passages.document_id
         WHERE chunk_id = ANY ($1::bigint[]) AND documents.labels @> $2::text[]
       ) AS place GROUP BY chunk_id
     ) AS stands ON stands.chunk_id = chunks.id
     WHERE chunks.id = ANY ($1::bigint[])`,
    [ids, query.labels],
  );
  return rows.map(({ id, section, content, paths, titles }) => {
    const cosine = cosines.get(id);
    const word = words.get(id);
    return {
      section,
      content,
      documents: paths.map((path, i) => ({ path, title: titles[i] ?? path })),
      ...(cosine === undefined ? {} : { cosine }),
      ...(word === undefined ? {} : { words: word }),
    };
  });
}

/** Which chunks may be found: those of the tenant, $1, in a document with all labels, $2. */
function scopeOf({ labels }: SearchQuery): string {
  if (labels.length === 0) return 'chunks.tenant = $1 AND $2::text[] IS NOT NULL';
  return `chunks.tenant = $1 AND EXISTS (
    SELECT FROM passages JOIN documents ON documents.id = passages.document_id
    WHERE passages.chunk_id = chunks.id AND documents.labels @> $2::text[])`;
}

async function closest(database: Database, query: SearchQuery): Promise<Hit[]> {
  const { tenant, labels, embedding, depth } = query;
  const scope = scopeOf(query);
  const hits = (queries: Queries, among: string) =>
    queries.query<Hit>(
      `WITH scope AS ${among} (SELECT id, embedding FROM chunks WHERE ${scope})
       SELECT id::float8, 1 - (embedding <=> $3::real[]::vector) AS score
       FROM scope ORDER BY embedding <=> $3::real[]::vector LIMIT $4`,
      [tenant, labels, asReals([embedding]), depth],
    );
  if (await isCompared(database, query)) return hits(database, 'MATERIALIZED');
  return database.transaction(async (tx) => {
    // The planner takes comparing two vectors for as cheap as comparing two numbers, and would rather compare and sort
    // tens of thousands than ask the index.
    await tx.run('SET LOCAL enable_sort = off');
    return hits(tx, 'NOT MATERIALIZED');
  });
}

/**
 * Whether comparing all chunks of a scope is quicker than asking the index, which goes through those of others too. Of few
 * among many it would give up before it has found them.
 */
async function isCompared(database: Database, { tenant, labels, depth }: SearchQuery): Promise<boolean> {
  const [row] = await database.query<{ all: number; own: number }>(
    `SELECT coalesce(sum(chunk_count), 0)::float8 AS "all",
            coalesce(sum(chunk_count) FILTER (WHERE tenant = $1), 0)::float8 AS own FROM counted`,
    [tenant],
  );
  const { all = 0, own = 0 } = row ?? {};
  // The index goes through all / n chunks for each of those that are asked for.
  const most = Math.max(comparedMax, Math.floor(Math.sqrt(passedWorth * depth * all)));
  if (own <= most || labels.length === 0) return own <= most;
  const [labelled] = await database.query<{ present: number }>(
    `SELECT count(*)::integer AS present FROM (
       SELECT FROM documents JOIN passages ON passages.document_id = documents.id
       WHERE tenant = $1 AND labels @> $2::text[] LIMIT $3
     ) AS found`,
    [tenant, labels, most + 1],
  );
  return (labelled?.present ?? 0) <= most;
}

async function withWords(database: Database, query: SearchQuery): Promise<(Hit & Worded)[]> {
  const { tenant, labels, text, depth } = query;
  const words = await database.query<Word & { chunkCount: number }>(
    `SELECT asked.lexeme, coalesce(lexemes.chunk_count, 0) AS held,
            coalesce((SELECT chunk_count FROM counted WHERE tenant = $1), 0) AS "chunkCount"
     FROM unnest(to_tsvector('english', $2)) AS asked
     LEFT JOIN lexemes ON lexemes.tenant = $1 AND lexemes.lexeme = asked.lexeme
     ORDER BY held, asked.lexeme`,
    [tenant, text],
  );
  const selecting = selectingQuery(words);
  if (selecting === '') return [];
  return database.query<Hit & Worded>(
    `WITH asked AS MATERIALIZED (
       SELECT query::tsquery, weight FROM unnest($4::text[], $5::float8[]) AS word (query, weight)
     ), held AS MATERIALIZED (
       SELECT id, words FROM chunks WHERE ${scopeOf(query)} AND words @@ $3::tsquery LIMIT $6
     )
     SELECT id::float8, found.score, found.weight / (SELECT sum(weight) FROM asked) AS coverage
     FROM held, LATERAL (
       SELECT sum(weight * ts_rank('{0, 0.5, 1, 0}', words, query, 1))::float8 AS score, sum(weight) AS weight
       FROM asked WHERE words @@ query
     ) AS found
     ORDER BY score DESC, id LIMIT $7`,
    [
      tenant,
      labels,
      selecting,
      words.map(({ lexeme }) => quoted(lexeme)),
      words.map(({ held, chunkCount }) => rarity(held, Math.max(held, chunkCount))),
      2 * wordedMax,
      depth,
    ],
  );
}

/** Any of the rarest words; when even the rarest is in too many chunks, the two rarest together. */
function selectingQuery(words: readonly Word[]): string {
  let sum = 0;
  const chosen = words.filter(({ held }) => {
    sum += held;
    return sum <= wordedMax;
  });
  if (chosen.length > 0) return chosen.map(({ lexeme }) => quoted(lexeme)).join(' | ');
  return words
    .slice(0, 2)
    .map(({ lexeme }) => quoted(lexeme))
    .join(' & ');
}

/** The inverse document frequency of BM25. */
function rarity(held: number, chunkCount: number): number {
  return Math.log(1 + (chunkCount - held + 0.5) / (held + 0.5));
}

function quoted(lexeme: string): string {
  return `'${lexeme.replaceAll('\\', '\\\\').replaceAll("'", "''")}'`;
}
