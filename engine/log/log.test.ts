import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Disk } from '../host/disk.ts';
import { nodeDisk } from '../host/node/disk.ts';
import type { TableId } from '../store/definition.ts';
import type { Commit } from './commit.ts';
import { type CommitLog, openLog } from './log.ts';
import { MemoryDisk } from './testing/memory-disk.ts';

const directory = 'data/log';

/** Some rows are so big that the batch's buffer grows at every possible place. */
const row = fc.oneof(
  { weight: 9, arbitrary: fc.uint8Array({ maxLength: 20 }) },
  { weight: 1, arbitrary: fc.nat({ max: 400 }).map((more) => new Uint8Array(64 * 1024 - 300 + more).fill(7)) },
);
const rows = fc.array(row, { maxLength: 3 });
const content = fc.record({
  timestampMicros: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  origin: fc.string({ unit: 'grapheme', maxLength: 12 }),
  caller: fc.bigInt({ min: 0n, max: 2n ** 256n - 1n }),
  connectionId: fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }),
  changes: fc.array(
    fc.record({ table: fc.nat({ max: 2 ** 32 - 1 }).map((id) => id as TableId), inserts: rows, deletes: rows }),
    {
      maxLength: 3,
    },
  ),
});

function small(offset: number): Commit {
  const row = Uint8Array.from([offset, 1, 2, 3, 4, 5, 6, 7]);
  return {
    offset,
    timestampMicros: 1_000_000n + BigInt(offset),
    origin: 'step',
    caller: 7n,
    connectionId: 0n,
    changes: [{ table: 1 as TableId, inserts: [row], deletes: [] }],
  };
}

/** Plain values, so that a Buffer equals a Uint8Array of the same bytes. */
function plain(commits: readonly Commit[]): unknown[] {
  return commits.map((commit) => ({
    ...commit,
    changes: commit.changes.map(({ table, inserts, deletes }) => ({
      table,
      inserts: inserts.map((row) => [...row]),
      deletes: deletes.map((row) => [...row]),
    })),
  }));
}

async function open(
  disk: Disk,
  at = directory,
  segmentBytesMax?: number,
): Promise<{ log: CommitLog; commits: unknown[] }> {
  const commits: Commit[] = [];
  const options = { disk, directory: at, replay: (commit: Commit) => void commits.push(commit) };
  const log = await openLog(segmentBytesMax === undefined ? options : { ...options, segmentBytesMax });
  return { log, commits: plain(commits) };
}

/** A log of `count` commits, each in a batch of its own. */
async function written(count: number, segmentBytesMax?: number): Promise<MemoryDisk> {
  const disk = new MemoryDisk();
  const { log } = await open(disk, directory, segmentBytesMax);
  for (let offset = 0; offset < count; offset++) {
    log.append(small(offset));
    await log.flush();
  }
  await log.close();
  return disk;
}

function onlyFile(disk: MemoryDisk): { path: string; bytes: Buffer } {
  const [[path, bytes] = ['', Buffer.alloc(0)]] = [...disk.files];
  return { path, bytes };
}

const firstThree = plain([0, 1, 2].map(small));

