import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { nodeDisk } from '../engine/host/node/disk.ts';
import type { Commit } from '../engine/log/commit.ts';
import { openLog } from '../engine/log/log.ts';
import { readLog } from '../engine/log/recover.ts';
import { listSnapshots, openSnapshot } from '../engine/log/snapshot.ts';
import type { TableChange } from '../engine/store/contract.ts';

// A folder for each format that a released version has written, with what is to be read from it. None is ever changed.
const formats = fileURLToPath(new URL('fixtures/formats', import.meta.url));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'helix-format-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const names = readdirSync(formats).filter((name) => !name.startsWith('.'));

describe.each(names)('what was written in the format %s', (name) => {
  const expected = JSON.parse(readFileSync(join(formats, name, 'expected.json'), 'utf8')) as {
    readonly commits: unknown[];
    readonly snapshot: unknown;
  };

  it('[FMT1] opens, with the same commits, and is gone on with', async () => {
    cpSync(join(formats, name), folder, { recursive: true });
    const commits: Commit[] = [];
    const log = await openLog({ disk: nodeDisk, directory: folder, replay: (commit) => void commits.push(commit) });
    expect(commits.map(plainCommit)).toEqual(expected.commits);
    const [first] = commits;
    if (first) log.append({ ...first, offset: commits.length });
    await log.close();
    const end = await readLog(nodeDisk, folder, () => {});
    expect(end.nextOffset).toBe(commits.length + 1);
  });

  it('[FMT1] has a snapshot that the log leads to', async () => {
    const [file = ''] = await listSnapshots(nodeDisk, join(formats, name));
    const snapshot = await openSnapshot(nodeDisk, file);
    const { nextOffset, sequences } = snapshot;
    const tables: TableChange[] = [];
    for await (const part of snapshot.parts()) tables.push(part);
    const plainSequences = sequences.map((sequence) => ({ ...sequence, next: String(sequence.next) }));
    expect({ nextOffset, sequences: plainSequences, tables: tables.map(plainChange) }).toEqual(expected.snapshot);
    const after: number[] = [];
    await readLog(nodeDisk, join(formats, name), ({ offset }) => void after.push(offset), {
      after: snapshot,
    });
    expect(after).toEqual(expected.commits.map((_, offset) => offset).slice(nextOffset));
  });
});

function plainCommit({ offset, timestampMicros, origin, caller, connectionId, changes }: Commit): unknown {
  const numbers = [timestampMicros, caller, connectionId].map(String);
  return { offset, numbers, origin, changes: changes.map(plainChange) };
}

function plainChange({ table, inserts, deletes }: TableChange): unknown {
  const hex = (rows: readonly Uint8Array[]) => rows.map((row) => Buffer.from(row).toString('hex'));
  return { table, inserts: hex(inserts), deletes: hex(deletes) };
}
