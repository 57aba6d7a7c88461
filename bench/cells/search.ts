import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { builtInEmbedder } from '../../limbs/embeddings/built-in.ts';
import { type Embedder, normalize } from '../../limbs/embeddings/embedder.ts';
import { chunkMarkdown } from '../../limbs/memory/chunks.ts';
import type { Chunk, SourceDocument } from '../../limbs/memory/memory.ts';
import { type MemoryPlace, openMemory } from '../../limbs/memory/open.ts';
import { startPostgres, whyNoPostgres } from '../../limbs/testing/postgres.ts';
import { sourceOf } from '../../limbs/testing/source.ts';
import { atMost, type Bar, type Bench, type Cell } from '../lib/cell.ts';
import { millis, whole } from '../lib/contest.ts';
import { readRetrievalSet } from '../lib/retrieval-set.ts';
import { Latencies } from '../lib/stats.ts';

const sizes = [10_000, 100_000];
const chunksADocument = 50;
const askedMax = 200;

/** Real texts that are remembered with their real vectors, to see what ingest takes. */
const ingested = 300;

interface Measured {
  readonly database: string;
  readonly chunkCount: number;
  readonly perSecond: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

/** How fast the memory takes in and finds. */
export const searchCell: Cell = {
  name: 'search',
  title: 'Remembering and recalling, by the number of chunks',
  async run(bench) {
    const { texts, questions } = readRetrievalSet(fileURLToPath(new URL('../retrieval', import.meta.url)));
    const chunks = texts.flatMap(({ markdown }) => chunkMarkdown(markdown));
    const builtIn = builtInEmbedder();
    const postgres = whyNoPostgres === '' ? await startPostgres() : undefined;
    try {
      const real = await builtIn.embed(chunks.slice(0, ingested).map((chunk) => chunk.content));
      const queries = questions.slice(0, askedMax).map((question) => question.text);
      const asked = new Map<string, Float32Array>();
      for (const [i, vector] of (await builtIn.embed(queries)).entries()) asked.set(queries[i] ?? '', vector);
      const wanted = bench.settings.rounds === 1 ? sizes.slice(0, 1) : sizes;
      const results: Measured[] = [];
      for (const database of ['PGlite', ...(postgres ? ['PostgreSQL'] : [])]) {
        for (const size of wanted) {
          const dataDir = join(bench.folder, `${database}-${size}`);
          mkdirSync(dataDir, { recursive: true });
          const place =
            database === 'PGlite' ? { dataDir: join(dataDir, 'memory') } : { dataDir, url: postgres?.database() };
          results.push(await measure(bench, database, place, size, chunks, mixing(real, asked), queries));
        }
      }
      const withModel = await ingestWithModel(bench, builtIn, chunks.slice(0, ingested));
      return {
        tables: [
          {
            columns: ['database', 'chunks', 'written, chunks/s', 'search p50 ms', 'search p95 ms'],
            rows: results.map((row) => [
              row.database,
              whole(row.chunkCount),
              whole(row.perSecond),
              millis(row.p50Ms),
              millis(row.p95Ms),
            ]),
          },
        ],
        bars: results.filter(({ chunkCount }) => chunkCount >= Math.max(...wanted)).map(barOf),
        rounds: 'one run',
        notes: [
          `Chunks are sentences of the evaluation set in new orders, ${chunksADocument} a document; their vectors are mixtures of ${ingested} real ones of 512 numbers with noise. They are written through the memory, hashes, indexes and all, with the vectors at hand: what is measured is the database.`,
          `A search is a whole recall of a question of the evaluation set, one after the other, without the time that the embedding model takes for the question (built in: some 11 ms): both halves, fusion, near-duplicates.`,
          `With the built-in embedding model on PGlite ${whole(withModel)} chunks a second are remembered: the model takes nearly all of the time.`,
          postgres
            ? 'PostgreSQL 15, pgvector 0.8, the settings that initdb writes, over a Unix socket.'
            : `PostgreSQL: skipped: ${whyNoPostgres}.`,
        ],
      };
    } finally {
      await postgres?.stop();
      await builtIn.close();
    }
  },
};

async function measure(
  bench: Bench,
  database: string,
  place: MemoryPlace,
  size: number,
  chunks: readonly Chunk[],
  embedder: Embedder,
  queries: readonly string[],
): Promise<Measured> {
  const memory = await openMemory(place, embedder);
  try {
    const startMs = performance.now();
    await memory.remember('1', documents(size, chunks));
    const perSecond = size / ((performance.now() - startMs) / 1000);
    bench.say(`${database}: ${whole(size)} chunks, ${whole(perSecond)} a second`);
    for (const query of queries.slice(0, 20)) await memory.recall('1', query);
    const latencies = new Latencies();
    for (const query of queries) {
      const askedMs = performance.now();
      await memory.recall('1', query);
      latencies.add(performance.now() - askedMs);
    }
    const { chunkCount } = await memory.stats('1');
    return { database, chunkCount, perSecond, p50Ms: latencies.ms(50), p95Ms: latencies.ms(95) };
  } finally {
    await memory.close();
  }
}

/** Documents whose chunks are sentences of the texts in an order of their own. */
function* documents(size: number, chunks: readonly Chunk[]): Generator<SourceDocument> {
  const sentences = chunks.flatMap(({ content }) => content.split(/(?<=[.!?])\s+/)).filter((text) => text.length > 40);
  const next = random();
  for (let first = 0; first < size; first += chunksADocument) {
    const made = Array.from({ length: chunksADocument }, (_, i): Chunk => {
      const words = Array.from({ length: 4 }, () => sentences[Math.floor(next() * sentences.length)] ?? '');
      return { section: '', content: `${words.join(' ')} ${first + i}` };
    });
    const read = async () => ({ title: `Document ${first}`, chunks: made, byteCount: 1 });
    yield { path: `${first}.md`, labels: [], open: async () => ({ contentHash: `${first}`, read }) };
  }
}

/** Gives questions their real vectors, and texts mixtures of real ones. */
function mixing(real: readonly Float32Array[], asked: ReadonlyMap<string, Float32Array>): Embedder {
  const next = random();
  const pick = (): Float32Array => real[Math.floor(next() * real.length)] ?? new Float32Array();
  return {
    name: 'mixtures',
    dimensions: real[0]?.length ?? 0,
    embed: async (texts) =>
      texts.map((text) => {
        const known = asked.get(text);
        if (known) return known;
        const [a, b] = [pick(), pick()];
        return normalize(a.map((value, i) => 0.7 * value + 0.3 * (b[i] ?? 0) + 0.02 * (next() - 0.5)));
      }),
    close: () => Promise.resolve(),
  };
}

async function ingestWithModel(bench: Bench, embedder: Embedder, chunks: readonly Chunk[]): Promise<number> {
  const memory = await openMemory({ dataDir: join(bench.folder, 'with-model') }, embedder);
  try {
    const texts = chunks.map((chunk, i) => sourceOf(`${i}.md`, `${i}`, chunk.content));
    const startMs = performance.now();
    await memory.remember('1', texts);
    return (await memory.stats('1')).chunkCount / ((performance.now() - startMs) / 1000);
  } finally {
    await memory.close();
  }
}

function barOf({ database, chunkCount, p95Ms }: Measured): Bar {
  return atMost(`${database}, search at ${whole(chunkCount)} chunks, p95`, p95Ms, 50, ' ms');
}

/** The same numbers in every run (a linear congruential generator). */
function random(): () => number {
  let state = 20_241;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
