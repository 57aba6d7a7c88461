import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Document, findDocuments } from '../lib/documents.ts';

/** Helix's own documentation, as documents below `helix/`. */
export async function findDocumentation(root: string): Promise<Document[]> {
  const files = ['README.md', 'docs/operating.md', 'ARCHITECTURE.md', 'engine/SPEC.md'];
  const present = files.filter((file) => existsSync(join(root, file)));
  const { documents } = await findDocuments(present, { from: root });
  return documents.map(({ file, path }) => ({ file, path: `helix/${path}` }));
}

/** Names one version of the documentation. */
export async function documentationKey(documents: readonly Document[]): Promise<string> {
  const hash = createHash('sha256');
  for (const { file, path } of documents) hash.update(path).update(await readFile(file));
  return `documentation-${hash.digest('hex').slice(0, 16)}`;
}
