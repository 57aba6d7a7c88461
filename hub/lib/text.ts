import { SenderError } from 'spacetimedb/server';
import { limits } from './limits.ts';

/**
 * The text trimmed. `what` is its name and a part of the code: `dedupe-key`.
 * @throws SenderError when it is empty or has more than `charsMax` characters
 */
export function requireText(what: string, text: string, charsMax: number): string {
  const trimmed = text.trim();
  const name = what.replaceAll('-', ' ');
  if (trimmed === '') throw new SenderError(`invalid-${what}: the ${name} is empty; write one`);
  if (trimmed.length > charsMax) {
    throw new SenderError(
      `invalid-${what}: the ${name} has ${trimmed.length} characters, at most ${charsMax} are allowed; shorten it`,
    );
  }
  return trimmed;
}

/** As `requireText`, for what may be left out: empty stays empty. */
export function optionalText(what: string, text: string, charsMax: number): string {
  return text.trim() === '' ? '' : requireText(what, text, charsMax);
}

/** The name of a skill. It is a part of routes, so it must not hold the sign that separates their parts. */
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
