import { createHash } from 'node:crypto';
import { chunkMarkdown } from '../memory/chunks.ts';
import type { SourceDocument } from '../memory/memory.ts';

/** A text as a document, for tests of the memory. */
export function sourceOf(path: string, title: string, content: string, labels: readonly string[] = []): SourceDocument {
  return {
    path,
    labels,
    open: async () => ({
      contentHash: createHash('sha256').update(`${title}\0${content}`).digest('hex'),
      read: async () => ({ title, chunks: chunkMarkdown(content), byteCount: Buffer.byteLength(content) }),
    }),
  };
}
