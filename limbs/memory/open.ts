import { createHash } from 'node:crypto';
import type { Embedder } from '../embeddings/embedder.ts';
import { startThread } from '../threads/start.ts';
import { chunkMarkdown } from './chunks.ts';
import type { Memory, Remembered, SourceDocument } from './memory.ts';
import { openStore, type Store } from './store.ts';
import type { StoreThread } from './thread.ts';

/**
 * Opens the memory in `dataDir`, its database in a thread of its own. The embedder stays the caller's to close.
 * Throws `LimbError` when the memory was made with another embedder.
 */
export async function openMemory(dataDir: string, embedder: Embedder): Promise<Memory> {
  const thread = startThread<StoreThread>('limb-store');
  try {
    await thread.api.open({ dataDir, embedder: embedder.name, dimensions: embedder.dimensions });
  } catch (error) {
    await thread.stop();
    throw error;
  }
  return memoryOn(thread.api, embedder, async () => {
    await thread.api.close();
    await thread.stop();
  });
}

/** A memory whose database runs in the calling thread, for tests of what is around it. */
export async function openMemoryHere(dataDir: string, embedder: Embedder): Promise<Memory> {
  const store = await openStore({ dataDir, embedder: embedder.name, dimensions: embedder.dimensions });
  return memoryOn(store, embedder, () => store.close());
}

function memoryOn(store: Store, embedder: Embedder, close: () => Promise<void>): Memory {
  const rememberOne = async (tenant: string, document: SourceDocument, signal?: AbortSignal): Promise<Remembered> => {
    const { path, title, content } = document;
    const contentHash = createHash('sha256').update(title).update('\0').update(content).digest('hex');
    const earlier = await store.hashOf(tenant, path);
    if (earlier?.contentHash === contentHash) {
      return { path, outcome: 'unchanged', chunkCount: earlier.chunkCount };
    }
    const chunks = chunkMarkdown(content);
    // A part alone often does not say what it is about; its headings do.
    const texts = chunks.map((chunk) => `${chunk.section === '' ? title : chunk.section}\n${chunk.content}`);
    const vectors = await embedder.embed(texts, signal);
    signal?.throwIfAborted();
    await store.replace(
      tenant,
      { path, title, contentHash },
      chunks.flatMap((chunk, i) => {
        const embedding = vectors[i];
        return embedding ? [{ ...chunk, embedding }] : [];
      }),
    );
    return { path, outcome: earlier ? 'changed' : 'added', chunkCount: chunks.length };
  };

  return {
    async remember(tenant, documents, onProgress, signal) {
      for await (const document of documents) {
        signal?.throwIfAborted();
        const remembered = await rememberOne(tenant, document, signal);
        onProgress?.(remembered);
      }
    },
    forgetOthers: (tenant, path, kept) => store.forgetOthers(tenant, path, kept),
    async recall(tenant, query, limit, signal) {
      const [vector] = await embedder.embed([query], signal);
      return vector ? store.search(tenant, query, vector, limit) : [];
    },
    stats: () => store.stats(),
    close,
  };
}
