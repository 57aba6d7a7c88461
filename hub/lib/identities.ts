import type { Identity } from 'spacetimedb';

/** Whether two are one. Their own `isEqual` writes both as text, which costs more than reading a row. */
export function isSame(one: Identity, other: Identity): boolean {
  return one.__identity__ === other.__identity__;
}
