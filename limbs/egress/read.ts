import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { chainOf, chainStart, type Entry, entryOf } from './entry.ts';

/** A line of the journal: an entry, or what is wrong with it. */
export type Line =
  | { readonly entry: Entry; readonly damage?: undefined }
  | { readonly entry?: Entry; readonly damage: string };

/** Reads the journal in order and checks each line against the one before. No folder is an empty journal. */
export async function* readEntries(folder: string): AsyncGenerator<Line> {
  let chain = chainStart;
  let number = 0;
  for (const name of journalFiles(await filesIn(folder))) {
    let lineNumber = 0;
    for await (const text of createInterface({ input: createReadStream(join(folder, name)), crlfDelay: Infinity })) {
      lineNumber++;
      const where = `${join(folder, name)}, line ${lineNumber}`;
      const entry = entryOf(text);
      if (!entry) {
        yield { damage: `${where} is not an entry of the journal` };
        continue;
      }
      const isNext = entry.number === number + 1 && entry.chain === chainOf(chain, entry);
      chain = entry.chain;
      number = entry.number;
      yield isNext ? { entry } : { entry, damage: `${where} was changed, or what stood before it was` };
    }
  }
}

/** The files of the journal among the names, the oldest first. */
export function journalFiles(names: readonly string[]): string[] {
  return names.filter((name) => /^\d{4}-\d{2}\.jsonl$/.test(name)).sort();
}

async function filesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw error;
  }
}
