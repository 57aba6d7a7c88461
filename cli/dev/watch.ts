import { existsSync, type FSWatcher, watch } from 'node:fs';
import { dirname, resolve, sep } from 'node:path';
import type { Message } from 'esbuild';

const quietMs = 25;
/** Sources, and what may be a folder. */
const relevant = /(?:^[^.]+|\.(?:[cm]?[jt]sx?|json|txt|sql))$/;

/** Tells of changes in the folders that a module's files are in, a moment after the last of a burst. */
export class Watch {
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #onChange: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Follows the folders of these files and no others; of a folder that is not there, the one in which it would be. */
  follow(files: readonly string[]): void {
    const folders = new Set(files.map(folderOf));
    for (const [folder, watcher] of this.#watchers) {
      if (folders.has(folder)) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
    for (const folder of folders) {
      if (this.#watchers.has(folder)) continue;
      const watcher = watch(folder, (_, name) => {
        if (name === null || relevant.test(name)) this.#soon();
      });
      // A folder that is deleted has nothing more to tell.
      watcher.on('error', () => watcher.close());
      this.#watchers.set(folder, watcher);
    }
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #soon(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(this.#onChange, quietMs);
  }
}

function folderOf(file: string): string {
  const folder = dirname(file);
  return existsSync(folder) || folder === file ? folder : folderOf(folder);
}

/** The files that would put a failed bundle right: those with a mistake, and those that are imported and not there. */
export function missedBy(error: Error, entry: string): string[] {
  const { errors = [] } = (error.cause ?? {}) as { errors?: readonly Message[] };
  return errors.flatMap(({ text, location }) => {
    if (location === null) return [];
    const file = resolve(dirname(entry), location.file);
    const [, imported] = /^Could not resolve "(\.{1,2}\/[^"]+)"/.exec(text) ?? [];
    return imported === undefined ? [file] : [file, resolve(dirname(file), imported)];
  });
}

const sourceMap = /\/\/# sourceMappingURL=data:application\/json;base64,([A-Za-z0-9+/=]+)\s*$/;

/** The files of a module that its bundle was made from, without those of packages. */
export function sourcesOf(bundle: string, entry: string): string[] {
  const [, encoded] = sourceMap.exec(bundle) ?? [];
  const { sources } = JSON.parse(Buffer.from(encoded ?? '', 'base64').toString() || '{"sources":[]}');
  const files = (sources as string[]).map((source) => resolve(dirname(entry), source));
  return [resolve(entry), ...files.filter((file) => !file.includes(`${sep}node_modules${sep}`))];
}
