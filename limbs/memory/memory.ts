import type { Terms } from '../spending.ts';

/** The code of a `LimbError` about one document, which keeps no other from being remembered. */
export const unreadable = 'unreadable-document';

/** A file or text that can be remembered. */
export interface SourceDocument {
  /** Names it within the tenant: relative to the documents folder, with `/`. */
  readonly path: string;
  /** What recalling may be limited to, such as `team-a` or `manuals`. */
  readonly labels: readonly string[];
  /** Throws `LimbError` with the code `unreadable` when it cannot be read. */
  open(): Promise<OpenedDocument>;
}

export interface OpenedDocument {
  /** Changes whenever what `read` gives may have changed. */
  readonly contentHash: string;
  /** Its parts, asked for only when they are needed. Throws as `open` does. */
  read(signal?: AbortSignal): Promise<DocumentContent>;
}

export interface DocumentContent {
  readonly title: string;
  readonly chunks: readonly Chunk[];
  /** Bytes of the source. */
  readonly byteCount: number;
}

/** A part of a document small enough to be one vector. */
export interface Chunk {
  /** The headings above it, outermost first, joined with ` › `. */
  readonly section: string;
  readonly content: string;
}

/** What became of one document. */
export type Remembered =
  | {
      readonly path: string;
      readonly outcome: 'added' | 'changed' | 'unchanged';
      readonly chunkCount: number;
      /** Chunks that had to be embedded; the others were known. */
      readonly embeddedCount: number;
    }
  | { readonly path: string; readonly outcome: 'unreadable'; readonly reason: string };

export interface RecallOptions {
  /** The most parts; default 5. */
  readonly limit?: number;
  /** Only documents that have all of these labels; default all. */
  readonly labels?: readonly string[];
  /** The most tokens of all parts together, at four bytes a token; default no bound. */
  readonly tokensMax?: number;
}

/** The place of a part in one half of the search, from 1. */
export interface Rank {
  readonly rank: number;
  /** The cosine, or the weight of the words that it has: compares within one query only. */
  readonly score: number;
}

export interface Recollection {
  readonly document: string;
  readonly title: string;
  readonly section: string;
  readonly content: string;
  /** Both ranks fused: 1 for a part that is first in meaning and in words, and has all words of the query. */
  readonly score: number;
  /** Among the closest in meaning; absent when it was not among them. */
  readonly meaning?: Rank;
  /** Among those with the words of the query. */
  readonly words?: Rank;
  /** Other documents that have the same part, or nearly the same. */
  readonly alsoIn: readonly string[];
}

/** What is remembered of one tenant. */
export interface MemoryStats {
  readonly documentCount: number;
  readonly chunkCount: number;
  /** Bytes of the documents. */
  readonly byteCount: number;
  /** When a document was last added or changed; absent while there is none. */
  readonly changedAtMs?: number;
}

/** What a limb remembers. It stays on the limb's machine; each tenant sees only its own. */
export interface Memory {
  /** The database and the embedding model in words. */
  readonly description: string;
  /**
   * Takes documents in, paying for vectors by the terms. An unchanged one is skipped, and of a changed one only the chunks that are new are embedded. It is
   * replaced as a whole, or, when that fails or is aborted, not at all. `onProgress` hears each document when it is done
   * and durable. Throws `BudgetShort` when the budgets have too little left for one; those before it are remembered.
   */
  remember(
    tenant: string,
    documents: AsyncIterable<SourceDocument> | Iterable<SourceDocument>,
    onProgress?: (document: Remembered) => void,
    terms?: Terms,
  ): Promise<void>;
  /** Forgets the documents at or under `path` (`''` for all) whose paths are not in `kept`; returns how many. */
  forgetOthers(tenant: string, path: string, kept: readonly string[]): Promise<number>;
  /** The parts closest to the query in meaning and in words, best first. Throws `BudgetShort`. */
  recall(tenant: string, query: string, options?: RecallOptions, terms?: Terms): Promise<Recollection[]>;
  stats(tenant: string): Promise<MemoryStats>;
  close(): Promise<void>;
}
