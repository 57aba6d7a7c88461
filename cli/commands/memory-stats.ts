import { tables } from '../../bindings/index.ts';
import { type ClientOptions, runOnHub } from '../lib/client-command.ts';
import { subscribe } from '../lib/hub.ts';
import { untilAborted } from '../lib/interruption.ts';
import { oneLine } from '../lib/terminal.ts';
import { textTable } from '../lib/text-table.ts';

/** Prints how much the limbs remember, as they told the hub. */
export async function memoryStats(options: ClientOptions): Promise<void> {
  await runOnHub(options, async (hub, signal) => {
    await untilAborted(subscribe(hub, [tables.limbs, tables.memories]), signal);
    const { db } = hub.connection;
    const names = new Map([...db.limbs.iter()].map((limb) => [limb.identity.toHexString(), limb.name]));
    const rows = [...db.memories.iter()]
      .map((row) => ({
        limb: names.get(row.limb.toHexString()) ?? '',
        documents: row.documentCount,
        chunks: row.chunkCount,
        bytes: Number(row.byteCount),
        changedAt: row.changedAt?.toDate().toISOString() ?? null,
        engine: row.engine,
      }))
      .sort((a, b) => (a.limb < b.limb ? -1 : 1));
    if (options.json) console.log(JSON.stringify(rows, undefined, 2));
    else if (rows.length === 0) console.log('No limb has said yet what it remembers: start one with `helix start`.');
    else console.log(table(rows));
  });
}

interface Row {
  readonly limb: string;
  readonly documents: number;
  readonly chunks: number;
  readonly bytes: number;
  readonly changedAt: string | null;
  readonly engine: string;
}

function table(rows: readonly Row[]): string {
  return textTable(
    ['limb', 'documents', 'chunks', 'size', 'last change', 'database, embeddings'],
    rows.map(({ limb, documents, chunks, bytes, changedAt, engine }) => [
      oneLine(limb),
      `${documents}`,
      `${chunks}`,
      size(bytes),
      changedAt === null ? '–' : changedAt.slice(0, 16).replace('T', ' '),
      oneLine(engine),
    ]),
  );
}

function size(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 ** 2 ? `${(bytes / 1024).toFixed(1)} KiB` : `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}
