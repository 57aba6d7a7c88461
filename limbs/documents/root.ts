import { constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, readdir, realpath, stat } from 'node:fs/promises';
import { isAbsolute, join, relative, resolve, sep } from 'node:path';
import { LimbError } from '../errors.ts';

export interface FoundFile {
  /** Relative to the root, with `/`: what the document is called. */
  readonly path: string;
  readonly file: string;
}

/** The one folder that a limb reads documents from. What a task names outside of it does not exist for the limb. */
export interface DocumentsRoot {
  /**
   * The files at or under a path (`''` or `.` for the root itself), in the order of their paths. Hidden files and
   * `node_modules` are left out of folders. Throws `LimbError` when the path leads out of the root or to nothing.
   */
  find(path: string): Promise<{ path: string; isFolder: boolean; files: FoundFile[] }>;
  /** The bytes of a found file, or why it is not read. */
  read(found: FoundFile, bytesMax: number): Promise<{ bytes: Buffer } | { reason: string }>;
}

const filesMax = 20_000;

/** Opens the folder, making it when there is none; `called` is what messages call it. */
export async function openDocumentsRoot(
  folder: string,
  called = "the limb's documents folder",
): Promise<DocumentsRoot> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const root = await realpath(folder);

  const requireInside = (real: string, shown: string): void => {
    if (!isInside(root, real)) {
      throw new LimbError('outside-documents', `${shown} leads out of ${called}: move it inside.`);
    }
  };

  return {
    async find(path) {
      const named = resolve(root, path);
      if (isAbsolute(path) || !isInside(root, named)) {
        throw new LimbError('outside-documents', `${path} is not a path inside of ${called}.`);
      }
      const relativePath = asPath(relative(root, named));
      const real = await realpath(named).catch((error: NodeJS.ErrnoException) => {
        throw new LimbError(
          'no-such-document',
          error.code === 'ENOENT'
            ? `There is no ${path} in ${called}.`
            : `${path} in ${called} cannot be read (${error.code}).`,
        );
      });
      requireInside(real, path);
      if ((await stat(real)).isDirectory()) {
        return { path: relativePath, isFolder: true, files: await walk(root, real, relativePath) };
      }
      return { path: relativePath, isFolder: false, files: [{ path: relativePath, file: real }] };
    },

    async read({ path, file }, bytesMax) {
      let handle: FileHandle | undefined;
      try {
        const real = await realpath(file);
        requireInside(real, path);
        // A link put there after the check must not be followed; opening a pipe must not wait for a writer.
        handle = await open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
        const info = await handle.stat();
        if (!info.isFile()) return { reason: 'it is not a file' };
        if (info.size > bytesMax) return { reason: `it has ${info.size} bytes, at most ${bytesMax} are read` };
        return { bytes: await handle.readFile() };
      } catch (error) {
        if (error instanceof LimbError) return { reason: error.message };
        const code = error instanceof Error && 'code' in error ? error.code : error;
        return { reason: `it cannot be read (${code})` };
      } finally {
        await handle?.close();
      }
    },
  };
}

async function walk(root: string, folder: string, path: string): Promise<FoundFile[]> {
  const files: FoundFile[] = [];
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
    throw new LimbError('unreadable-folder', `The folder ${path || '.'} cannot be read (${error.code}).`);
  });
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (entry.name.startsWith('.') || entry.name === 'node_modules') continue;
    const file = join(folder, entry.name);
    const entryPath = path === '' ? entry.name : `${path}/${entry.name}`;
    if (entry.isDirectory()) files.push(...(await walk(root, file, entryPath)));
    else if (entry.isFile() || (await isLinkToFile(root, file))) files.push({ path: entryPath, file });
    if (files.length > filesMax) {
      throw new LimbError(
        'too-many-documents',
        `${path || 'The folder'} has more than ${filesMax} files: name a smaller one.`,
      );
    }
  }
  return files;
}

/** Links to folders are not followed: they could lead in a circle. */
async function isLinkToFile(root: string, file: string): Promise<boolean> {
  if (!(await lstat(file)).isSymbolicLink()) return false;
  const real = await realpath(file).catch(() => undefined);
  return real !== undefined && isInside(root, real) && (await stat(real)).isFile();
}

function isInside(root: string, path: string): boolean {
  const within = relative(root, path);
  return within === '' || (within !== '..' && !within.startsWith(`..${sep}`) && !isAbsolute(within));
}

function asPath(path: string): string {
  return path.split(sep).join('/');
}
