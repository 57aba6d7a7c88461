import { type FileHandle, open } from 'node:fs/promises';
import type { AuditQuery } from '../../web/src/lib/audit/history.ts';
import { Audit, type ToldEntry } from '../lib/audit.ts';
import { runOnHub } from '../lib/client-command.ts';
import { Failure } from '../lib/failure.ts';
import type { HubOptions } from '../lib/hub.ts';
import { oneLine } from '../lib/terminal.ts';

export interface AuditOptions extends HubOptions {
  readonly since?: Date;
  readonly until?: Date;
  readonly by?: string;
  readonly action?: string;
  readonly task?: number;
  readonly limit?: number;
  readonly json?: boolean;
  readonly export?: string;
}

const limitDefault = 50;
const pageMax = 1000;

/** Prints who did what and when, the newest first, or writes all of it to a file as JSON lines. */
export async function audit(options: AuditOptions): Promise<void> {
  await runOnHub(options, async (hub, signal) => {
    const history = await Audit.open(hub, signal);
    const { since, until, by, action, task } = options;
    const query: AuditQuery = {
      ...(since === undefined ? {} : { since }),
      ...(until === undefined ? {} : { until }),
      ...(by === undefined ? {} : { by: history.identityOf(by) }),
      ...(action === undefined ? {} : { action }),
      ...(task === undefined ? {} : { task: BigInt(task) }),
    };
    if (options.export === undefined) {
      const print = (entry: ToldEntry) => console.log(options.json ? JSON.stringify(entry) : lineOf(entry));
      const { count, beginsAt } = await read(history, query, options.limit ?? limitDefault, print);
      if (count === 0) console.error('Nothing that you may see has happened.');
      if (beginsAt > 0 && count < (options.limit ?? limitDefault)) console.error(trimmed);
      return;
    }
    const { count, beginsAt } = await writeLines(options.export, async (write) =>
      read(history, query, options.limit ?? Number.POSITIVE_INFINITY, (entry) => write(JSON.stringify(entry))),
    );
    console.log(`${count} entries are in ${options.export}, the newest first.`);
    if (beginsAt > 0) console.error(trimmed);
  });
}

const trimmed = 'What came before was trimmed: --log-keep-days of the hub says how long history is kept.';

async function read(
  history: Audit,
  query: AuditQuery,
  limit: number,
  take: (entry: ToldEntry) => void | Promise<void>,
): Promise<{ readonly count: number; readonly beginsAt: number }> {
  let count = 0;
  let beginsAt = 0;
  for await (const page of history.pages({ ...query, limit: Math.min(limit, pageMax) })) {
    beginsAt = page.beginsAt;
    for (const entry of page.entries.slice(0, limit - count)) {
      await take(entry);
      count += 1;
    }
    if (count >= limit) break;
  }
  return { count, beginsAt };
}

/** Writes a file that is not there yet. */
async function writeLines<T>(file: string, work: (write: (line: string) => Promise<void>) => Promise<T>): Promise<T> {
  let handle: FileHandle;
  try {
    handle = await open(file, 'wx', 0o600);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why =
      code === 'EEXIST' ? 'is there already: name another file' : `cannot be written (${code}): check its folder`;
    throw new Failure(`${file} ${why}`, { cause: error });
  }
  try {
    return await work(async (line) => {
      await handle.write(`${line}\n`);
    });
  } finally {
    await handle.close();
  }
}

function lineOf({ offset, time, who, text }: ToldEntry): string {
  return `${String(offset).padStart(8)}  ${time.slice(0, 19).replace('T', ' ')}  ${oneLine(`${who} ${text}`)}`;
}
