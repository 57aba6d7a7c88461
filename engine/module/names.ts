/** How a module wants its names to be written; `none` keeps them as they are. */
export type CasePolicy = 'snake' | 'none';

/**
 * The words of a name: split at `_`, `-` and spaces, between lower and upper case, around digits, and before the last
 * capital of an acronym (`HTTPServer` is `HTTP`, `Server`).
 */
function words(name: string): string[] {
  return name
    .replaceAll(/[_\-\s]+/gu, ' ')
    .replaceAll(/(\p{Lu})(?=\p{Lu}\p{Ll})/gu, '$1 ')
    .replaceAll(/(\p{Ll})(?=\p{Lu})/gu, '$1 ')
    .replaceAll(/(\p{L})(?=\p{Nd})/gu, '$1 ')
    .replaceAll(/(\p{Nd})(?=\p{L})/gu, '$1 ')
    .split(' ')
    .filter((word) => word !== '');
}

const capital = (word: string): string => word.charAt(0).toUpperCase() + word.slice(1).toLowerCase();

/** `player1Id` becomes `player_1_id`. */
export function snakeCase(name: string): string {
  return words(name).join('_').toLowerCase();
}

/** `user_name` becomes `UserName`. */
export function pascalCase(name: string): string {
  return words(name).map(capital).join('');
}

/** `user_name` becomes `userName`. */
export function camelCase(name: string): string {
  const pascal = pascalCase(name);
  return pascal.charAt(0).toLowerCase() + pascal.slice(1);
}

/**
 * Words that cannot name anything because SQL claims them. `user` is not among them: the public examples have a table
 * of that name.
 */
const reserved = new Set(
  (
    'all array as asc asymmetric authorization binary both case cast check collate collation column concurrently ' +
    'constraint create cross current_catalog current_date current_role current_schema current_time ' +
    'current_timestamp current_user default deferrable desc distinct else end except false fetch for foreign freeze ' +
    'from full grant group having ilike in initially inner intersect into is isnull join lateral leading left like ' +
    'limit localtime localtimestamp natural not notnull null offset or outer overlaps placing primary references ' +
    'returning select session_user similar some symmetric system_user table tablesample then trailing true union ' +
    'unique using variadic verbose when window with'
  ).split(' '),
);

/** What is wrong with `name` as an identifier, or undefined. */
export function identifierProblem(name: string): string | undefined {
  if (name === '') return 'it is empty';
  if (name.normalize('NFC') !== name) return 'it is not in Unicode normalization form C';
  if (!/^[\p{XID_Start}_]\p{XID_Continue}*$/u.test(name)) {
    return 'it must start with a letter or `_` and continue with letters, digits or `_`';
  }
  if (reserved.has(name.toLowerCase())) return 'SQL reserves that word';
  return undefined;
}
