import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Document, findDocuments } from '../lib/documents.ts';

/** Helix's own documentation, as documents below `helix/`. */
export async function findDocumentation(root: string): Promise<Document[]> {
  const files = ['README.md', 'ARCHITECTURE.md', 'engine/SPEC.md'];
  const present = files.filter((file) => existsSync(join(root, file)));
  return (await findDocuments(present, root)).map(({ file, path }) => ({ file, path: `helix/${path}` }));
}
