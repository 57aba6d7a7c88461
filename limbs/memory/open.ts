import { createHash } from 'node:crypto';
import type { Embedder } from '../embeddings/embedder.ts';
import { LimbError, messageOf } from '../errors.ts';
import type { Terms } from '../spending.ts';
import { startThread } from '../threads/start.ts';
import { fuse, limitDefault } from './fuse.ts';
import { type Memory, type Remembered, type SourceDocument, unreadable } from './memory.ts';
import { type HashedChunk, openStore, type Store, type StoreOptions } from './store.ts';
import type { StoreThread } from './thread.ts';

/** Where a memory is: in a folder, or on the PostgreSQL server of an address. */
export interface MemoryPlace {
  readonly dataDir: string;
  readonly url?: string | undefined;
}

/** Ranks below that hardly change what comes first. */
const depthMin = 50;

/** How many new chunks a run brings until it is looked at whether they are a load. */
const loadChunks = 2000;

/** Another writer may drop a chunk between the look for it and its use; not again and again. */
const triesMax = 5;

/**
 * Opens a memory; an embedded database runs in a thread of its own. The embedder stays the caller's to close. Throws
 * `LimbError` when the memory was made with another embedder or its server cannot be used.
 */
export async function openMemory(place: MemoryPlace, embedder: Embedder): Promise<Memory> {
  if (place.url !== undefined) return openMemoryHere(place, embedder);
  const thread = startThread<StoreThread>('limb-store');
  try {
    await thread.api.open(storeOptions(place, embedder));
  } catch (error) {
    await thread.stop();
    throw error;
  }
  return memoryOn(thread.api, place, embedder, async () => {
    await thread.api.close();
    await thread.stop();
  });
}

/** A memory whose database runs in the calling thread: a server's, and in tests of what is around it an embedded one. */
export async function openMemoryHere(place: MemoryPlace, embedder: Embedder): Promise<Memory> {
  const store = await openStore(storeOptions(place, embedder));
  return memoryOn(store, place, embedder, () => store.close());
}

function storeOptions({ dataDir, url }: MemoryPlace, { name, dimensions }: Embedder): StoreOptions {
  return { dataDir, url, embedder: name, dimensions };
}

function memoryOn(store: Store, place: MemoryPlace, embedder: Embedder, close: () => Promise<void>): Memory {
  const rememberOne = async (tenant: string, source: SourceDocument, terms: Terms): Promise<Remembered> => {
    const { path } = source;
    const labels = [...new Set(source.labels)].sort();
    const { contentHash, read } = await source.open();
    const earlier = await store.known(tenant, path);
    if (earlier?.contentHash === contentHash && sameList(earlier.labels, labels)) {
      return { path, outcome: 'unchanged', chunkCount: earlier.chunkCount, embeddedCount: 0 };
    }
    const { title, chunks, byteCount } = await read(terms.signal);
    // A part alone often does not say what it is about; its headings do.
    const texts = chunks.map((chunk) => `${chunk.section === '' ? title : chunk.section}\n${chunk.content}`);
    const hashes = texts.map((text) => createHash('sha256').update(text).digest('hex'));
    const textOf = new Map(hashes.map((hash, i) => [hash, texts[i] ?? '']));
    const vectors = new Map<string, Float32Array>();
    let missing = await store.missing(tenant, hashes);
    for (let tries = 1; tries <= triesMax; tries++) {
      const wanted = missing.map((hash) => textOf.get(hash) ?? '');
      const made = await embedder.embed(wanted, terms);
      terms.signal?.throwIfAborted();
      missing.forEach((hash, i) => {
        const vector = made[i];
        if (vector) vectors.set(hash, vector);
      });
      const hashed = chunks.map((chunk, i): HashedChunk => {
        const hash = hashes[i] ?? '';
        const embedding = vectors.get(hash);
        return embedding ? { ...chunk, hash, embedding } : { ...chunk, hash };
      });
      missing = await store.replace(tenant, { path, title, contentHash, labels, byteCount }, hashed);
      if (missing.length > 0) continue;
      const outcome = earlier ? 'changed' : 'added';
      return { path, outcome, chunkCount: chunks.length, embeddedCount: vectors.size };
    }
    throw new LimbError('memory-busy', `${path} could not be remembered: others keep changing the same memory.`, {
      isRetryable: true,
    });
  };

  /** Runs of writes that have not ended. */
  let runs = 0;

  return {
    description: `${place.url === undefined ? 'PGlite' : 'PostgreSQL'}, ${embedder.name}`,

    async remember(tenant, documents, onProgress, terms = {}) {
      let newCount = 0;
      runs += 1;
      try {
        for await (const document of documents) {
          terms.signal?.throwIfAborted();
          const remembered = await rememberOrSay(document, () => rememberOne(tenant, document, terms));
          if (remembered.outcome !== 'unreadable' && remembered.embeddedCount > 0) {
            const loadsBefore = Math.floor(newCount / loadChunks);
            newCount += remembered.embeddedCount;
            if (Math.floor(newCount / loadChunks) > loadsBefore) await store.loads(newCount);
          }
          onProgress?.(remembered);
        }
      } finally {
        runs -= 1;
        await store.settle(tenant, runs === 0);
      }
    },
    async forgetOthers(tenant, path, kept) {
      const forgotten = await store.forgetOthers(tenant, path, kept);
      if (forgotten > 0) await store.settle(tenant, runs === 0);
      return forgotten;
    },
    async recall(tenant, query, options = {}, terms = {}) {
      const [embedding] = await embedder.embed([query], terms);
      if (!embedding) return [];
      const depth = Math.max(depthMin, 4 * (options.limit ?? limitDefault));
      const labels = options.labels ?? [];
      return fuse(await store.search({ tenant, text: query, embedding, labels, depth }), options);
    },
    stats: (tenant) => store.stats(tenant),
    close,
  };
}

/** One document that cannot be read keeps no other from being remembered. */
async function rememberOrSay(source: SourceDocument, remember: () => Promise<Remembered>): Promise<Remembered> {
  try {
    return await remember();
  } catch (error) {
    if (!(error instanceof LimbError) || error.code !== unreadable) throw error;
    return { path: source.path, outcome: 'unreadable', reason: messageOf(error) };
  }
}

function sameList(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((item, i) => item === b[i]);
}
