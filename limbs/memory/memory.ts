/** A document ready to be remembered. */
export interface SourceDocument {
  /** Names it within the tenant: relative to the documents folder, with `/`. */
  readonly path: string;
  readonly title: string;
  /** Markdown. */
  readonly content: string;
}

/** A part of a document small enough to be one vector. */
export interface Chunk {
  /** The headings above it, outermost first, joined with ` › `. */
  readonly section: string;
  readonly content: string;
}

export interface Remembered {
  readonly path: string;
  readonly outcome: 'added' | 'changed' | 'unchanged';
  readonly chunkCount: number;
}

export interface Recollection {
  readonly document: string;
  readonly title: string;
  readonly section: string;
  readonly content: string;
  /** From -1 to 2, see `search.ts`: ranks the parts of one recall and says little by itself. */
  readonly score: number;
}

export interface MemoryStats {
  readonly documentCount: number;
  readonly chunkCount: number;
}

/** What a limb remembers. It stays on the limb's machine; each tenant sees only its own. */
export interface Memory {
  /**
   * Takes documents in. An unchanged one is skipped; a changed one is replaced as a whole, or, when that fails or is
   * aborted, not at all. `onProgress` hears each document when it is done.
   */
  remember(
    tenant: string,
    documents: AsyncIterable<SourceDocument> | Iterable<SourceDocument>,
    onProgress?: (document: Remembered) => void,
    signal?: AbortSignal,
  ): Promise<void>;
  /** Forgets the documents at or under `path` (`''` for all) whose paths are not in `kept`; returns how many. */
  forgetOthers(tenant: string, path: string, kept: readonly string[]): Promise<number>;
  /** The parts closest to the query in meaning and in words, best first. */
  recall(tenant: string, query: string, limit: number, signal?: AbortSignal): Promise<Recollection[]>;
  stats(): Promise<MemoryStats>;
  close(): Promise<void>;
}
