import { cleanText } from '../../text.ts';

const lineCharsMin = 80;
const lineCharsMax = 400;

/** Hands on a streamed answer in lines fit to read; what a model thinks aloud between `<think>` marks is left out. */
export class StreamedText {
  #text = '';
  #told = 0;
  readonly #onLine: (line: string) => void;

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  push(piece: string): void {
    this.#text += piece;
    // The start of a mark may turn into one.
    const spoken = withoutThoughts(this.#text).replace(/<(?:t(?:h(?:i(?:n(?:k)?)?)?)?)?$/, '');
    for (;;) {
      const rest = spoken.slice(this.#told);
      const end = lineEnd(rest);
      if (end === 0) return;
      this.#tell(rest.slice(0, end));
    }
  }

  end(): void {
    this.#tell(withoutThoughts(this.#text).slice(this.#told));
    this.drop();
  }

  /** What was not told yet is not told any more: the text begins anew. */
  drop(): void {
    this.#text = '';
    this.#told = 0;
  }

  #tell(text: string): void {
    this.#told += text.length;
    const line = cleanText(text).trim();
    if (line !== '') this.#onLine(line);
  }
}

/** The text without thoughts, of which the last may still go on. */
export function withoutThoughts(text: string): string {
  return text.replace(/<think>[\s\S]*?(<\/think>|$)/g, '');
}

/** Where the first whole line ends: after a line break, or after a sentence of some length; 0 for not yet. */
function lineEnd(text: string): number {
  const lineBreak = text.indexOf('\n');
  if (lineBreak !== -1 && lineBreak < lineCharsMax) return lineBreak + 1;
  const sentence = new RegExp(`^[\\s\\S]{${lineCharsMin},}?[.!?]\\s`).exec(text.slice(0, lineCharsMax))?.[0];
  if (sentence) return sentence.length;
  return text.length >= lineCharsMax ? text.lastIndexOf(' ', lineCharsMax) + 1 || lineCharsMax : 0;
}
