import pc from 'picocolors';
import { oneLine, printable } from './terminal.ts';

/** Hears what goes on beside the result of a command. */
export interface Watcher {
  line(line: string): void;
  /** A text that grows, such as an answer, as far as it is known; `key` says which. */
  text?(key: string, text: string): void;
  /** The result comes now. */
  end?(): void;
}

/** Shows lines, and texts as they grow: on a terminal in place, until the result takes their place; else by the line. */
export function watchOn(output: NodeJS.WriteStream): Watcher {
  return output.isTTY ? new Screen(output) : new Lines(output);
}

/** Shows lines only. */
export function watchLinesOn(output: NodeJS.WriteStream): Watcher {
  return { line: (line) => output.write(`${noted(line)}\n`) };
}

class Screen implements Watcher {
  readonly #output: NodeJS.WriteStream;
  #text = '';
  #shownRows = 0;

  constructor(output: NodeJS.WriteStream) {
    this.#output = output;
  }

  line(line: string): void {
    this.#clear();
    this.#output.write(`${noted(line)}\n`);
    this.#draw();
  }

  text(_key: string, text: string): void {
    this.#text = text;
    this.#clear();
    this.#draw();
  }

  end(): void {
    this.#clear();
    this.#text = '';
  }

  #clear(): void {
    if (this.#shownRows > 0) this.#output.write(`\x1b[${this.#shownRows}A\x1b[0J`);
    this.#shownRows = 0;
  }

  /** Only as much as fits the screen: rows that have left it cannot be taken back. */
  #draw(): void {
    if (this.#text === '') return;
    // A terminal may not know its size, and then says 0.
    const [columns, rows] = [this.#output.columns || 80, this.#output.rows || 24];
    const lines = wrapped(printable(this.#text), Math.max(10, columns - 1)).slice(-Math.max(1, rows - 2));
    this.#output.write(lines.map((line) => `${pc.dim(line)}\n`).join(''));
    this.#shownRows = lines.length;
  }
}

const lineCharsMin = 80;
const lineCharsMax = 400;

class Lines implements Watcher {
  readonly #output: NodeJS.WriteStream;
  #key = '';
  #text = '';
  #toldChars = 0;

  constructor(output: NodeJS.WriteStream) {
    this.#output = output;
  }

  line(line: string): void {
    this.end();
    this.#output.write(`${noted(line)}\n`);
  }

  text(key: string, text: string): void {
    if (key !== this.#key) {
      this.end();
      this.#key = key;
      this.#toldChars = 0;
    }
    this.#text = text;
    for (;;) {
      const chars = lineEnd(text.slice(this.#toldChars));
      if (chars === 0) return;
      this.#tell(chars);
    }
  }

  end(): void {
    this.#tell(this.#text.length - this.#toldChars);
  }

  #tell(chars: number): void {
    const line = this.#text.slice(this.#toldChars, this.#toldChars + chars);
    this.#toldChars += chars;
    if (line.trim() !== '') this.#output.write(`${noted(line)}\n`);
  }
}

function noted(line: string): string {
  return pc.dim(`· ${oneLine(line)}`);
}

/** How many characters the first whole line has: up to a line break, or to a sentence's end after some length; 0 for none yet. */
function lineEnd(text: string): number {
  const lineBreak = text.indexOf('\n');
  if (lineBreak !== -1 && lineBreak < lineCharsMax) return lineBreak + 1;
  const sentence = new RegExp(`^[\\s\\S]{${lineCharsMin},}?[.!?]\\s`).exec(text.slice(0, lineCharsMax))?.[0];
  if (sentence) return sentence.length;
  return text.length >= lineCharsMax ? text.lastIndexOf(' ', lineCharsMax) + 1 || lineCharsMax : 0;
}

/** Some characters take two columns. */
const wide = /[\u2e80-\uffff]|\p{Extended_Pictographic}/u;

/** The text in rows of a width, broken between words where that is possible. */
function wrapped(text: string, columns: number): string[] {
  return text
    .replaceAll('\t', '  ')
    .split('\n')
    .flatMap((line) => {
      const width = wide.test(line) ? Math.floor(columns / 2) : columns;
      const rows: string[] = [];
      let rest = line;
      while (rest.length > width) {
        const space = rest.lastIndexOf(' ', width);
        rows.push(rest.slice(0, space > 0 ? space : width));
        rest = rest.slice(space > 0 ? space + 1 : width);
      }
      return [...rows, rest];
    });
}
