import pc from 'picocolors';
import { z } from 'zod';
import type { Target } from './database.ts';
import { Failure } from './failure.ts';
import { ask, databasePath, refusal } from './server.ts';
import { timestampText } from './sql-value.ts';
import { printable } from './terminal.ts';

const record = z.object({
  level: z.string(),
  ts: z.number(),
  function: z.string().optional(),
  message: z.string(),
});

export interface LogSettings {
  readonly lines?: number | undefined;
  readonly follow?: boolean | undefined;
  readonly signal?: AbortSignal;
}

/** Hands over each line of a database's log as JSON; with `follow` until the signal aborts or the server goes away. */
export async function readLog(
  { server, database }: Target,
  settings: LogSettings,
  onLine: (json: string) => void,
): Promise<void> {
  const query = new URLSearchParams({ follow: String(settings.follow ?? false) });
  if (settings.lines !== undefined) query.set('num_lines', String(settings.lines));
  const asked = settings.signal === undefined ? {} : { signal: settings.signal };
  const response = await ask(server, 'GET', databasePath(database, `/logs?${query}`), asked);
  if (!response.ok) throw await refusal(server, response);
  const decoder = new TextDecoder();
  let rest = '';
  try {
    for await (const chunk of response.body ?? []) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) onLine(line);
    }
  } catch (error) {
    if (settings.signal?.aborted) throw settings.signal.reason;
    throw new Failure(`The server at ${server.url} went away`, { cause: error });
  }
}

const colours: Record<string, (text: string) => string> = { Error: pc.red, Panic: pc.red, Warn: pc.yellow };

/** A line of the log for people. */
export function formatLogLine(json: string): string {
  const { level, ts, function: name, message } = record.parse(JSON.parse(json));
  const colour = colours[level] ?? ((text: string) => text);
  const where = name === undefined ? '' : `${name}: `;
  return `${pc.dim(timestampText(BigInt(ts)))} ${colour(level.toLowerCase().padEnd(5))} ${where}${printable(message)}`;
}
