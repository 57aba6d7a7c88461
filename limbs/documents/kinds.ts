import { posix } from 'node:path';

/** How a file is read. */
export type Kind = 'markdown' | 'text' | 'html' | 'pdf' | 'docx' | 'csv' | 'json' | 'yaml' | 'code';

const extensions: Readonly<Record<Kind, readonly string[]>> = {
  markdown: ['.md', '.markdown', '.mdx'],
  text: ['.txt', '.text', '.rst', '.adoc'],
  html: ['.html', '.htm', '.xhtml'],
  pdf: ['.pdf'],
  docx: ['.docx'],
  csv: ['.csv', '.tsv'],
  json: ['.json', '.jsonl', '.ndjson'],
  yaml: ['.yaml', '.yml'],
  code: (
    '.ts .tsx .mts .cts .js .jsx .mjs .cjs .svelte .vue .py .rs .go .java .kt .kts .scala .swift .c .h .cc .cpp .cxx .hpp ' +
    '.cs .rb .php .pl .lua .sh .bash .sql .r .jl .ex .exs .erl .hs .ml .clj .dart .zig .css .scss .toml .ini .proto .tf'
  ).split(' '),
};

const kinds = new Map(
  Object.entries(extensions).flatMap(([kind, list]) => list.map((extension) => [extension, kind as Kind] as const)),
);

/** For messages. */
export const kindsInWords = 'Markdown, text, HTML, PDF, DOCX, CSV, JSON, YAML and source code';

/** What other programs lock their dependencies with: long, and nobody asks about it. */
const leftOut = /^(package-lock\.json|npm-shrinkwrap\.json|pnpm-lock\.yaml)$|\.min\.(js|css)$/;

/** What a file is by its name; undefined when it is no document. */
export function kindOf(path: string): Kind | undefined {
  const name = posix.basename(path).toLowerCase();
  return leftOut.test(name) ? undefined : kinds.get(posix.extname(name));
}

const mebibyte = 1024 * 1024;

/** The longest file that is read: beyond it a text is data, hardly a document. */
export const documentBytesMax: Readonly<Record<Kind, number>> = {
  markdown: 4 * mebibyte,
  text: 4 * mebibyte,
  html: 4 * mebibyte,
  pdf: 64 * mebibyte,
  docx: 32 * mebibyte,
  csv: 8 * mebibyte,
  json: 8 * mebibyte,
  yaml: 2 * mebibyte,
  code: mebibyte,
};
