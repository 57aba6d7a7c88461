import type { Disk } from '../host/disk.ts';
import type { Commit } from './commit.ts';
import { damaged, LogRejection, vanished } from './failure.ts';
import {
  type BatchHeader,
  batchHeaderBytes,
  bodyOf,
  decodeBatchHeader,
  decodeSegmentHeader,
  hasIntactBatch,
  isBodyIntact,
  isChained,
  noChain,
  offsetOfSegment,
  readCommits,
  segmentHeaderBytes,
  version,
} from './format.ts';

/** What a crash left of a batch that nobody was told is durable. */
export interface TornTail {
  readonly file: string;
  /** Where the file was cut; 0 when all of it was removed. */
  readonly offset: number;
  readonly bytes: number;
}

/** Where a log ends, or where the reading was told to end. */
export interface LogEnd extends LogPoint {
  /** The first commit that was read, whether it was replayed or not. */
  readonly beginsAt: number;
  /** The segment to append to. */
  readonly segment: string | undefined;
  /** What follows the last batch: a torn tail, or room that was never written. */
  readonly tail: TornTail | undefined;
  readonly tornTail: TornTail | undefined;
  /** Bytes of the batches that were replayed. */
  readonly replayedBytes: number;
  /** Bytes of the segments that were read, without what follows the last batch. */
  readonly readBytes: number;
}

/** What of a log is read. */
export interface Reading {
  /** Replays only what follows this point. */
  readonly after?: LogPoint | undefined;
  /** Asked after every batch, and before the first, whether to end there. */
  readonly isEnough?: (point: LogPoint) => boolean;
  /** Accepts a log whose first segments were trimmed away: commits before its beginning are not missed. */
  readonly isTrimmed?: boolean;
  /** Told how many bytes have been read, after every segment. */
  readonly onRead?: ((bytes: number) => void) | undefined;
}

/** A point between two commits of one log. */
export interface LogPoint {
  /** The commit that comes next. */
  readonly nextOffset: number;
  /** The chain of the last batch before it. */
  readonly chain: Uint8Array;
}

const sectorBytes = 512;

/** Takes one commit; a promise is waited for before the next commit comes. */
export type Replay = (commit: Commit) => void | Promise<void>;

/**
 * Reads a log from its start, or from the segment that holds the point `after`, and hands every commit from there on to
 * `replay`; rows are views that outlive the call. A torn tail is cut off, and so is room that a stopped process left.
 * @throws LogRejection `log-damaged`, `log-incomplete`, `log-version`; nothing was changed then
 */
export async function recover(disk: Disk, directory: string, replay: Replay, after?: LogPoint): Promise<LogEnd> {
  const end = await readLog(disk, directory, replay, { after });
  const { tail } = end;
  if (tail !== undefined) {
    if (tail.offset > 0) await disk.truncate(tail.file, tail.offset);
    else await disk.remove(tail.file);
  }
  return end;
}

/** Reads a log as `recover` does and changes nothing: a torn tail is reported and stays. */
export async function readLog(disk: Disk, directory: string, replay: Replay, reading: Reading = {}): Promise<LogEnd> {
  const names = await segmentsFrom(disk, directory, reading.after?.nextOffset ?? 0);
  const replayer = new Replayer(directory, replay, reading);
  let tail: TornTail | undefined;
  let tornTail: TornTail | undefined;
  let segment: string | undefined;
  let readBytes = 0;
  for (const [i, name] of names.entries()) {
    if (replayer.isOver) break;
    const file = `${directory}/${name}`;
    const content = await disk.read(file);
    if (content === undefined) throw vanished(file);
    const bytes = asBuffer(content);
    const end = await replayer.segment(file, bytes, offsetOfSegment(name) ?? 0, i === names.length - 1);
    readBytes += end;
    reading.onRead?.(readBytes);
    if (end > 0) segment = file;
    if (replayer.isOver) break;
    if (end > 0 && end === bytes.length) continue;
    tail = { file, offset: end, bytes: bytes.length - end };
    if (end === 0 || !isRoom(bytes.subarray(end))) tornTail = tail;
  }
  replayer.finish();
  const { nextOffset, chain, beginsAt, replayedBytes } = replayer;
  return { nextOffset, chain, beginsAt, replayedBytes, readBytes, segment, tail, tornTail };
}

