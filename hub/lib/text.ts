import { SenderError } from 'spacetimedb/server';

/** The text trimmed, or a rejection that says what is wrong with it. */
export function requireText(what: string, text: string, charsMax: number): string {
  const trimmed = text.trim();
  if (trimmed === '') throw new SenderError(`invalid-${what}: the ${what} is empty`);
  if (trimmed.length > charsMax) {
    throw new SenderError(
      `invalid-${what}: the ${what} has ${trimmed.length} characters, at most ${charsMax} are allowed`,
    );
  }
  return trimmed;
}

/** The text cut to a length, with an ellipsis where something is missing. */
export function clip(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax - 1)}…`;
}

export function utf8Bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}
