/** A sentence as a reader would quote it, without markup. */
export interface Sentence {
  readonly text: string;
  /** Which paragraph or list item of the part it stands in, and where. */
  readonly block: number;
  readonly place: number;
}

const sentenceCharsMin = 12;
const sentenceCharsMax = 400;
const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' });

/**
 * The sentences of a part of a document: prose and list items, and the rows of tables that name a thing and say what it is.
 * Code, other tables and headings are left out.
 */
export function sentencesOf(markdown: string): Sentence[] {
  const sentences: Sentence[] = [];
  for (const [block, text] of proseBlocks(markdown).entries()) {
    for (const [place, sentence] of split(plainText(text)).entries()) {
      if (isQuotable(sentence)) sentences.push({ text: sentence, block, place });
    }
  }
  return sentences;
}

/** Markdown's inline marks taken away; code keeps its backticks, which tell names from words. */
export function plainText(markdown: string): string {
  return markdown
    .replace(/<!--[\s\S]*?-->/g, '')
    .replace(/!\[[^\]]*\](\([^)]*\)|\[[^\]]*\])/g, '')
    .replace(/\[([^\]]*)\](\([^)]*\)|\[[^\]]*\])/g, '$1')
    .replace(/<(https?:[^>]+)>/g, '$1')
    .replace(/<\/?[a-z][^>]*>/gi, '')
    .replace(/(\*\*|__)(?=\S)([\s\S]*?\S)\1/g, '$2')
    .replace(/(?<![\w*])([*_])(?=\S)([^*_]*?\S)\1(?![\w*])/g, '$2')
    .replace(/&nbsp;/g, ' ')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&amp;/g, '&')
    .replace(/\\([\\`*_{}[\]()#+\-.!|>])/g, '$1')
    .replace(/\s+/g, ' ')
    .trim();
}

function proseBlocks(markdown: string): string[] {
  const blocks: string[] = [];
  let block: string[] = [];
  let fence = '';
  const end = () => {
    if (block.length > 0) blocks.push(block.join(' '));
    block = [];
  };
  for (const line of markdown.split('\n')) {
    const mark = /^\s{0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (fence !== '') {
      if (mark?.startsWith(fence)) fence = '';
      continue;
    }
    if (mark) {
      fence = mark;
      end();
    } else if (isApart(line)) {
      end();
      const [name, meaning, ...more] = cellsOf(line);
      if (name && meaning && more.length === 0 && (meaning.match(/\p{L}{2,}/gu)?.length ?? 0) >= 4)
        blocks.push(`${name}: ${meaning}`);
    } else {
      const item = /^\s*(?:>\s?)*(?:[-*+•]|\d+[.)])\s+(?:\[[ xX]\]\s+)?(.*)$/.exec(line);
      if (item) end();
      block.push(item?.[1] ?? line.replace(/^\s*(?:>\s?)+/, '').trim());
    }
  }
  end();
  return blocks;
}

/** Blank lines, headings, tables, rules and code by indentation are no prose, and end it. */
function isApart(line: string): boolean {
  return (
    /^\s*(?:>\s*)*$/.test(line) ||
    /^\s{0,3}(#{1,6}\s|\||[-*_=](\s*[-*_=]){2,}\s*$)/.test(line) ||
    /^(\t| {4,})(?![-*+\d])/.test(line)
  );
}

/** A table row's cells; none for any other line. */
function cellsOf(line: string): string[] {
  const row = /^\s{0,3}\|(.*)\|\s*$/.exec(line)?.[1];
  return row === undefined ? [] : row.split(/(?<!\\)\|/).map((cell) => cell.trim());
}

/** Sentences of plain text; a break after an abbreviation or before a small letter is none. */
function split(text: string): string[] {
  const sentences: string[] = [];
  for (const { segment } of segmenter.segment(text)) {
    const last = sentences.at(-1);
    const isContinued =
      last !== undefined &&
      (/(?:^|[\s(])(?:e\.g|i\.e|etc|vs|cf|approx|incl|no|fig|dr|mr|mrs|ms|prof|st)\.\s*$/i.test(last) ||
        /^\p{Ll}/u.test(segment));
    if (isContinued) sentences[sentences.length - 1] = last + segment;
    else sentences.push(segment);
  }
  // A sentence that begins with a name in backticks begins with a small letter for the segmenter.
  return sentences
    .flatMap((sentence) => sentence.split(/(?<=\p{L}{2}[`)]?[.!?])\s+(?=`)/u))
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '');
}

/** Questions and lines that introduce something answer nothing; fragments are links, labels, code and leftovers. */
function isQuotable(sentence: string): boolean {
  if (sentence.length < sentenceCharsMin || sentence.length > sentenceCharsMax) return false;
  if (/[:?,;{(=]$|=>|\)\.\w+\(/.test(sentence)) return false;
  if (!sentence.includes(' ')) return false;
  const words = sentence.match(/\p{L}{2,}/gu) ?? [];
  return words.length >= 3 && words.join('').length > sentence.length * 0.5;
}
