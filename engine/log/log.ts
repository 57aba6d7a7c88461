import { Writer } from '../bsatn/writer.ts';
import { assert } from '../errors.ts';
import type { AppendFile, Disk, Lock } from '../host/disk.ts';
import type { Commit } from './commit.ts';
import { LogRejection } from './failure.ts';
import { batchHeaderBytes, encodeSegmentHeader, sealBatch, segmentName, writeCommit } from './format.ts';
import { type LogEnd, type LogPoint, type Replay, recover, type TornTail } from './recover.ts';
import { isDiskFull, Reserve } from './reserve.ts';

const segmentBytesMaxDefault = 64 * 1024 * 1024;
/** A buffer that had to grow beyond this for one batch is not kept for the next. */
const keptBufferBytesMax = 8 * 1024 * 1024;

export interface LogOptions {
  readonly disk: Disk;
  /** Made when it does not exist. One process at a time has it. */
  readonly directory: string;
  /** A segment that has reached this size is followed by another. Default: 64 MiB. */
  readonly segmentBytesMax?: number;
  /** Called for every stored commit in order, before `openLog` returns. Rows are views that outlive the call. */
  readonly replay: Replay;
  /** Replays only what follows this point. */
  readonly after?: LogPoint;
  /** Bytes kept beside the log for what must be written when the disk is full. Default: none. */
  readonly reserveBytes?: number;
}

/**
 * Opens the log of a directory, replays it, and claims the directory for this process.
 * @throws Rejection `data-folder-locked`; LogRejection `log-damaged`, `log-incomplete`, `log-version`
 */
export async function openLog(options: LogOptions): Promise<CommitLog> {
  const { disk, directory } = options;
  await disk.makeDirectory(directory);
  const lock = await disk.lock(`${directory}/lock`);
  try {
    const end = await recover(disk, directory, options.replay, options.after);
    const reserve = new Reserve(disk, directory, options.reserveBytes ?? 0);
    await reserve.take();
    const file = end.segment === undefined ? undefined : await disk.openAppend(end.segment);
    const segmentBytesMax = options.segmentBytesMax ?? segmentBytesMaxDefault;
    return new CommitLog({ disk, directory, segmentBytesMax, end, file, lock, reserve });
  } catch (error) {
    await lock.release();
    throw error;
  }
}

interface LogParts {
  readonly disk: Disk;
  readonly directory: string;
  readonly segmentBytesMax: number;
  readonly end: LogEnd;
  readonly file: AppendFile | undefined;
  readonly lock: Lock;
  readonly reserve: Reserve;
}

/** A batch that is to be written next, or again. */
interface SealedBatch {
  readonly buffer: Writer;
  readonly bytes: Uint8Array;
  readonly first: number;
  readonly last: number;
  readonly chain: Uint8Array;
}

/** What makes commits durable, in order. One write and sync covers every commit that was appended meanwhile. */
export class CommitLog {
  /** What the last crash left unfinished and opening has cut off. */
  readonly tornTail: TornTail | undefined;
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #segmentBytesMax: number;
  readonly #lock: Lock;
  readonly #reserve: Reserve;
  /** The segment that is written to, once its header is durable. */
  #segment: string | undefined;
  #file: AppendFile | undefined;
  #writtenBytes: number;
  #chain: Uint8Array;
  /** The batch that grows while the one before it is written. */
  #batch = newBatch();
  #batchCommitCount = 0;
  /** Behind it there may be a part of a commit: who appended it was cut off. */
  #batchBytes = batchHeaderBytes;
  /** The buffer of the batch that is being written or was written last. */
  #spare = newBatch();
  #sealed: SealedBatch | undefined;
  #offset: number;
  #durableOffset: number;
  #isPumping = false;
  /** The pump is to run at the end of this turn of the event loop. */
  #isDue = false;
  /** A batch waits for room, whatever the reserve has given. */
  #isStalled = false;
  #hadRoom: boolean;
  #isClosed = false;
  #failure: LogRejection | undefined;
  readonly #durableListeners = new Set<(offset: number) => void>();
  readonly #failureListeners = new Set<(failure: LogRejection) => void>();
  readonly #roomListeners = new Set<(hasRoom: boolean) => void>();
  #waiters: { readonly offset: number; resolve(): void; reject(failure: LogRejection): void }[] = [];

  constructor({ disk, directory, segmentBytesMax, end, file, lock, reserve }: LogParts) {
    this.tornTail = end.tornTail;
    this.#disk = disk;
    this.#directory = directory;
    this.#segmentBytesMax = segmentBytesMax;
    this.#lock = lock;
    this.#reserve = reserve;
    this.#hadRoom = reserve.isAmple;
    this.#segment = end.segment;
    this.#file = file;
    this.#chain = end.chain;
    this.#writtenBytes = end.replayedBytes;
    this.#offset = end.nextOffset - 1;
    this.#durableOffset = end.nextOffset - 1;
  }

