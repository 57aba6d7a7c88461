import { ConnectionId, Identity, Timestamp } from 'spacetimedb';

// What was seen last, kept in this browser: the page shows it, marked as such, until the hub answers. It goes when
// somebody signs out.

const prefix = 'helix.kept.';

/** Keeps a value under a name; where the browser stores nothing, nothing is kept. */
export function keep(name: string, value: unknown): void {
  try {
    localStorage.setItem(prefix + name, JSON.stringify(encode(value)));
  } catch {
    forget(name);
  }
}

/** What was kept under a name; undefined for nothing, or for what cannot be read. */
export function recall<T>(name: string): T | undefined {
  try {
    const text = localStorage.getItem(prefix + name);
    return text === null ? undefined : (decode(JSON.parse(text)) as T);
  } catch {
    return undefined;
  }
}

export function forget(name: string): void {
  try {
    localStorage.removeItem(prefix + name);
  } catch {
    return;
  }
}

/** What JSON cannot hold is an object with the one key that says what it is. */
export function encode(value: unknown): unknown {
  if (typeof value === 'bigint') return { $big: String(value) };
  if (value === undefined) return { $none: 0 };
  if (value instanceof Identity) return { $identity: value.toHexString() };
  if (value instanceof ConnectionId) return { $connection: value.toHexString() };
  if (value instanceof Timestamp) return { $time: String(value.microsSinceUnixEpoch) };
  if (Array.isArray(value)) return value.map(encode);
  if (typeof value === 'object' && value !== null) return mapValues(value, encode);
  return value;
}

export function decode(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(decode);
  if (typeof value !== 'object' || value === null) return value;
  if ('$big' in value) return BigInt(String(value.$big));
  if ('$none' in value) return undefined;
  if ('$identity' in value) return Identity.fromString(String(value.$identity));
  if ('$connection' in value) return ConnectionId.fromString(String(value.$connection));
  if ('$time' in value) return new Timestamp(BigInt(String(value.$time)));
  return mapValues(value, decode);
}

function mapValues(value: object, map: (part: unknown) => unknown): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, map(part)]));
}
