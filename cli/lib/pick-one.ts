import { Failure } from './failure.ts';

const keyCharsMin = 4;

/**
 * The row that somebody means: by its name, its key, or the beginning of a long key such as an Identity.
 * @throws Failure when there is none, or more than one
 */
export function pickOne<Row>(
  what: string,
  rows: readonly Row[],
  text: string,
  { nameOf, keyOf }: { nameOf: (row: Row) => string; keyOf: (row: Row) => string },
): Row {
  const isMeant = (row: Row): boolean => {
    const key = keyOf(row);
    return nameOf(row) === text || key === text || (text.length >= keyCharsMin && key.startsWith(text.toLowerCase()));
  };
  const meant = rows.filter(isMeant);
  const [only, another] = meant;
  if (only !== undefined && another === undefined) return only;
  if (only === undefined) {
    const known = rows.map(nameOf).sort().join(', ');
    throw new Failure(
      `There is no ${what} ${text}: ${known === '' ? `there is no ${what} at all` : `there is ${known}`}`,
    );
  }
  throw new Failure(`${meant.length} ${what}s are called ${text}: name one by ${meant.map(keyOf).join(' or ')}`);
}
