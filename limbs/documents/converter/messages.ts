import type { Parsed } from '../formats/parsed.ts';
import type { Kind } from '../kinds.ts';

export interface ConvertMessage {
  readonly kind: Kind;
  readonly path: string;
  readonly bytes: Uint8Array;
}

export type ConvertedMessage =
  | { readonly parsed: Parsed }
  /** Why the document cannot be read. */
  | { readonly reason: string };
