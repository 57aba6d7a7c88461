export type Mode = 'question' | 'python';

const key = 'helix.draft';

/** A name for a submission that nobody else uses. `randomUUID` exists only on https and on localhost. */
export function freshReference(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/**
 * What is written but not yet acknowledged by the hub. It is kept over a reload, with the reference under which it was
 * perhaps sent already.
 */
export class Draft {
  mode: Mode = $state('question');
  question = $state('');
  code = $state('');
  /** Set by whoever wants the composer to take the focus, as soon as it is there. */
  wantsFocus = $state(false);
  #reference = freshReference();

  constructor() {
    const kept = read();
    this.mode = kept.mode === 'python' ? 'python' : 'question';
    if (typeof kept.question === 'string') this.question = kept.question;
    if (typeof kept.code === 'string') this.code = kept.code;
    if (typeof kept.reference === 'string') this.#reference = kept.reference;
  }

  get text(): string {
    return this.mode === 'question' ? this.question : this.code;
  }

  get reference(): string {
    return this.#reference;
  }

  /** A changed text is another submission, even when the earlier one may have arrived. */
  write(text: string): void {
    if (this.mode === 'question') this.question = text;
    else this.code = text;
    this.#reference = freshReference();
    this.keep();
  }

  switchTo(mode: Mode): void {
    if (mode === this.mode) return;
    this.mode = mode;
    this.#reference = freshReference();
    this.keep();
  }

  askFocus(): void {
    this.wantsFocus = true;
  }

  /** Forgets a text that the hub has acknowledged, unless another has been written meanwhile. */
  sent(reference: string): void {
    if (reference === this.#reference) this.write('');
  }

  /** Leaves nothing for whoever signs in next. */
  clear(): void {
    this.question = '';
    this.code = '';
    this.write('');
  }

  keep(): void {
    const { mode, question, code, reference } = this;
    try {
      sessionStorage.setItem(key, JSON.stringify({ mode, question, code, reference }));
    } catch {
      return;
    }
  }
}

function read(): Partial<Record<'mode' | 'question' | 'code' | 'reference', unknown>> {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(key) ?? '{}');
    return typeof kept === 'object' && kept !== null ? kept : {};
  } catch {
    return {};
  }
}
