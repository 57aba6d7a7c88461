import type { Disk } from '../host/disk.ts';
import { vanished } from '../log/failure.ts';
import { offsetOfSegment } from '../log/format.ts';
import { asBuffer, segmentsFrom } from '../log/recover.ts';
import { steadily } from '../log/steadily.ts';
import type { LoadModule } from '../recovery.ts';
import type { HistoryPage, JsonText } from '../serve/contract.ts';
import type { TableChange } from '../store/contract.ts';
import type { HistoryJob, HistorySource } from './contract.ts';
import { Definitions, isDefinition, ModuleCache } from './definitions.ts';
import { SegmentBackward } from './segment.ts';
import { Visible } from './visible.ts';

/** Bytes of commits that are looked at for one page: a page that finds little in so much is handed out as it is. */
const scanBytesMaxDefault = 32 * 1024 * 1024;
/** Clocks are set back now and then: commits that are so much older than asked for end the search. */
const clockSlackMicros = 3_600_000_000n;

interface Segment {
  readonly file: string;
  readonly first: number;
  readonly last: number;
  readonly isSealed: boolean;
}

/** Reads histories from the files of their logs, in this thread. */
export class HistoryReader implements HistorySource {
  readonly #disk: Disk;
  readonly #modules: ModuleCache;
  readonly #scanBytesMax: number;
  /** What the commits of sealed segments defined, the newest first: looked for once. */
  readonly #defining = new Map<string, readonly (readonly TableChange[])[]>();

  constructor(disk: Disk, load: LoadModule, scanBytesMax = scanBytesMaxDefault) {
    this.#disk = disk;
    this.#modules = new ModuleCache(load);
    this.#scanBytesMax = scanBytesMax;
  }

  page(job: HistoryJob): Promise<HistoryPage> {
    return steadily(() => this.#page(job));
  }

  async close(): Promise<void> {}

  async #page({ directory, lastOffset, definitions, rules, filter }: HistoryJob): Promise<HistoryPage> {
    const segments = await this.#segments(directory, lastOffset);
    const beginsAt = segments[0]?.first ?? 0;
    const before = Math.min(filter.before ?? lastOffset + 1, lastOffset + 1);
    const then = new Definitions(this.#modules, definitions);
    const commits: JsonText[] = [];
    let visible: Visible | undefined;
    let scannedBytes = 0;
    let next = before;
    const pageTo = (offset: number | undefined): HistoryPage => ({ commits, next: offset, beginsAt });

    for (const segment of segments.toReversed()) {
      if (segment.first >= before) {
        for (const changes of await this.#definingIn(segment)) then.undo(changes);
        continue;
      }
      const content = await this.#read(segment);
      if (before <= segment.last) {
        for (const { offset, changes } of content.definingCommits()) if (offset >= before) then.undo(changes);
      }
      for (const batch of content.batches(before)) {
        scannedBytes += batch.bytes;
        for (const commit of batch.commits) {
          if (commit.offset >= before) continue;
          if (filter.sinceMicros !== undefined && commit.timestampMicros < filter.sinceMicros - clockSlackMicros) {
            return pageTo(undefined);
          }
          visible ??= new Visible(await then.catalog(), rules, filter);
          const shown = visible.show(commit);
          if (shown !== undefined) commits.push(shown);
          next = commit.offset;
          if (then.undo(commit.changes)) visible = undefined;
          if (commits.length === filter.limit) return pageTo(next > beginsAt ? next : undefined);
        }
        if (scannedBytes >= this.#scanBytesMax) return pageTo(next > beginsAt ? next : undefined);
      }
    }
    return pageTo(undefined);
  }

  async #segments(directory: string, lastOffset: number): Promise<Segment[]> {
    const firsts = (await segmentsFrom(this.#disk, directory, 0))
      .map((name) => ({ file: `${directory}/${name}`, first: offsetOfSegment(name) ?? 0 }))
      .filter(({ first }) => first <= lastOffset);
    return firsts.map(({ file, first }, i) => {
      const follower = firsts[i + 1];
      return { file, first, last: follower ? follower.first - 1 : lastOffset, isSealed: follower !== undefined };
    });
  }

  async #definingIn(segment: Segment): Promise<readonly (readonly TableChange[])[]> {
    const known = this.#defining.get(segment.file);
    if (known) return known;
    const commits = (await this.#read(segment)).definingCommits();
    const found = commits.map(({ changes }) => changes.filter(({ table }) => isDefinition(table)).map(copyOf));
    if (segment.isSealed) this.#defining.set(segment.file, found);
    return found;
  }

  async #read({ file, last }: Segment): Promise<SegmentBackward> {
    const bytes = await this.#disk.read(file);
    if (bytes === undefined) throw vanished(file);
    return new SegmentBackward(file, asBuffer(bytes), last);
  }
}

/** Without the segment that it was read from. */
function copyOf({ table, inserts, deletes }: TableChange): TableChange {
  return { table, inserts: inserts.map((row) => row.slice()), deletes: deletes.map((row) => row.slice()) };
}