  /** The newest commit appended; -1 for none. */
  get offset(): number {
    return this.#offset;
  }

  /** The newest commit that survives a power cut; -1 for none. */
  get durableOffset(): number {
    return this.#durableOffset;
  }

  /** Bytes appended that no write has taken yet: who appends faster than the disk writes should wait when this grows. */
  get pendingBytes(): number {
    return this.#batchBytes - batchHeaderBytes;
  }

  /** Bytes of the log after the point that it was opened from: replayed ones, and those written since. */
  get writtenBytes(): number {
    return this.#writtenBytes;
  }

  /** Whether commits of any kind are taken. */
  get hasRoom(): boolean {
    return this.#reserve.isAmple && !this.#isStalled;
  }

  /** The failure that ended the log, if one has. */
  get failure(): LogRejection | undefined {
    return this.#failure;
  }

  /** Adds the next commit, copying its rows; it is durable when `durableOffset` says so. @throws LogRejection `log-failed` */
  append(commit: Commit): void {
    if (this.#failure !== undefined) throw this.#failure;
    assert(!this.#isClosed, 'a commit is appended to a closed log');
    assert(commit.offset === this.#offset + 1, `commit ${commit.offset} is appended after commit ${this.#offset}`);
    this.#batch.cut(this.#batchBytes);
    writeCommit(this.#batch, commit);
    const batchBytes = this.#batch.length;
    // From here on nothing is called, so that the commit is in the batch as a whole or not at all.
    this.#batchBytes = batchBytes;
    this.#batchCommitCount += 1;
    this.#offset = commit.offset;
    if (this.#isPumping || this.#isDue || this.#isStalled) return;
    this.#isDue = true;
    // Whatever else is appended in this turn of the event loop shares the write.
    queueMicrotask(() => {
      this.#isDue = false;
      if (!this.#isStalled) void this.#pump();
    });
  }

  /**
   * Makes sure that a commit which was appended can be written.
   * @param isNeeded it goes into the reserve when nothing else is left
   * @throws LogRejection `disk-full`, `log-failed`
   */
  requireRoom(bytes: number, isNeeded: boolean): void {
    if (this.#failure !== undefined) throw this.#failure;
    const free = Math.max(0, this.#reserve.freeBytes - this.pendingBytes);
    if (this.hasRoom && bytes <= free) return;
    if (!this.#isStalled && isNeeded && bytes <= Math.max(free, this.#reserve.leftBytes)) {
      this.#reserve.spend(bytes);
      return;
    }
    // It may have changed since.
    if (this.hasRoom) void this.#lookAgain();
    throw new LogRejection(
      'disk-full',
      this.#directory,
      0,
      `the disk of the hub is full: this needs ${bytes} bytes, and of the ${free} that are free ` +
        `${this.#reserve.bytesMax} are kept for reads, deletes and what was accepted, which go on. Nothing was changed. ` +
        'Once its operator has made room there, the hub takes writes again by itself: try again then',
    );
  }

  /** Looks whether there is room again, and goes on if there is. To be called now and then while `hasRoom` is false. */
  async lookForRoom(): Promise<void> {
    if (this.#isClosed || this.hasRoom || this.#failure !== undefined || this.#isPumping) return;
    try {
      if (this.#isStalled) {
        this.#isStalled = false;
        await this.#pump();
      } else await this.#reserve.take();
      this.#noteRoom();
    } catch (cause) {
      this.#fail(cause);
    }
  }

  /** Calls `listener` when room has run out, and when it has returned. Returns how to stop. */
  onRoom(listener: (hasRoom: boolean) => void): () => void {
    this.#roomListeners.add(listener);
    return () => this.#roomListeners.delete(listener);
  }

  /** Calls `listener` whenever `durableOffset` has grown; returns how to stop. */
  onDurable(listener: (offset: number) => void): () => void {
    this.#durableListeners.add(listener);
    return () => this.#durableListeners.delete(listener);
  }

  /** Calls `listener` once when a write fails: from then on nothing becomes durable. Returns how to stop. */
  onFailure(listener: (failure: LogRejection) => void): () => void {
    this.#failureListeners.add(listener);
    return () => this.#failureListeners.delete(listener);
  }

  /** Resolves when every commit appended so far is durable. @throws LogRejection `log-failed` */
  async flush(): Promise<void> {
    if (this.#durableOffset === this.#offset) return;
    if (this.#failure !== undefined) throw this.#failure;
    const offset = this.#offset;
    await new Promise<void>((resolve, reject) => this.#waiters.push({ offset, resolve, reject }));
  }

  /** Makes everything durable and gives the directory back. Closing twice does nothing. @throws LogRejection `log-failed` */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    try {
      // Not even who was cut off while appending leaves what waits for a write.
      void this.#pump();
      await this.flush();
    } finally {
      await this.#closeFile();
      await this.#lock.release();
    }
  }

  async #pump(): Promise<void> {
    if (this.#isPumping || this.#failure !== undefined) return;
    this.#isPumping = true;
    while (this.#sealed !== undefined || this.#batchCommitCount > 0) {
      try {
        await this.#writeBatch();
      } catch (cause) {
        if (await this.#goesOnAfter(cause)) continue;
        return;
      }
      this.#tellDurable();
    }
    this.#isPumping = false;
  }

  async #writeBatch(): Promise<void> {
    this.#sealed ??= this.#seal();
    const { bytes, buffer, first, last, chain } = this.#sealed;
    const file = await this.#fileFor(first);
    await file.append(bytes);
    this.#sealed = undefined;
    this.#chain = chain;
    this.#durableOffset = last;
    this.#writtenBytes += bytes.length;
    await this.#reserve.noteWritten(bytes.length);
    this.#noteRoom();
    if (bytes.length > keptBufferBytesMax) this.#spare = newBatch();
    else startBatch(buffer);
  }

  /** Takes what was appended so far as the next batch. */
  #seal(): SealedBatch {
    const buffer = this.#batch;
    buffer.cut(this.#batchBytes);
    const commitCount = this.#batchCommitCount;
    const last = this.#offset;
    const first = last - commitCount + 1;
    this.#batch = this.#spare;
    this.#spare = buffer;
    this.#batchCommitCount = 0;
    this.#batchBytes = batchHeaderBytes;
    const view = buffer.view();
    const bytes = Buffer.from(view.buffer, view.byteOffset, view.byteLength);
    return { buffer, bytes, first, last, chain: sealBatch(bytes, first, commitCount, this.#chain) };
  }

  /** The segment that the batch of commit `first` goes to. */
  async #fileFor(first: number): Promise<AppendFile> {
    if (this.#segment !== undefined) {
      this.#file ??= await this.#disk.openAppend(this.#segment);
      if (this.#file.sizeBytes < this.#segmentBytesMax) return this.#file;
      await this.#closeFile();
      this.#segment = undefined;
    }
    const path = `${this.#directory}/${segmentName(first)}`;
    this.#file = await this.#disk.openAppend(path);
    await this.#file.append(encodeSegmentHeader(first, this.#chain));
    this.#segment = path;
    return this.#file;
  }

  async #closeFile(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close();
  }

  /**
   * A full disk is no failure: what was written of the batch is cut off, the reserve is given up, and the batch is written
   * again; without a reserve it waits for room.
   */
  async #goesOnAfter(cause: unknown): Promise<boolean> {
    try {
      if (!isDiskFull(cause)) throw cause;
      await this.#closeFile();
      const isReleased = await this.#reserve.release();
      this.#noteRoom();
      if (isReleased) return true;
      if (this.#isClosed) throw cause;
    } catch (error) {
      this.#fail(error);
      return false;
    }
    this.#isPumping = false;
    this.#isStalled = true;
    this.#noteRoom();
    return false;
  }

  async #lookAgain(): Promise<void> {
    try {
      await this.#reserve.look();
      this.#noteRoom();
    } catch (cause) {
      this.#fail(cause);
    }
  }

  #noteRoom(): void {
    if (this.hasRoom === this.#hadRoom) return;
    this.#hadRoom = this.hasRoom;
    for (const listener of [...this.#roomListeners]) shield(() => listener(this.hasRoom));
  }

  #tellDurable(): void {
    const durable = this.#durableOffset;
    const reached = this.#waiters.filter(({ offset }) => offset <= durable);
    this.#waiters = this.#waiters.filter(({ offset }) => offset > durable);
    for (const waiter of reached) waiter.resolve();
    for (const listener of [...this.#durableListeners]) shield(() => listener(durable));
  }

  #fail(cause: unknown): void {
    const reason = cause instanceof Error ? cause.message : String(cause);
    const failure = new LogRejection(
      'log-failed',
      this.#directory,
      this.#file?.sizeBytes ?? 0,
      `writing the log in ${this.#directory} failed: ${reason}. Commits after ${this.#durableOffset} are not durable and ` +
        'were not confirmed. Make room or mend the disk, then start again: the log is read from its last durable commit',
      { cause },
    );
    this.#failure = failure;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const waiter of waiters) waiter.reject(failure);
    for (const listener of [...this.#failureListeners]) shield(() => listener(failure));
  }
}

/** Runs a listener so that what it throws is not taken for a failure of the disk: it ends the process instead. */
function shield(run: () => void): void {
  try {
    run();
  } catch (error) {
    queueMicrotask(() => {
      throw error;
    });
  }
}

function newBatch(): Writer {
  const batch = new Writer(64 * 1024);
  startBatch(batch);
  return batch;
}

function startBatch(batch: Writer): void {
  batch.reset();
  batch.skip(batchHeaderBytes);
}
