import { createHash, randomInt } from 'node:crypto';

// Letters only, so that a code can be read out; without I and O, which are mistaken for others.
const alphabet = 'ABCDEFGHJKLMNPQRSTUVWXYZ';
const groupCount = 6;
const groupChars = 4;

/** A one-time code of six groups of letters: 110 random bits, of which the first group only tells codes apart. */
export function createCode(): string {
  const group = (): string =>
    Array.from({ length: groupChars }, () => alphabet.charAt(randomInt(alphabet.length))).join('');
  return Array.from({ length: groupCount }, group).join('-');
}

/** The group of a code by which a hub finds it. */
export function handleOf(code: string): string {
  return code.slice(0, groupChars);
}

/** All that a hub is told of a code: its SHA-256 in hex. */
export function hashCode(code: string): string {
  return createHash('sha256').update(code).digest('hex');
}