/** The names of the segments that a reading from a commit on needs. */
export async function segmentsFrom(disk: Disk, directory: string, offset: number): Promise<string[]> {
  const names = (await disk.list(directory)).filter((name) => offsetOfSegment(name) !== undefined);
  // Not the segment that starts at the offset: a crash may have left nothing of it but its name.
  const first = names.findLastIndex((name) => (offsetOfSegment(name) ?? 0) < offset);
  return names.slice(Math.max(0, first));
}

/** Whether these bytes at the end of a segment are room that no batch had been written into. */
function isRoom(bytes: Buffer): boolean {
  return bytes.equals(Buffer.alloc(bytes.length));
}

export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

class Replayer {
  nextOffset = 0;
  chain: Uint8Array = noChain;
  beginsAt = 0;
  replayedBytes = 0;
  /** Whether the reading was told to end. */
  isOver = false;
  readonly #directory: string;
  readonly #replay: Replay;
  readonly #after: LogPoint | undefined;
  readonly #reading: Reading;
  #hasBegun = false;

  constructor(directory: string, replay: Replay, reading: Reading) {
    this.#directory = directory;
    this.#replay = replay;
    this.#after = reading.after;
    this.#reading = reading;
  }

  /** For what is said when the next batch is not good. */
  get #lost(): { readonly lostFrom: number } {
    return { lostFrom: this.nextOffset };
  }

  /** Checks that the log reaches the point that it was to be read from. */
  finish(): void {
    if (this.#after === undefined) return;
    const { nextOffset } = this.#after;
    if (this.nextOffset < nextOffset) {
      throw new LogRejection(
        'log-incomplete',
        this.#directory,
        0,
        `the log in ${this.#directory} ends before commit ${this.nextOffset}, but a snapshot holds every commit before ` +
          `${nextOffset}: put the missing segments back, or move the snapshot away to go on without those commits`,
      );
    }
    this.#checkPoint();
  }

  /** The chain at the point must be the snapshot's: or else it was made of another log. */
  #checkPoint(): void {
    if (this.#after === undefined || this.nextOffset !== this.#after.nextOffset) return;
    if (Buffer.compare(this.chain, this.#after.chain) === 0) return;
    throw damaged(
      this.#directory,
      0,
      `the snapshot at commit ${this.nextOffset} was made of another log: one of the two was replaced`,
    );
  }

  /** Replays one segment and returns where its good part ends: before a torn tail, 0 when not even the header is good. */
  async segment(file: string, bytes: Buffer, namedOffset: number, isLast: boolean): Promise<number> {
    const header = decodeSegmentHeader(bytes);
    if (header === undefined) {
      const isBegun = !isRoom(bytes.subarray(segmentHeaderBytes));
      if (isLast && !isBegun && isTorn(bytes, 0, segmentHeaderBytes)) return 0;
      throw damaged(file, 0, 'the segment header is not what was written', this.#lost);
    }
    if (header.version !== version) {
      throw new LogRejection(
        'log-version',
        file,
        8,
        `${file} has the log format ${header.version}, but this program reads ${version}: run the version that wrote it`,
      );
    }
    if (!this.#hasBegun) this.#begin(file, namedOffset, header.chain);
    if (namedOffset !== this.nextOffset || header.firstOffset !== this.nextOffset) {
      throw new LogRejection(
        'log-incomplete',
        file,
        0,
        `${file} starts at commit ${header.firstOffset}, but the log before it ends before commit ${this.nextOffset}: ` +
          'put the missing or renamed segments back',
        this.#lost,
      );
    }
    if (!header.chain.equals(this.chain)) {
      throw damaged(file, 24, 'the segment does not follow the one before it: one of the two was replaced', this.#lost);
    }
    let at = segmentHeaderBytes;
    this.isOver = this.#isEnough();
    while (at < bytes.length && !this.isOver) {
      const end = await this.#batch(file, bytes, at, isLast);
      if (end === at) return at;
      at = end;
      this.isOver = this.#isEnough();
    }
    return at;
  }

  /** Takes over what the first segment says of the commits before it, where they are not needed. */
  #begin(file: string, offset: number, chain: Uint8Array): void {
    this.#hasBegun = true;
    const neededFrom = this.#after?.nextOffset ?? (this.#reading.isTrimmed ? Number.POSITIVE_INFINITY : 0);
    if (offset > neededFrom) {
      const message =
        `${file} starts at commit ${offset}, and commits from ${neededFrom} on are needed: put the missing segments back` +
        (neededFrom === 0 ? ', or a good snapshot that the log leads to' : '');
      throw new LogRejection('log-incomplete', file, 0, message, { lostFrom: 0 });
    }
    this.nextOffset = offset;
    this.beginsAt = offset;
    // The first segment of all follows nothing, whatever it says.
    if (offset > 0) this.chain = Uint8Array.from(chain);
  }

  #isEnough(): boolean {
    const { nextOffset, chain } = this;
    if (nextOffset < (this.#after?.nextOffset ?? 0)) return false;
    return this.#reading.isEnough?.({ nextOffset, chain }) ?? false;
  }

  /** Replays the batch at `at` and returns where it ends, or `at` for a torn tail. */
  async #batch(file: string, bytes: Buffer, at: number, isLast: boolean): Promise<number> {
    const header = decodeBatchHeader(bytes, at);
    if (header === undefined || !isBodyIntact(bytes, at, header)) {
      const size = batchHeaderBytes + (header?.bodyBytes ?? 0);
      if (isLast && isTorn(bytes, at, size) && !hasIntactBatch(bytes, at + 1)) return at;
      const seen = header === undefined ? 'there is no batch header' : 'the checksum of the batch is wrong';
      throw damaged(file, at, seen, this.#lost);
    }
    this.#follow(file, bytes, at, header);
    this.#checkPoint();
    const from = this.#after?.nextOffset ?? 0;
    const isNeeded = header.firstOffset + header.commitCount > from;
    for (const commit of isNeeded ? this.#commits(file, bytes, at, header) : []) {
      if (commit.offset < from) continue;
      const pending = this.#replay(commit);
      if (pending !== undefined) await pending;
    }
    this.nextOffset += header.commitCount;
    this.chain = Uint8Array.from(header.chain);
    if (this.nextOffset > (this.#after?.nextOffset ?? 0)) this.replayedBytes += batchHeaderBytes + header.bodyBytes;
    return at + batchHeaderBytes + header.bodyBytes;
  }

  #follow(file: string, bytes: Buffer, at: number, header: BatchHeader): void {
    if (header.firstOffset !== this.nextOffset) {
      throw damaged(
        file,
        at,
        `the batch starts at commit ${header.firstOffset}, but commit ${this.nextOffset} is next`,
        this.#lost,
      );
    }
    if (!isChained(bytes, at, header, this.chain)) {
      throw damaged(file, at, 'the batch does not follow the one before it: one of the two was altered', this.#lost);
    }
  }

  #commits(file: string, bytes: Buffer, at: number, header: BatchHeader): Commit[] {
    try {
      return readCommits(bodyOf(bytes, at, header), header.firstOffset, header.commitCount);
    } catch (cause) {
      const seen = 'the checksums of the batch are right, but its commits cannot be read';
      throw damaged(file, at, seen, { cause, ...this.#lost });
    }
  }
}

/** Whether `size` bytes that were to be written at `at` may have been interrupted: some of them never got there. */
function isTorn(bytes: Buffer, at: number, size: number): boolean {
  const end = at + size;
  if (end > bytes.length) return true;
  for (let from = at; from < end; ) {
    const to = Math.min(end, from - (from % sectorBytes) + sectorBytes);
    if (bytes.subarray(from, to).every((byte) => byte === 0)) return true;
    from = to;
  }
  return false;
}
