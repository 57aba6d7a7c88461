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
    let count = 0;
    await readLog(target, { lines, follow, signal }, (json) => {
      count += 1;
      console.log(options.json ? json : formatLogLine(json));
    });
    if (count === 0) console.error(`${target.database} has logged nothing since its server was started`);
  } finally {
    stop();
  }
}
