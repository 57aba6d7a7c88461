import { LimbError } from '../errors.ts';
import type { Database, Queries } from './database/database.ts';
import { migrations } from './migrations.ts';

export interface EmbedderFacts {
  /** The name of the embedder and the size of its vectors: those of the memory for ever. */
  readonly embedder: string;
  readonly dimensions: number;
}

/** Any number, the same in all versions: keeps two limbs from changing one schema at once. */
const migrationLock = 4_815_162;

/**
 * Brings the schema up to date, all or nothing. Throws `LimbError` when the memory was written by a newer version or was
 * made for another embedder.
 */
export async function migrate(database: Database, facts: EmbedderFacts): Promise<void> {
  await database.transaction(async (tx) => {
    await tx.query('SELECT pg_advisory_xact_lock($1)', [migrationLock]);
    await tx.run('CREATE TABLE IF NOT EXISTS migrations (taken integer NOT NULL)');
    const [row] = await tx.query<{ taken: number }>('SELECT taken FROM migrations');
    const taken = row?.taken ?? 0;
    if (taken > migrations.length) {
      throw new LimbError(
        'memory-too-new',
        `The memory was written by a newer version (schema ${taken}, this one knows ${migrations.length}). Update Helix.`,
      );
    }
    if (taken > 0) await requireSameEmbedder(tx, database.place, facts);
    if (taken === migrations.length) return;
    for (const step of migrations.slice(taken)) await tx.run(step(facts.dimensions));
    await tx.run('DELETE FROM migrations');
    await tx.query('INSERT INTO migrations VALUES ($1)', [migrations.length]);
    if (taken > 0) return;
    await tx.query(`INSERT INTO properties VALUES ('embedder', $1), ('dimensions', $2)`, [
      facts.embedder,
      `${facts.dimensions}`,
    ]);
  });
}

async function requireSameEmbedder(tx: Queries, place: string, facts: EmbedderFacts): Promise<void> {
  const rows = await tx.query<{ name: string; value: string }>('SELECT name, value FROM properties');
  const property = (name: string) => rows.find((row) => row.name === name)?.value;
  const [embedder, dimensions] = [property('embedder'), property('dimensions')];
  if (embedder === facts.embedder && dimensions === `${facts.dimensions}`) return;
  throw new LimbError(
    'memory-embedder-differs',
    `The memory in ${place} was made with the embedding model ${embedder} (${dimensions} numbers), ` +
      `and this limb is set to ${facts.embedder} (${facts.dimensions} numbers). Set the limb back to ${embedder}, ` +
      'or use an empty memory and let the limb remember its documents again.',
  );
}
