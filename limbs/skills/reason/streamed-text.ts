import { cleanText } from '../../text.ts';

/** What may turn out as the start of a thought, or of what is removed or put together, when more of the text comes. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are removed.
const unclear = /(?:<(?:t(?:h(?:i(?:n(?:k)?)?)?)?)?|[\uD800-\uDBFF]|\r|\u001b(?:\[[0-9;?]*[ -/]*)?)+$/;

/** Hands on an answer as it is written; what a model thinks aloud between `<think>` marks is left out. */
export class StreamedText {
  readonly #tell: (piece: string) => void;
  #text = '';
  #toldChars = 0;

  constructor(tell: (piece: string) => void) {
    this.#tell = tell;
  }

  push(piece: string): void {
    this.#text += piece;
    this.#tellNew(withoutThoughts(this.#text).replace(unclear, ''));
  }

  end(): void {
    this.#tellNew(withoutThoughts(this.#text));
  }

  #tellNew(text: string): void {
    const clean = cleanText(text).trimStart();
    const piece = clean.slice(this.#toldChars);
    this.#toldChars = clean.length;
    if (piece !== '') this.#tell(piece);
  }
}

/** The text without thoughts, of which the last may still go on. */
export function withoutThoughts(text: string): string {
  return text.replace(/<think>[\s\S]*?(<\/think>|$)/g, '');
}
