import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { chunkSections } from '../memory/chunks.ts';
import type { DocumentContent, SourceDocument } from '../memory/memory.ts';
import type { Converter } from './converter/converter.ts';
import { refuse } from './formats/parsed.ts';
import { documentBytesMax, kindOf, kindsInWords } from './kinds.ts';
import type { DocumentsRoot, FoundFile } from './root.ts';

const titleCharsMax = 120;

/** A longer one finds no room in an index. */
const pathBytesMax = 2000;

/** A part is at least a few words: more than these are data. */
const chunksMax = 20_000;

/** Part of every hash: a file is read again when what is made of files changes. */
const formatVersion = 1;

/** A found file as a document, read when it is opened. */
export function documentOf(
  root: DocumentsRoot,
  converter: Converter,
  found: FoundFile,
  labels: readonly string[],
): SourceDocument {
  const { path } = found;
  return {
    path,
    labels,
    async open() {
      const kind = kindOf(path);
      if (!kind) throw refuse(`it is none of ${kindsInWords}`);
      const pathBytes = Buffer.byteLength(path);
      if (pathBytes > pathBytesMax) throw refuse(`its path has ${pathBytes} bytes, at most ${pathBytesMax} are kept`);
      const read = await root.read(found, documentBytesMax[kind]);
      if ('reason' in read) throw refuse(read.reason);
      const { bytes } = read;
      const contentHash = createHash('sha256').update(`${formatVersion} ${kind}\n`).update(bytes).digest('hex');
      const content = async (signal?: AbortSignal): Promise<DocumentContent> => {
        const { title, sections } = await converter.convert(kind, path, bytes, signal);
        const chunks = chunkSections(sections);
        if (chunks.length === 0) throw refuse('it has no text');
        if (chunks.length > chunksMax) throw refuse(`it has ${chunks.length} parts, at most ${chunksMax} are kept`);
        const name = title.slice(0, titleCharsMax) || posix.basename(path);
        return { title: name, chunks, byteCount: bytes.length };
      };
      return { contentHash, read: content };
    },
  };
}
