import { emitKeypressEvents } from 'node:readline';
import type { Size } from './frame.ts';
import type { Key } from './view.ts';

const enter = '\x1b[?1049h\x1b[?25l';
const leave = '\x1b[?25h\x1b[?1049l';

interface RawKey {
  readonly name?: string;
  readonly ctrl?: boolean;
  readonly meta?: boolean;
}

/** How large the terminal is, or what the environment says, or 80 by 24. */
export function terminalSize(): Size {
  const { columns, rows } = process.stdout;
  return { columns: columns || Number(process.env['COLUMNS']) || 80, rows: rows || Number(process.env['LINES']) || 24 };
}

/** The terminal as a screen of its own: what stood there before comes back in the end. */
export class Screen {
  readonly #onKey: (text: string | undefined, key: RawKey) => void;
  readonly #onResize: () => void;
  readonly #restore = (): void => {
    process.stdout.write(leave);
  };

  constructor(onKey: (key: Key) => void, onResize: () => void) {
    this.#onKey = (text, { name = '', ctrl = false, meta = false }) => {
      if (ctrl && name === 'c') onKey({ name: 'interrupt', text: '' });
      else if (!ctrl) onKey({ name, text: meta || text === undefined || /\p{Cc}/u.test(text) ? '' : text });
    };
    this.#onResize = onResize;
    process.stdout.write(enter);
    // Also when something goes wrong: a terminal that is left on another screen is of no use.
    process.once('exit', this.#restore);
    emitKeypressEvents(process.stdin);
    process.stdin.setRawMode(true);
    process.stdin.on('keypress', this.#onKey);
    process.stdin.resume();
    process.stdout.on('resize', this.#onResize);
  }

  draw(lines: readonly string[]): void {
    process.stdout.write(`\x1b[H${lines.map((line) => `${line}\x1b[K`).join('\r\n')}\x1b[J`);
  }

  close(): void {
    process.stdout.off('resize', this.#onResize);
    process.stdin.off('keypress', this.#onKey);
    process.stdin.setRawMode(false);
    process.stdin.pause();
    process.off('exit', this.#restore);
    this.#restore();
  }
}
