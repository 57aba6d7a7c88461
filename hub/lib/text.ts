import { SenderError } from 'spacetimedb/server';
import { limits } from './limits.ts';

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

/** The name of a skill. It is part of a lane's name, so it must not hold the sign that separates lanes' parts. */
export function requireSkill(text: string): string {
  const skill = requireText('skill', text, limits.nameCharsMax);
  if (!/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(skill)) {
    throw new SenderError(
      'invalid-skill: the name of a skill starts with a letter or digit; after it _ - . may stand too',
    );
  }
  return skill;
}

/** The text cut to a length, with an ellipsis where something is missing. */
export function clip(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax - 1)}…`;
}

export function utf8Bytes(text: string): number {
  return new TextEncoder().encode(text).length;
}
