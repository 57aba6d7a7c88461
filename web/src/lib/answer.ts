/** A small and safe reading of the Markdown that language models write: no HTML, no links, no images. */
export type Block =
  | { readonly kind: 'paragraph'; readonly spans: readonly Span[] }
  | { readonly kind: 'list'; readonly isNumbered: boolean; readonly items: readonly (readonly Span[])[] }
  | { readonly kind: 'code'; readonly code: string };

export type Span =
  | { readonly kind: 'text' | 'code' | 'strong' | 'em'; readonly text: string }
  /** A reference to citation `number`, counted from 1. */
  | { readonly kind: 'citation'; readonly number: number };

const bullet = /^\s*[-*•]\s+(.*)$/;
const numbered = /^\s*\d{1,3}[.)]\s+(.*)$/;

export function readAnswer(text: string, citationCount: number): Block[] {
  const blocks: Block[] = [];
  let paragraph: string[] = [];
  let items: string[] = [];
  let isNumbered = false;

  const spans = (line: string): Span[] => readSpans(line, citationCount);
  const endParagraph = (): void => {
    if (paragraph.length > 0) blocks.push({ kind: 'paragraph', spans: spans(paragraph.join('\n')) });
    paragraph = [];
  };
  const endList = (): void => {
    if (items.length > 0) blocks.push({ kind: 'list', isNumbered, items: items.map(spans) });
    items = [];
  };

  const lines = text.replaceAll('\r\n', '\n').split('\n');
  for (let at = 0; at < lines.length; at += 1) {
    const line = lines[at] ?? '';
    if (line.trimStart().startsWith('```')) {
      endParagraph();
      endList();
      const end = lines.findIndex((other, index) => index > at && other.trimStart().startsWith('```'));
      const last = end === -1 ? lines.length : end;
      blocks.push({ kind: 'code', code: lines.slice(at + 1, last).join('\n') });
      at = last;
      continue;
    }
    const item = bullet.exec(line) ?? numbered.exec(line);
    if (item) {
      const isNumberedItem = !bullet.test(line);
      endParagraph();
      if (isNumberedItem !== isNumbered) endList();
      isNumbered = isNumberedItem;
      items.push(item[1] ?? '');
    } else if (line.trim() === '') {
      endParagraph();
      endList();
    } else if (items.length > 0 && /^\s/.test(line)) {
      items.push(`${items.pop() ?? ''} ${line.trim()}`);
    } else {
      endList();
      paragraph.push(line.replace(/^#{1,6}\s+(.*)$/, '**$1**'));
    }
  }
  endParagraph();
  endList();
  return blocks;
}

function readSpans(text: string, citationCount: number): Span[] {
  const spans: Span[] = [];
  const add = (kind: 'text' | 'code' | 'strong' | 'em', part: string): void => {
    if (part !== '') spans.push({ kind, text: part });
  };
  let from = 0;
  for (const match of text.matchAll(
    /`([^`\n]+)`|\*\*([^*\n]+)\*\*|\[(\d{1,2})\]|(?<![\w*])\*([^\s*](?:[^*\n]*[^\s*])?)\*(?![\w*])/g,
  )) {
    const number = Number(match[3]);
    if (match[3] !== undefined && (number < 1 || number > citationCount)) continue;
    add('text', text.slice(from, match.index));
    if (match[1] !== undefined) add('code', match[1]);
    else if (match[2] !== undefined) add('strong', match[2]);
    else if (match[4] !== undefined) add('em', match[4]);
    else spans.push({ kind: 'citation', number });
    from = match.index + match[0].length;
  }
  add('text', text.slice(from));
  return spans;
}
