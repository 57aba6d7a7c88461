import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { sourceOf } from '../testing/source.ts';
import { wordEmbedder } from '../testing/word-embedder.ts';
import { openPglite } from './database/pglite.ts';
import { asReals } from './database/vector.ts';
import type { Remembered } from './memory.ts';
import { migrations } from './migrations.ts';
import { openMemoryHere } from './open.ts';

test('a memory of the first schema keeps its documents and vectors', { timeout: 120_000 }, async () => {
  const folder = await mkdtemp(join(tmpdir(), 'helix-migrate-'));
  const dataDir = join(folder, 'memory');
  const embedder = wordEmbedder();
  const [vector] = await embedder.embed(['Bread\nKnead the dough.']);
  const old = await openPglite(dataDir, async (database) => {
    await database.run('CREATE TABLE IF NOT EXISTS migrations (taken integer NOT NULL)');
    if ((await database.query('SELECT FROM migrations')).length > 0) return;
    await database.run(migrations[0]?.(embedder.dimensions) ?? '');
    await database.run(`INSERT INTO migrations VALUES (1);
      INSERT INTO properties VALUES ('embedder', 'words'), ('dimensions', '64');
      INSERT INTO documents (tenant, path, title, content_hash) VALUES ('1', 'a.md', 'Bread', 'x'), ('1', 'b.md', 'Bread', 'y')`);
    for (const id of [1, 2]) {
      await database.query(
        `INSERT INTO document_chunks (tenant, document_id, section, ordinal, content, embedding)
         VALUES ('1', $1, '', 1, 'Knead the dough.', $2::real[]::vector)`,
        [id, asReals([vector ?? new Float32Array()])],
      );
    }
  });
  await old.close();

  embedder.embeddedTexts.length = 0;
  const memory = await openMemoryHere({ dataDir }, embedder);
  expect(await memory.stats('1')).toMatchObject({ documentCount: 2, chunkCount: 1 });
  expect(await memory.recall('1', 'dough')).toMatchObject([{ document: 'a.md', alsoIn: ['b.md'] }]);
  const told: Remembered[] = [];
  await memory.remember('1', [sourceOf('a.md', 'Bread', 'Knead the dough.')], (document) => told.push(document));
  expect(told).toMatchObject([{ outcome: 'changed', embeddedCount: 0 }]);
  await memory.close();
  await rm(folder, { recursive: true, force: true });
});
