import { createHash, randomBytes } from 'node:crypto';

// Without I, L, O and U, which are mistaken for others or make words.
const alphabet = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const charCount = 32;
const groupChars = 4;

/** A one-time code of 160 random bits, in groups that can be read out. */
export function createCode(): string {
  const chars = Array.from(randomBytes(charCount), (byte) => alphabet.charAt(byte % alphabet.length)).join('');
  return (chars.match(new RegExp(`.{${groupChars}}`, 'g')) ?? []).join('-');
}

/** All that a hub is told of a code: its SHA-256 in hex. */
export function hashCode(code: string): string {
  return createHash('sha256').update(code).digest('hex');
}
