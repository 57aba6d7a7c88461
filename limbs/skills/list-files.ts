import { stat } from 'node:fs/promises';
import { z } from 'zod';
import { LimbError } from '../errors.ts';
import { openNamedFolder } from '../reach/named-folder.ts';
import type { Permissions } from '../reach/permissions.ts';
import type { Readers } from '../reach/readers.ts';
import { counted } from '../text.ts';
import { fittingJson, formatInput } from './reaching.ts';
import { defineSkill, type Skill } from './skill.ts';

const name = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/);
const mark = z
  .string()
  .regex(/^\d{1,25}:/, 'expected a mark that a listing gave')
  .max(1100);

const input = z.strictObject({
  /** As limb.toml calls it. */
  folder: name,
  /** Only files that changed after this mark of an earlier listing. */
  since: mark.optional(),
  /** Whose mark the limb is to use and keep: a reader is given a file again until the listing's mark is `done`. */
  reader: name.optional(),
  done: mark.optional(),
  limit: z.int().min(1).max(50).default(20),
  /** Only names that end so: `.md`. */
  ending: z.string().min(1).max(100).optional(),
  /** `json` for programs: files (path, bytes, changedAt), mark and more (how many are left for the next time). */
  format: formatInput,
});

/** A file that is still being written is left for the next time. */
const quietMs = 2000;

const pathCharsMax = 1000;

interface Listed {
  readonly path: string;
  readonly bytes: number;
  readonly changedNs: bigint;
}

/**
 * Lists the new and changed files of a folder that limb.toml names, the oldest change first. A reader's mark moves only when
 * its work says that it is done, so that files are gone through at least once, whatever fails in between.
 */
export function listFilesSkill(permissions: () => Promise<Permissions>, readers: Readers, now = Date.now): Skill {
  return defineSkill({
    name: 'list_files',
    input,
    async work({ folder, since, reader, done, limit, ending = '', format }, { tenant }) {
      const root = await openNamedFolder(folder, await permissions());
      const key = reader && `${tenant}/${folder}/${reader}`;
      if (done !== undefined) {
        if (key === undefined) throw new LimbError('invalid-input', 'done belongs to a reader: name it.');
        const before = await readers.markOf(key);
        if (before === '' || isAfter(done, before)) await readers.move(key, done);
        return { text: `${reader} has done the files of ${folder} up to ${timeOf(done)}.`, engine: 'list_files' };
      }
      const from = since ?? (key === undefined ? '' : await readers.markOf(key));
      const { files } = await root.find('');
      const untilNs = BigInt(now() - quietMs) * 1_000_000n;
      const listed: Listed[] = [];
      for (const { path, file } of files) {
        if (!path.endsWith(ending) || path.length > pathCharsMax) continue;
        const info = await stat(file, { bigint: true }).catch(() => undefined);
        // It was taken away meanwhile.
        if (!info) continue;
        const one = { path, bytes: Number(info.size), changedNs: info.ctimeNs };
        if (info.ctimeNs <= untilNs && (from === '' || isAfter(markOf(one), from))) listed.push(one);
      }
      listed.sort((a, b) => (isAfter(markOf(a), markOf(b)) ? 1 : -1));
      const shown = listed.slice(0, limit);
      return {
        text: format === 'json' ? asJson(shown, listed.length, from) : asText(shown),
        engine: 'list_files',
        note: `${counted(listed.length, 'new or changed file')} in ${folder}${shown.length < listed.length ? `, the first ${shown.length} shown` : ''}.`,
      };
    },
  });
}

/** Changes are told apart by their time and, at the same time, by their path. */
function markOf({ changedNs, path }: Listed): string {
  return `${changedNs}:${path}`;
}

function isAfter(mark: string, other: string): boolean {
  const [ns, otherNs] = [BigInt(mark.slice(0, mark.indexOf(':'))), BigInt(other.slice(0, other.indexOf(':')))];
  return ns === otherNs ? mark > other : ns > otherNs;
}

function timeOf(mark: string): string {
  return new Date(Number(BigInt(mark.slice(0, mark.indexOf(':'))) / 1_000_000n)).toISOString();
}

function asText(files: readonly Listed[]): string {
  if (files.length === 0) return 'Nothing new.';
  return files.map((file) => `${file.path} (${counted(file.bytes, 'byte')}, ${timeOf(markOf(file))})`).join('\n');
}

/** What has no room is left for the next time: the mark is the one of the last that is listed. */
function asJson(files: readonly Listed[], count: number, from: string): string {
  const listing = (some: readonly Listed[]) => {
    const last = some.at(-1);
    return {
      files: some.map((file) => ({ path: file.path, bytes: file.bytes, changedAt: timeOf(markOf(file)) })),
      mark: last ? markOf(last) : from,
      more: count - some.length,
    };
  };
  return fittingJson(listing(files), ({ files: { length } }) =>
    length > 1 ? listing(files.slice(0, length - 1)) : undefined,
  );
}
