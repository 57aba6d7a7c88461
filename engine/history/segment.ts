import type { Commit } from '../log/commit.ts';
import { damaged } from '../log/failure.ts';
import {
  type BatchHeader,
  batchHeaderBytes,
  bodyOf,
  decodeBatchHeader,
  isBodyIntact,
  readCommits,
  segmentHeaderBytes,
} from '../log/format.ts';
import { isDefinition } from './definitions.ts';

interface Batch {
  readonly at: number;
  readonly header: BatchHeader;
}

/** What changes the module's definition is made by one of these, as a string stands in a commit. */
const definingOrigins = ['init', 'publish'].map((origin) => {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(origin.length);
  return Buffer.concat([length, Buffer.from(origin)]);
});

/** The durable batches of one segment, to be read from its end. */
export class SegmentBackward {
  readonly #file: string;
  readonly #bytes: Buffer;
  readonly #batches: readonly Batch[];

  /** @param last the segment's last commit @throws LogRejection `log-damaged` when it is not there */
  constructor(file: string, bytes: Buffer, last: number) {
    this.#file = file;
    this.#bytes = bytes;
    const batches: Batch[] = [];
    let at = segmentHeaderBytes;
    for (let reached = -1; reached < last; ) {
      const header = decodeBatchHeader(bytes, at);
      if (header === undefined) throw damaged(file, at, 'there is no batch header');
      batches.push({ at, header });
      reached = header.firstOffset + header.commitCount - 1;
      at += batchHeaderBytes + header.bodyBytes;
    }
    this.#batches = batches;
  }

  /** The commits of each batch that begins before `before`, the newest first, and how many bytes they have. */
  *batches(before: number): Generator<{ readonly commits: readonly Commit[]; readonly bytes: number }> {
    for (const batch of this.#batches.toReversed()) {
      if (batch.header.firstOffset >= before) continue;
      yield { commits: this.#commits(batch).toReversed(), bytes: batch.header.bodyBytes };
    }
  }

  /** The commits that changed the module's definition, the newest first; little is read to find them. */
  definingCommits(): Commit[] {
    const found = new Set<Batch>();
    for (const mark of definingOrigins) {
      for (let at = this.#bytes.indexOf(mark); at >= 0; at = this.#bytes.indexOf(mark, at + 1)) {
        const batch = this.#batchAt(at);
        if (batch) found.add(batch);
      }
    }
    const commits = [...found].flatMap((batch) => this.#commits(batch));
    return commits
      .filter(({ changes }) => changes.some(({ table }) => isDefinition(table)))
      .sort((a, b) => b.offset - a.offset);
  }

  #batchAt(at: number): Batch | undefined {
    return this.#batches.findLast((batch) => batch.at <= at);
  }

  #commits({ at, header }: Batch): Commit[] {
    if (!isBodyIntact(this.#bytes, at, header)) throw damaged(this.#file, at, 'the checksum of the batch is wrong');
    return readCommits(bodyOf(this.#bytes, at, header), header.firstOffset, header.commitCount);
  }
}
