import { Rejection } from '../../errors.ts';
import { identityFromHex } from '../identity/identity.ts';

const namePattern = /^[a-z0-9]+(-[a-z0-9]+)*$/;
const nameCharsMax = 128;

/** @throws Rejection `database-name` for what cannot be a database's name */
export function requireDatabaseName(name: string): void {
  if (namePattern.test(name) && name.length <= nameCharsMax && identityFromHex(name) === undefined) return;
  throw new Rejection(
    'database-name',
    `\`${name.slice(0, nameCharsMax)}\` cannot be a database's name: use lower-case letters and digits, with ` +
      `single hyphens between them, at most ${nameCharsMax} characters, and not 64 hex digits.`,
  );
}
