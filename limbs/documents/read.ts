import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { LimbError } from '../errors.ts';
import { chunkMarkdown } from '../memory/chunks.ts';
import { type DocumentContent, type SourceDocument, unreadable } from '../memory/memory.ts';
import { htmlToMarkdown } from './html.ts';
import type { DocumentsRoot, FoundFile } from './root.ts';

/** About 300 printed pages; a larger file is data, hardly a text. */
export const documentBytesMax = 1024 * 1024;

const kinds: Readonly<Record<string, 'markdown' | 'text' | 'html'>> = {
  '.md': 'markdown',
  '.markdown': 'markdown',
  '.mdx': 'markdown',
  '.txt': 'text',
  '.text': 'text',
  '.rst': 'text',
  '.adoc': 'text',
  '.html': 'html',
  '.htm': 'html',
};

const titleCharsMax = 120;

export function isDocument(path: string): boolean {
  return kindOf(path) !== undefined;
}

/** A found file as a document, read when it is opened. */
export function documentOf(root: DocumentsRoot, found: FoundFile, labels: readonly string[]): SourceDocument {
  return {
    path: found.path,
    labels,
    async open() {
      const kind = kindOf(found.path);
      if (!kind) throw refuse(`it is not one of ${Object.keys(kinds).join(', ')}`);
      const read = await root.read(found, documentBytesMax);
      if ('reason' in read) throw refuse(read.reason);
      const { bytes } = read;
      const contentHash = createHash('sha256').update(bytes).digest('hex');
      return { contentHash, read: async () => contentOf(found.path, kind, bytes) };
    },
  };
}

function contentOf(path: string, kind: 'markdown' | 'text' | 'html', bytes: Buffer): DocumentContent {
  const text = decode(bytes);
  if (text === undefined) throw refuse('it is not text in UTF-8');
  const { title, markdown } = kind === 'html' ? htmlToMarkdown(text) : { title: '', markdown: text };
  if (markdown.trim() === '') throw refuse('it has no text');
  const name = title || (kind === 'text' ? '' : markdownTitle(markdown)) || posix.basename(path);
  return { title: name.slice(0, titleCharsMax), chunks: chunkMarkdown(markdown), byteCount: bytes.length };
}

function refuse(reason: string): LimbError {
  return new LimbError(unreadable, reason);
}

function kindOf(path: string): 'markdown' | 'text' | 'html' | undefined {
  return kinds[posix.extname(path).toLowerCase()];
}

function decode(bytes: Buffer): string | undefined {
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function markdownTitle(markdown: string): string {
  const frontMatter = /^---\r?\n([\s\S]*?)\r?\n---\r?\n/.exec(markdown)?.[1] ?? '';
  const named = /^title:[ \t]*["']?(.+?)["']?[ \t]*$/m.exec(frontMatter)?.[1];
  const heading = /^#[ \t]+(.+?)[ \t]*#*[ \t]*$/m.exec(markdown)?.[1];
  return (named ?? heading ?? '').replace(/[*_`]/g, '').trim();
}
