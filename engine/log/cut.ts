import { Writer } from '../bsatn/writer.ts';
import { assert } from '../errors.ts';
import type { Disk } from '../host/disk.ts';
import type { Commit } from './commit.ts';
import { LogRejection, vanished } from './failure.ts';
import {
  batchHeaderBytes,
  bodyOf,
  decodeBatchHeader,
  decodeSegmentHeader,
  offsetOfSegment,
  readCommits,
  sealBatch,
  segmentHeaderBytes,
  writeCommit,
} from './format.ts';
import type { Moment } from './moment.ts';
import { asBuffer, readLog, segmentsFrom } from './recover.ts';
import { listSnapshots, openSnapshot, type Snapshot } from './snapshot.ts';

/** A file of a log's history up to a moment. */
export interface CutFile {
  readonly name: string;
  readonly sizeBytes: number;
  chunks(): AsyncIterable<Uint8Array>;
}

/** A history up to a moment, as files that are a log of their own. */
export interface Cut {
  /** The commit that would come next. */
  readonly nextOffset: number;
  /** When the first commit that was read was made; undefined for none. */
  readonly firstMicros: bigint | undefined;
  /** When the last commit of it was made; undefined for none. */
  readonly lastMicros: bigint | undefined;
  /** Whether the log has no commit after it. */
  readonly isWhole: boolean;
  /** The oldest commit that can be gone back to; 0 when nothing was trimmed. */
  readonly beginsAt: number;
  readonly sizeBytes: number;
  /** Snapshots first, then segments. Each must be taken before the next is asked for. */
  files(): AsyncGenerator<CutFile>;
}

const chunkBytes = 1024 * 1024;

/**
 * Verifies a log and cuts it at a moment, by default at its last whole batch. It changes nothing and needs no lock: what a
 * running hub appends meanwhile is not in it.
 * @throws LogRejection what is damaged; `log-incomplete` when the moment is before what is kept
 */
export async function cutLog(
  disk: Disk,
  directory: string,
  until: Moment | undefined,
  onRead?: (bytes: number) => void,
): Promise<Cut> {
  const snapshots = await goodSnapshots(disk, directory);
  let last = -1;
  let isOver = false;
  let firstMicros: bigint | undefined;
  let lastMicros: bigint | undefined;
  const replay = (commit: Commit) => {
    firstMicros ??= commit.timestampMicros;
    isOver ||= isAfter(commit, until);
    if (isOver) return;
    last = commit.offset;
    lastMicros = commit.timestampMicros;
  };
  const end = await readLog(disk, directory, replay, { isTrimmed: true, isEnough: () => isOver, onRead });
  const usable = snapshots.filter(({ nextOffset }) => nextOffset <= last + 1);
  const oldest = usable.at(-1);
  if (end.beginsAt > 0 && oldest === undefined) {
    const first = snapshots.at(-1)?.nextOffset ?? end.nextOffset;
    const message = `what is kept of the log in ${directory} begins at commit ${first}: choose a later moment`;
    throw new LogRejection('log-incomplete', directory, 0, message);
  }
  // The newest to start from; the oldest to go back to, where the log alone is not enough for that.
  const kept = new Set([usable[0], end.beginsAt > 0 ? oldest : undefined].filter((file) => file !== undefined));
  const snapshotBytes = [...kept].reduce((sum, snapshot) => sum + snapshot.sizeBytes, 0);
  return {
    nextOffset: last + 1,
    firstMicros,
    lastMicros,
    isWhole: !isOver,
    beginsAt: end.beginsAt > 0 ? (oldest?.nextOffset ?? 0) : 0,
    sizeBytes: end.readBytes + snapshotBytes,
    async *files() {
      for (const { file, sizeBytes } of kept) {
        yield { name: file.slice(directory.length + 1), sizeBytes, chunks: () => readChunks(disk, file) };
      }
      for (const name of await segmentsFrom(disk, directory, 0)) {
        if ((offsetOfSegment(name) ?? 0) > last) return;
        const bytes = cutSegment(await readWhole(disk, `${directory}/${name}`), last);
        yield { name, sizeBytes: bytes.length, chunks: () => inChunks(bytes) };
      }
    },
  };
}

function isAfter(commit: Commit, until: Moment | undefined): boolean {
  if (until === undefined) return false;
  return until.kind === 'offset' ? commit.offset > until.offset : commit.timestampMicros > until.micros;
}

/** The snapshots that can be read, the newest first. */
async function goodSnapshots(disk: Disk, directory: string): Promise<Snapshot[]> {
  const good: Snapshot[] = [];
  for (const file of await listSnapshots(disk, directory)) {
    const snapshot = await openSnapshot(disk, file).catch((error: unknown) => {
      if (error instanceof LogRejection && error.code === 'log-damaged') return undefined;
      throw error;
    });
    if (snapshot) good.push(snapshot);
  }
  return good;
}

/** A verified segment up to a commit; a batch that goes on after it is sealed anew. */
function cutSegment(bytes: Buffer, last: number): Buffer {
  let chain: Uint8Array | undefined = decodeSegmentHeader(bytes)?.chain;
  let at = segmentHeaderBytes;
  for (;;) {
    const header = decodeBatchHeader(bytes, at);
    if (header === undefined || header.firstOffset > last) return bytes.subarray(0, at);
    const count = last + 1 - header.firstOffset;
    if (header.commitCount > count) {
      assert(chain, 'a segment that was verified has no header');
      const body = bodyOf(bytes, at, header);
      return Buffer.concat([
        bytes.subarray(0, at),
        sealPart(body, header.firstOffset, header.commitCount, count, chain),
      ]);
    }
    at += batchHeaderBytes + header.bodyBytes;
    chain = header.chain;
  }
}

/** The first commits of a batch as a batch. */
function sealPart(body: Buffer, firstOffset: number, commitCount: number, count: number, chain: Uint8Array): Buffer {
  const writer = new Writer(body.length + batchHeaderBytes);
  writer.skip(batchHeaderBytes);
  for (const commit of readCommits(body, firstOffset, commitCount).slice(0, count)) writeCommit(writer, commit);
  const batch = Buffer.from(writer.copy());
  sealBatch(batch, firstOffset, count, chain);
  return batch;
}

async function readWhole(disk: Disk, file: string): Promise<Buffer> {
  const bytes = await disk.read(file);
  if (bytes === undefined) throw vanished(file);
  return asBuffer(bytes);
}

/** A file piece by piece. */
export async function* readChunks(disk: Disk, file: string): AsyncGenerator<Uint8Array> {
  for (let at = 0; ; ) {
    const part = await disk.readPart(file, at, chunkBytes);
    if (part === undefined) throw vanished(file);
    if (part.length === 0) return;
    at += part.length;
    yield part;
  }
}

async function* inChunks(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += chunkBytes) yield bytes.subarray(at, at + chunkBytes);
}
