import { Rejection } from '../../errors.ts';
import { identityFromHex } from '../identity/identity.ts';

const NAME = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const NAME_CHARACTERS_MAX = 128;

/** @throws Rejection `database-name` for what cannot be a database's name */
export function requireDatabaseName(name: string): void {
  if (NAME.test(name) && name.length <= NAME_CHARACTERS_MAX && identityFromHex(name) === undefined) return;
  throw new Rejection(
    'database-name',
    `\`${name.slice(0, NAME_CHARACTERS_MAX)}\` cannot be a database's name: use lower-case letters and digits, with ` +
      `single hyphens between them, at most ${NAME_CHARACTERS_MAX} characters, and not 64 hex digits.`,
  );
}
