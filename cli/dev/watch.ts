import { type FSWatcher, watch } from 'node:fs';
import { dirname, resolve, sep } from 'node:path';

const quietMs = 25;
const relevant = /\.(?:[cm]?[jt]sx?|json|txt|sql)$/;

/** Tells of changes in the folders that a module's files are in, a moment after the last of a burst. */
export class Watch {
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #onChange: () => void;
  #timer: NodeJS.Timeout | undefined;

  constructor(onChange: () => void) {
    this.#onChange = onChange;
  }

  /** Follows the folders of these files and no others. */
  follow(files: readonly string[]): void {
    const folders = new Set(files.map((file) => dirname(file)));
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

const sourceMap = /\/\/# sourceMappingURL=data:application\/json;base64,([A-Za-z0-9+/=]+)\s*$/;

/** The files of a module that its bundle was made from, without those of packages. */
export function sourcesOf(bundle: string, entry: string): string[] {
  const [, encoded] = sourceMap.exec(bundle) ?? [];
  const { sources } = JSON.parse(Buffer.from(encoded ?? '', 'base64').toString() || '{"sources":[]}');
  const files = (sources as string[]).map((source) => resolve(dirname(entry), source));
  return [resolve(entry), ...files.filter((file) => !file.includes(`${sep}node_modules${sep}`))];
}
