import { LimbError } from '../../errors.ts';
import type { Section } from '../../memory/chunks.ts';
import { unreadable } from '../../memory/memory.ts';

/** A document by its structure. */
export interface Parsed {
  /** Empty when it says none. */
  readonly title: string;
  readonly sections: Section[];
}

/** Why one document is not remembered, as the end of a sentence about it. */
export function refuse(reason: string, cause?: unknown): LimbError {
  return new LimbError(unreadable, reason, { cause });
}

/** The text of bytes. Throws `LimbError` when they are no UTF-8. */
export function decode(bytes: Uint8Array): string {
  if (!bytes.includes(0)) {
    try {
      return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    } catch {
      // Said below, as for bytes that no text has.
    }
  }
  throw refuse('it is not text in UTF-8');
}
