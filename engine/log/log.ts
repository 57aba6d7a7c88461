import { Writer } from '../bsatn/writer.ts';
import { assert } from '../errors.ts';
import type { AppendFile, Disk, Lock } from '../host/disk.ts';
import type { Commit } from './commit.ts';
import { LogRejection } from './failure.ts';
import { batchHeaderBytes, encodeSegmentHeader, sealBatch, segmentName, writeCommit } from './format.ts';
import { type LogEnd, type LogPoint, type Replay, recover, type TornTail } from './recover.ts';

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
    const file = end.segment === undefined ? undefined : await disk.openAppend(end.segment);
    return new CommitLog(disk, directory, options.segmentBytesMax ?? segmentBytesMaxDefault, end, file, lock);
  } catch (error) {
    await lock.release();
    throw error;
  }
}

/** What makes commits durable, in order. One write and sync covers every commit that was appended meanwhile. */
export class CommitLog {
  /** What the last crash left unfinished and opening has cut off. */
  readonly tornTail: TornTail | undefined;
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #segmentBytesMax: number;
  readonly #lock: Lock;
  #file: AppendFile | undefined;
  #writtenBytes: number;
  #chain: Uint8Array;
  /** The batch that grows while the one before it is written. */
  #batch = newBatch();
  #batchCommitCount = 0;
  /** The buffer of the batch that is being written or was written last. */
  #spare = newBatch();
  #offset: number;
  #durableOffset: number;
  #isPumping = false;
  #isClosed = false;
  #failure: LogRejection | undefined;
  readonly #durableListeners = new Set<(offset: number) => void>();
  readonly #failureListeners = new Set<(failure: LogRejection) => void>();
  #waiters: { readonly offset: number; resolve(): void; reject(failure: LogRejection): void }[] = [];

  constructor(
    disk: Disk,
    directory: string,
    segmentBytesMax: number,
    end: LogEnd,
    file: AppendFile | undefined,
    lock: Lock,
  ) {
    this.tornTail = end.tornTail;
    this.#disk = disk;
    this.#directory = directory;
    this.#segmentBytesMax = segmentBytesMax;
    this.#lock = lock;
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
    return this.#batch.length - batchHeaderBytes;
  }

  /** Bytes of the log after the point that it was opened from: replayed ones, and those written since. */
  get writtenBytes(): number {
    return this.#writtenBytes;
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
    writeCommit(this.#batch, commit);
    this.#batchCommitCount += 1;
    this.#offset = commit.offset;
    if (this.#isPumping) return;
    this.#isPumping = true;
    // Whatever else is appended in this turn of the event loop shares the write.
    queueMicrotask(() => void this.#pump());
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
      await this.flush();
    } finally {
      await this.#file?.close();
      await this.#lock.release();
    }
  }

  async #pump(): Promise<void> {
    while (this.#batchCommitCount > 0) {
      try {
        await this.#writeBatch();
      } catch (cause) {
        this.#fail(cause);
        return;
      }
      this.#tellDurable();
    }
    this.#isPumping = false;
  }

  async #writeBatch(): Promise<void> {
    const writing = this.#batch;
    const commitCount = this.#batchCommitCount;
    const last = this.#offset;
    this.#batch = this.#spare;
    this.#spare = writing;
    this.#batchCommitCount = 0;
    const first = last - commitCount + 1;
    const view = writing.view();
    const bytes = Buffer.from(view.buffer, view.byteOffset, view.byteLength);
    const file = await this.#fileFor(first);
    this.#chain = sealBatch(bytes, first, commitCount, this.#chain);
    await file.append(bytes);
    this.#durableOffset = last;
    this.#writtenBytes += bytes.length;
    if (bytes.length > keptBufferBytesMax) this.#spare = newBatch();
    else startBatch(writing);
  }

  /** The segment that the batch of commit `first` goes to. */
  async #fileFor(first: number): Promise<AppendFile> {
    if (this.#file !== undefined && this.#file.sizeBytes < this.#segmentBytesMax) return this.#file;
    await this.#file?.close();
    this.#file = undefined;
    const file = await this.#disk.openAppend(`${this.#directory}/${segmentName(first)}`);
    this.#file = file;
    await file.append(encodeSegmentHeader(first, this.#chain));
    return file;
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
