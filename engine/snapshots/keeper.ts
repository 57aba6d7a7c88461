import type { Clock } from '../host/clock.ts';
import type { CommitLog } from '../log/log.ts';
import type { SnapshotJob, SnapshotResult } from './take.ts';

/** Takes a snapshot beside everything else; ends early when the signal says so. */
export type TakeSnapshot = (job: SnapshotJob, signal: AbortSignal) => Promise<SnapshotResult>;

/** When snapshots are taken and how much is kept. */
export interface SnapshotSettings {
  /** Bytes of the log after a snapshot that call for the next one. Default: half of its size, from 64 MiB to 1 GiB. */
  readonly afterBytes?: number;
  /** History younger than this can be shown and gone back to; older segments are trimmed. Default: all is kept. */
  readonly keepMicros?: bigint | undefined;
}

interface KeeperParts {
  readonly log: CommitLog;
  readonly directory: string;
  readonly clock: Clock;
  readonly take: TakeSnapshot;
  readonly settings: SnapshotSettings;
  /** Size of the newest snapshot; 0 for none. */
  readonly snapshotBytes: number;
  readonly warn: (message: string) => void;
}

const mebibyte = 1024 * 1024;
const afterBytesLeast = 64 * mebibyte;
const afterBytesMost = 1024 * mebibyte;

/** Sees to it that a start never has much of the log to replay. */
export class SnapshotKeeper {
  readonly #parts: KeeperParts;
  readonly #abort = new AbortController();
  readonly #unlisten: () => void;
  #snapshotBytes: number;
  /** What the log had written when the last snapshot was taken. */
  #coveredBytes = 0;
  #taking: Promise<void> | undefined;

  constructor(parts: KeeperParts) {
    this.#parts = parts;
    this.#snapshotBytes = parts.snapshotBytes;
    this.#unlisten = parts.log.onDurable(() => this.#look());
    this.#look();
  }

  /** Ends what is under way: what is left of it is no snapshot. */
  async close(): Promise<void> {
    this.#unlisten();
    this.#abort.abort();
    await this.#taking;
  }

  #look(): void {
    const { log, settings } = this.#parts;
    if (this.#taking !== undefined || this.#abort.signal.aborted || log.durableOffset < 0) return;
    const newBytes = log.writtenBytes - this.#coveredBytes;
    // A big snapshot costs more to write again than a longer log costs to replay.
    const adapted = Math.min(afterBytesMost, Math.max(afterBytesLeast, this.#snapshotBytes / 2));
    if (newBytes === 0 || newBytes < (settings.afterBytes ?? adapted)) return;
    this.#taking = this.#take(log.durableOffset, log.writtenBytes);
  }

  async #take(untilOffset: number, writtenBytes: number): Promise<void> {
    const { clock, directory, take, settings, warn } = this.#parts;
    const { signal } = this.#abort;
    try {
      const retention = { keepMicros: settings.keepMicros, nowMicros: clock.nowMicros() };
      const { sizeBytes, warnings } = await take({ directory, untilOffset, retention }, signal);
      this.#snapshotBytes = sizeBytes;
      for (const warning of warnings) warn(warning);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (!signal.aborted) warn(`no snapshot was written in ${directory}: ${reason}. The log has everything`);
    }
    // Also after a failure: to try at once again would fail again.
    this.#coveredBytes = writtenBytes;
    this.#taking = undefined;
    this.#look();
  }
}
