import { readFile, rename, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { LimbError } from '../errors.ts';

const marksSchema = z.record(z.string(), z.string());

/** How far each reader of something that grows has come: kept in a file of the limb, so that nothing is read twice or missed. */
export class Readers {
  readonly #file: string;
  /** One change after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(file: string) {
    this.#file = file;
  }

  /** The mark of a reader; empty for a new one. */
  async markOf(reader: string): Promise<string> {
    return (await this.#read())[reader] ?? '';
  }

  /** Moves a reader on. */
  move(reader: string, mark: string): Promise<void> {
    const moved = this.#last.then(async () => {
      const text = JSON.stringify({ ...(await this.#read()), [reader]: mark }, undefined, 2);
      await writeFile(`${this.#file}.new`, `${text}\n`, { mode: 0o600 });
      await rename(`${this.#file}.new`, this.#file);
    });
    // The next change does not depend on whether this one worked; whoever asked for it hears of it.
    this.#last = moved.catch(() => {});
    return moved;
  }

  async #read(): Promise<Record<string, string>> {
    let text: string;
    try {
      text = await readFile(this.#file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
      throw error;
    }
    try {
      return marksSchema.parse(JSON.parse(text));
    } catch (cause) {
      const message = 'The marks of the readers of folders cannot be read: take readers.json out of the limb’s folder.';
      throw new LimbError('marks-unreadable', message, { cause });
    }
  }
}
