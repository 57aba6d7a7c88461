import { ConnectionId, Identity, Timestamp } from 'spacetimedb';

/** A row as JSON can hold it: 64-bit numbers and identities are text, times ISO 8601, a variant of an enum its name, nothing null. */
export function plainRow(row: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)]));
}

/** Rows as JSON for programs. */
export function jsonOf(rows: readonly object[]): string {
  return JSON.stringify(rows.map(plainRow), undefined, 2);
}

function plain(value: unknown): unknown {
  if (value === undefined) return null;
  if (typeof value === 'bigint') return value.toString();
  if (value instanceof Identity || value instanceof ConnectionId) return value.toHexString();
  if (value instanceof Timestamp) return value.toISOString();
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) {
    return 'tag' in value ? value.tag : plainRow(value);
  }
  return value;
}
