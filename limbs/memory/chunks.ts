import type { Chunk } from './memory.ts';

/** An embedding of a longer text blurs: sentences about one thing should share a vector. */
export const chunkCharsMax = 900;

const sectionCharsMax = 120;

/** A part of a document under its headings, outermost first: paragraphs, rows or definitions that belong together. */
export interface Section {
  readonly headings: readonly string[];
  readonly blocks: string[];
  /** What stands between two blocks; default an empty line. */
  readonly joint?: string;
}

/** Cuts Markdown at its headings, then packs each section's paragraphs into chunks of at most `chunkCharsMax`. */
export function chunkMarkdown(markdown: string): Chunk[] {
  return chunkSections(sectionsOf(markdown));
}

/** Packs each section's blocks into chunks of at most `chunkCharsMax`. */
export function chunkSections(sections: readonly Section[]): Chunk[] {
  const chunks: Chunk[] = [];
  for (const { headings, blocks, joint } of sections) {
    const section = sectionName(headings);
    for (const content of pack(blocks, joint ?? '\n\n')) chunks.push({ section, content });
  }
  return chunks;
}

/**
 * Sections in order, each with its paragraphs, lists, tables and code blocks. In plain text only underlined lines are
 * headings: a `#` begins many other things there.
 */
export function sectionsOf(markdown: string, { isPlain = false } = {}): Section[] {
  const sections: Section[] = [{ headings: [], blocks: [] }];
  const headings: { level: number; text: string }[] = [];
  let block: string[] = [];
  let fence = '';

  const endBlock = () => {
    const text = block.join('\n').trimEnd();
    if (text.trim() !== '') sections.at(-1)?.blocks.push(text);
    block = [];
  };
  const startSection = (level: number, text: string) => {
    endBlock();
    while ((headings.at(-1)?.level ?? 0) >= level) headings.pop();
    headings.push({ level, text });
    sections.push({ headings: headings.map((heading) => heading.text), blocks: [] });
  };

  for (const line of withoutFrontMatter(markdown).split(/\r?\n/)) {
    const mark = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1] ?? '';
    if (fence !== '') {
      block.push(line);
      if (mark.startsWith(fence)) {
        fence = '';
        endBlock();
      }
      continue;
    }
    const heading = isPlain ? null : /^ {0,3}(#{1,6})[ \t]+(.*?)[ \t]*#*[ \t]*$/.exec(line);
    const underline = /^ {0,3}(=+|-{2,})[ \t]*$/.exec(line)?.[1];
    if (mark !== '') {
      endBlock();
      fence = mark;
      block.push(line);
    } else if (heading?.[1]) {
      startSection(heading[1].length, plainHeading(heading[2] ?? ''));
    } else if (underline && block.length === 1 && !/^\s*([-*+>|]|\d+[.)])/.test(block[0] ?? '')) {
      const text = block[0] ?? '';
      block = [];
      startSection(underline.startsWith('=') ? 1 : 2, plainHeading(text));
    } else if (line.trim() === '') {
      endBlock();
    } else {
      block.push(line);
    }
  }
  endBlock();
  return sections.filter((section) => section.blocks.length > 0);
}

/** Whole blocks together as long as they fit; a block that is too long alone is cut between sentences. */
function pack(blocks: readonly string[], joint: string): string[] {
  const packed: string[] = [];
  let current = '';
  for (const piece of blocks.flatMap(cut)) {
    if (current !== '' && current.length + joint.length + piece.length > chunkCharsMax) {
      packed.push(current);
      current = '';
    }
    current = current === '' ? piece : `${current}${joint}${piece}`;
  }
  if (current !== '') packed.push(current);
  return packed;
}

/** Pieces of at most `chunkCharsMax`; pieces of code are fenced like the whole, or they would read as prose. */
function cut(block: string): string[] {
  const [, open, fence, body] = /^( {0,3}(`{3,}|~{3,})[^\n]*)\n([\s\S]*)$/.exec(block) ?? [];
  if (block.length <= chunkCharsMax || !open || !fence || !body || open.length > 100) {
    return cutText(block, chunkCharsMax);
  }
  const code = body.endsWith(`\n${fence}`) ? body.slice(0, -fence.length - 1) : body;
  const lines = cutText(code, chunkCharsMax - open.length - fence.length - 2);
  return lines.map((piece) => `${open}\n${piece}\n${fence}`);
}

/** Pieces of at most `charsMax`, cut after a line, else after a sentence, else after a word, else anywhere. */
function cutText(text: string, charsMax: number): string[] {
  const pieces: string[] = [];
  let rest = text;
  while (rest.length > charsMax) {
    const window = rest.slice(0, charsMax);
    const end =
      [window.lastIndexOf('\n'), lastSentenceEnd(window), window.lastIndexOf(' ')].find(
        (position) => position > charsMax / 3,
      ) ?? wholeCharacters(window);
    pieces.push(rest.slice(0, end).trimEnd());
    rest = rest.slice(end).trimStart();
  }
  if (rest !== '') pieces.push(rest);
  return pieces;
}

function lastSentenceEnd(text: string): number {
  let end = -1;
  for (const match of text.matchAll(/[.!?]["')\]]?\s/g)) end = match.index + match[0].length;
  return end;
}

/** Half of a surrogate pair is no text. */
function wholeCharacters(text: string): number {
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last <= 0xdbff ? text.length - 1 : text.length;
}

function sectionName(headings: readonly string[]): string {
  const name = headings.filter((heading) => heading !== '').join(' › ');
  // The innermost heading says most.
  return name.length <= sectionCharsMax ? name : `…${name.slice(name.length - sectionCharsMax + 1)}`;
}

function plainHeading(text: string): string {
  return (
    text
      .replace(/!?\[([^\]]*)\]\([^)]*\)/g, '$1')
      .replace(/[*`]/g, '')
      // Underscores within a word belong to a name.
      .replace(/(?<![\p{L}\p{N}])_+|_+(?![\p{L}\p{N}])/gu, '')
      .replace(/<[^>]+>/g, '')
      .trim()
  );
}

/** The lines between `---` at the very start are about the document, not part of it. */
function withoutFrontMatter(markdown: string): string {
  return markdown.replace(/^\uFEFF/, '').replace(/^---\r?\n[\s\S]*?\r?\n---\r?\n/, '');
}
