import { listOwn } from '../lib/database.ts';
import { findServer, type ServerOptions } from '../lib/server.ts';
import { textTable } from '../lib/text-table.ts';

export interface ListOptions extends ServerOptions {
  readonly json?: boolean;
}

/** Prints the caller's own databases. */
export async function list(options: ListOptions): Promise<void> {
  const server = await findServer(options);
  const databases = await listOwn(server);
  if (options.json) return console.log(JSON.stringify(databases));
  if (databases.length === 0) {
    return console.log(
      `You own no databases at ${server.url}: make one with \`helix publish --module <entry.ts> <name>\``,
    );
  }
  const rows = databases.map(({ names, identity }) => [names.join(', ') || '(no name)', identity]);
  console.log(textTable(['name', 'identity'], rows));
}
