import { type DatabaseOptions, findTarget } from '../lib/database.ts';
import { interruption } from '../lib/interruption.ts';
import { formatLogLine, readLog } from '../lib/log-lines.ts';

export interface LogsOptions extends DatabaseOptions {
  readonly lines: number;
  readonly follow?: boolean;
  readonly json?: boolean;
}

/** Prints the newest lines of a database's log, and with `follow` each that is added. */
export async function logs(options: LogsOptions): Promise<void> {
  const { signal, stop } = interruption();
  try {
    const target = await findTarget(options);
    const { lines, follow } = options;
    await readLog(target, { lines, follow, signal }, (json) => console.log(options.json ? json : formatLogLine(json)));
  } finally {
    stop();
  }
}
