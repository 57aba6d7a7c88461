import { posix } from 'node:path';
import type { SourceDocument } from '../memory/memory.ts';
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

export type ReadResult = { readonly document: SourceDocument } | { readonly reason: string };

export function isDocument(path: string): boolean {
  return kindOf(path) !== undefined;
}

/** A file as a document in Markdown, or why it is none. */
export async function readDocument(root: DocumentsRoot, found: FoundFile): Promise<ReadResult> {
  const kind = kindOf(found.path);
  if (!kind) return { reason: `it is not one of ${Object.keys(kinds).join(', ')}` };
  const read = await root.read(found, documentBytesMax);
  if ('reason' in read) return read;
  const text = decode(read.bytes);
  if (text === undefined) return { reason: 'it is not text in UTF-8' };
  const { title, markdown } = kind === 'html' ? htmlToMarkdown(text) : { title: '', markdown: text };
  if (markdown.trim() === '') return { reason: 'it has no text' };
  const name = title || (kind === 'text' ? '' : markdownTitle(markdown)) || posix.basename(found.path);
  return { document: { path: found.path, title: name.slice(0, titleCharsMax), content: markdown } };
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
