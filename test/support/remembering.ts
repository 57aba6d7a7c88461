import { openMemory } from '../../limbs/memory/open.ts';
import { wordEmbedder } from '../../limbs/testing/word-embedder.ts';
import { numberedDocument } from './numbered-document.ts';

// A process that remembers numbered documents and prints each one's path when it is remembered.

const [dataDir = '', url = '', documentCount = '0'] = process.argv.slice(2);
const memory = await openMemory({ dataDir, url: url || undefined }, wordEmbedder());
const documents = Array.from({ length: Number(documentCount) }, (_, i) => numberedDocument(i));
await memory.remember('1', documents, ({ path, outcome }) => console.log(`${path} ${outcome}`));
await memory.close();
