import type { Value } from '../sats/type.ts';

/** The order of SQL, for the values that have one: numbers by size, false before true, text and bytes byte by byte. */
export function compareValues(a: Value, b: Value): number {
  if (Array.isArray(a) && Array.isArray(b)) return compareValues(a[0] as Value, b[0] as Value);
  if (a instanceof Uint8Array && b instanceof Uint8Array) return compareBytes(a, b);
  if (typeof a === 'number' && typeof b === 'number' && (Number.isNaN(a) || Number.isNaN(b))) {
    return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  }
  return a < b ? -1 : a > b ? 1 : 0;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let at = 0; at < Math.min(a.length, b.length); at++) {
    const difference = (a[at] ?? 0) - (b[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
