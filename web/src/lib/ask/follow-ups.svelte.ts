import { freshReference } from '../draft.svelte.ts';

const key = 'helix.follow-ups';

interface Written {
  readonly text: string;
  /** Under which it was perhaps sent already. */
  readonly reference: string;
}

/** What is written to go on with conversations but not yet acknowledged by the hub; kept over a reload. */
export class FollowUps {
  /** By the first task of the conversation. */
  #written: Readonly<Record<string, Written>> = $state.raw(read());

  of(thread: bigint): string {
    return this.#written[String(thread)]?.text ?? '';
  }

  /** The same for as long as the text is the same. */
  referenceOf(thread: bigint): string {
    return this.#written[String(thread)]?.reference ?? '';
  }

  write(thread: bigint, text: string): void {
    const { [String(thread)]: _, ...others } = this.#written;
    this.#keep(text === '' ? others : { ...others, [String(thread)]: { text, reference: freshReference() } });
  }

  /** Forgets a text that the hub has acknowledged, unless another has been written meanwhile. */
  sent(thread: bigint, reference: string): void {
    if (reference === this.referenceOf(thread)) this.write(thread, '');
  }

  /** Leaves nothing for whoever signs in next. */
  clear(): void {
    this.#keep({});
  }

  #keep(written: Readonly<Record<string, Written>>): void {
    this.#written = written;
    try {
      sessionStorage.setItem(key, JSON.stringify(written));
    } catch {
      return;
    }
  }
}

function read(): Record<string, Written> {
  try {
    const kept: unknown = JSON.parse(sessionStorage.getItem(key) ?? '{}');
    if (typeof kept !== 'object' || kept === null) return {};
    return Object.fromEntries(Object.entries(kept).filter(([, value]) => isWritten(value)));
  } catch {
    return {};
  }
}

function isWritten(value: unknown): value is Written {
  return (
    typeof value === 'object' &&
    value !== null &&
    'text' in value &&
    typeof value.text === 'string' &&
    'reference' in value &&
    typeof value.reference === 'string'
  );
}