describe('log', () => {
  test('[LOG1] every commit is replayed as it was appended, in order, whatever the batches and segments', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(content, fc.constantFrom('flush', 'go on', 'reopen')), { maxLength: 12 }),
        fc.constantFrom(100, 400, 10_000),
        async (steps, segmentBytesMax) => {
          const disk = new MemoryDisk();
          let { log } = await open(disk, directory, segmentBytesMax);
          const appended: Commit[] = [];
          for (const [commit, then] of steps) {
            appended.push({ ...commit, offset: appended.length });
            log.append(appended.at(-1) as Commit);
            if (then === 'flush') await log.flush();
            if (then !== 'reopen') continue;
            await log.close();
            log = (await open(disk, directory, segmentBytesMax)).log;
          }
          await log.close();
          const { log: again, commits } = await open(disk);
          expect(commits).toEqual(plain(appended));
          expect([again.offset, again.durableOffset]).toEqual([appended.length - 1, appended.length - 1]);
        },
      ),
    );
  });

  test('[LOG2] one write covers all commits appended while the one before was under way', async () => {
    const disk = new MemoryDisk();
    const { log } = await open(disk);
    const durable: number[] = [];
    log.onDurable((offset) => durable.push(offset));
    let release = () => {};
    for (let offset = 0; offset < 5; offset++) log.append(small(offset));
    disk.onAppend = () => new Promise((resolve) => (release = resolve));
    while (disk.appendCount < 1) await Promise.resolve();
    for (let offset = 5; offset < 9; offset++) log.append(small(offset));
    expect(log.durableOffset).toBe(-1);
    disk.onAppend = async () => {};
    release();
    await log.flush();
    expect(durable).toEqual([4, 8]);
    // The header of the segment, and two batches.
    expect(disk.appendCount).toBe(3);
  });

  test('[LOG2] an append that comes to no end leaves nothing in the batch, wherever it is cut off', async () => {
    const disk = new MemoryDisk();
    const { log } = await open(disk);
    log.append(small(0));
    for (const wholeRowCount of [0, 1, 5000]) {
      expect(() => log.append(cutOff(wholeRowCount))).toThrow('cut off');
    }
    log.append(small(1));
    expect(() => log.append(cutOff(1))).toThrow('cut off');
    await log.flush();
    expect(() => log.append(cutOff(1))).toThrow('cut off');
    log.append(small(2));
    await log.close();
    expect((await open(disk)).commits).toEqual(firstThree);

    function cutOff(wholeRowCount: number): Commit {
      const { changes, ...rest } = small(log.offset + 1);
      const [{ table, inserts: rows = [] } = { table: 1 as TableId }] = changes;
      const inserts = Array.from({ length: wholeRowCount + 1 }, () => rows[0] as Uint8Array);
      const unreadable = new Proxy(inserts, {
        get(target, key, receiver) {
          if (key === Symbol.iterator) return iterate;
          return Reflect.get(target, key, receiver);
        },
      });
      function* iterate(): Generator<Uint8Array> {
        yield* inserts.slice(0, wholeRowCount);
        throw new Error('cut off');
      }
      return { ...rest, changes: [{ table, inserts: unreadable, deletes: [] }] };
    }
  });

  test('[LOG3] a crash inside the last write loses what nobody was told is durable, and nothing else', async () => {
    const disk = await written(4);
    const { path, bytes } = onlyFile(disk);
    const whole = onlyFile(await written(3)).bytes.length;
    for (let length = whole; length < bytes.length; length++) {
      const crashed = disk.afterCrash();
      crashed.files.set(path, bytes.subarray(0, length));
      const { log, commits } = await open(crashed);
      expect(commits).toEqual(firstThree);
      expect(log.tornTail).toEqual(length === whole ? undefined : { file: path, offset: whole, bytes: length - whole });
      expect(onlyFile(crashed).bytes.length).toBe(whole);
      log.append(small(3));
      await log.close();
      expect((await open(crashed)).commits).toEqual(plain([0, 1, 2, 3].map(small)));
    }
  });

  test('[LOG3] room that no batch was written into is cut off, and is no torn tail', async () => {
    const disk = await written(3);
    const { path, bytes } = onlyFile(disk);
    disk.files.set(path, Buffer.concat([bytes, Buffer.alloc(2000)]));
    const { log, commits } = await open(disk);
    expect(commits).toEqual(firstThree);
    expect(log.tornTail).toBeUndefined();
    expect(onlyFile(disk).bytes).toEqual(bytes);
    log.append(small(3));
    await log.close();
    expect((await open(disk)).commits).toEqual(plain([0, 1, 2, 3].map(small)));
  });

  test('[LOG3] a crash inside a write into room leaves each of its sectors or zeros', async () => {
    const sectorBytes = 512;
    const disk = await written(3);
    const { log } = await open(disk);
    const { path, bytes: before } = onlyFile(disk);
    log.append({
      ...small(3),
      changes: [{ table: 1 as TableId, inserts: [new Uint8Array(1500).fill(9)], deletes: [] }],
    });
    await log.close();
    const whole = Buffer.concat([onlyFile(disk).bytes, Buffer.alloc(3000)]);
    const sectors: number[] = [];
    for (let at = before.length; at < whole.length - 3000; at += sectorBytes - (at % sectorBytes)) sectors.push(at);
    expect(sectors.length).toBeGreaterThan(3);
    for (let lost = 1; lost < 1 << sectors.length; lost++) {
      const crashed = disk.afterCrash();
      const left = Buffer.from(whole);
      for (const [i, at] of sectors.entries()) {
        if (lost & (1 << i)) left.fill(0, at, at + sectorBytes - (at % sectorBytes));
      }
      crashed.files.set(path, left);
      const { log, commits } = await open(crashed);
      expect(commits).toEqual(firstThree);
      const isNothingLeft = lost === (1 << sectors.length) - 1;
      expect(log.tornTail?.offset).toBe(isNothingLeft ? undefined : before.length);
      expect(onlyFile(crashed).bytes).toEqual(before);
    }
  });

  test('[LOG3] a crash while a new segment is begun leaves the segments before it', async () => {
    const disk = await written(3, 100);
    const names = await disk.list(directory);
    expect(names.length).toBe(3);
    const last = `${directory}/${names[2]}`;
    const header = (disk.files.get(last) as Buffer).subarray(0, 60);
    for (const left of [Buffer.alloc(0), header.subarray(0, 30), Buffer.alloc(60), Buffer.alloc(2000)]) {
      const crashed = disk.afterCrash();
      crashed.files.set(last, left);
      const { log, commits } = await open(crashed, directory, 100);
      expect(commits).toEqual(firstThree.slice(0, 2));
      expect(log.tornTail).toEqual({ file: last, offset: 0, bytes: left.length });
      log.append(small(2));
      await log.close();
      expect((await open(crashed)).commits).toEqual(firstThree);
    }
  });

  test('[LOG4] no flipped bit gives wrong commits: the log refuses, or cuts a tail and says so', async () => {
    const disk = await written(3, 300);
    for (const [path, bytes] of disk.files) {
      for (let bit = 0; bit < bytes.length * 8; bit++) {
        const flipped = disk.afterCrash();
        const altered = Buffer.from(bytes);
        altered[bit >> 3] = (altered[bit >> 3] as number) ^ (1 << (bit & 7));
        flipped.files.set(path, altered);
        try {
          const { log, commits } = await open(flipped);
          expect(log.tornTail).toBeDefined();
          expect(commits).toEqual(firstThree.slice(0, commits.length));
        } catch (error) {
          expect(error).toMatchObject({ code: expect.stringMatching(/^log-(damaged|version)$/), file: path });
          expect((error as Error).message).toContain(path);
        }
      }
    }
  });

  test('[LOG4] a flipped bit in a batch that was confirmed is refused, even in the last one', async () => {
    const disk = await written(3);
    const { path, bytes } = onlyFile(disk);
    for (let at = 60; at < bytes.length; at++) {
      const flipped = disk.afterCrash();
      const altered = Buffer.from(bytes);
      altered[at] = (altered[at] as number) ^ 0x10;
      flipped.files.set(path, altered);
      await expect(open(flipped)).rejects.toMatchObject({ code: 'log-damaged', file: path });
      expect(flipped.locks.size).toBe(0);
      expect(onlyFile(flipped).bytes).toEqual(altered);
    }
  });

  test('[LOG5] batches that were dropped, reordered or replaced are refused although each is intact', async () => {
    const disk = await written(4);
    const { path, bytes } = onlyFile(disk);
    const ends = [60];
    for (const count of [1, 2, 3, 4]) ends.push(onlyFile(await written(count)).bytes.length);
    const part = (i: number) => bytes.subarray(ends[i], ends[i + 1]);
    const header = bytes.subarray(0, 60);
    const other = new MemoryDisk();
    const { log } = await open(other);
    for (let offset = 0; offset < 3; offset++) {
      log.append({ ...small(offset), origin: 'fake' });
      await log.flush();
    }
    const fake = onlyFile(other).bytes.subarray(ends[1] as number, ends[2]);
    for (const parts of [
      [0, 2, 3],
      [0, 2, 1, 3],
      [0, 0, 1, 2],
    ]) {
      const changed = disk.afterCrash();
      changed.files.set(path, Buffer.concat([header, ...parts.map(part)]));
      await expect(open(changed)).rejects.toMatchObject({ code: 'log-damaged' });
    }
    const replaced = disk.afterCrash();
    replaced.files.set(path, Buffer.concat([header, part(0), fake, part(2)]));
    await expect(open(replaced)).rejects.toThrow('altered');
  });

  test('[LOG5] a missing, renamed or foreign segment is refused', async () => {
    const disk = await written(4, 100);
    const names = (await disk.list(directory)).map((name) => `${directory}/${name}`);
    expect(names.length).toBe(4);
    for (const missing of [0, 1, 2]) {
      const changed = disk.afterCrash();
      changed.files.delete(names[missing] as string);
      await expect(open(changed)).rejects.toMatchObject({ code: 'log-incomplete' });
    }
    const other = new MemoryDisk();
    const { log } = await open(other, directory, 100);
    for (let offset = 0; offset < 2; offset++) {
      log.append({ ...small(offset), origin: 'fake' });
      await log.flush();
    }
    const foreign = disk.afterCrash();
    foreign.files.set(names[1] as string, other.files.get(names[1] as string) as Buffer);
    await expect(open(foreign)).rejects.toThrow('does not follow');
  });

  test('[LOG6] a failed write ends the log: nothing after it is durable, and everybody is told', async () => {
    const disk = new MemoryDisk();
    const { log } = await open(disk);
    log.append(small(0));
    await log.flush();
    const failures: string[] = [];
    log.onFailure((failure) => failures.push(failure.code));
    disk.onAppend = async () => {
      throw new Error('ENOSPC: no space left on device');
    };
    log.append(small(1));
    await expect(log.flush()).rejects.toThrow('ENOSPC');
    disk.onAppend = async () => {};
    expect(() => log.append(small(2))).toThrow('Make room or mend the disk');
    await expect(log.flush()).rejects.toMatchObject({ code: 'log-failed' });
    expect(failures).toEqual(['log-failed']);
    expect(log.durableOffset).toBe(0);
    await expect(log.close()).rejects.toMatchObject({ code: 'log-failed' });
    expect((await open(disk)).commits).toEqual(firstThree.slice(0, 1));
  });

  test('[LOG7] a directory has one log at a time, and closing makes durable and gives it back', async () => {
    const disk = new MemoryDisk();
    const { log } = await open(disk);
    await expect(open(disk)).rejects.toMatchObject({ code: 'data-folder-locked' });
    log.append(small(0));
    await log.close();
    await log.close();
    expect(() => log.append(small(1))).toThrow('closed');
    expect((await open(disk)).commits).toEqual(firstThree.slice(0, 1));
  });

  test('[LOG1] on a real disk', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'helix-log-'));
    try {
      const { log } = await open(nodeDisk, `${folder}/a/log`, 2000);
      for (let offset = 0; offset < 50; offset++) {
        log.append(small(offset));
        if (offset % 7 === 0) await log.flush();
      }
      await expect(open(nodeDisk, `${folder}/a/log`)).rejects.toMatchObject({ code: 'data-folder-locked' });
      await log.close();
      const { log: again, commits } = await open(nodeDisk, `${folder}/a/log`);
      expect(commits).toEqual(plain(Array.from({ length: 50 }, (_, offset) => small(offset))));
      await again.close();
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
