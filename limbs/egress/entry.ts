import { createHash } from 'node:crypto';
import { z } from 'zod';

/** One message that left this machine for the hub. */
const entrySchema = z.strictObject({
  /** Counts from 1 without gaps. */
  number: z.number().int().min(1),
  /** ISO 8601. */
  time: z.string(),
  /** The hub's reducer that got it. */
  reducer: z.string(),
  /** Of the payload as JSON. */
  bytes: z.number().int().min(0),
  /** Of the payload as JSON, hex. */
  sha256: z.string(),
  /** What was sent; null where it was a secret, such as a one-time code. */
  payload: z.unknown(),
  /** The hash of the entry before it and of this one's other fields: a line that is changed or taken away shows. */
  chain: z.string(),
});

export type Entry = z.infer<typeof entrySchema>;

/** The entry in a line of a file, or undefined when there is none. */
export function entryOf(line: string): Entry | undefined {
  try {
    return entrySchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

export const chainStart = '0'.repeat(64);

export function chainOf(before: string, { chain: _, ...entry }: Entry): string {
  return sha256(before + JSON.stringify(entry));
}

/** JSON with 64-bit numbers as text and bytes as hex. */
export function payloadText(payload: unknown): string {
  const plain = (_key: string, value: unknown) => (typeof value === 'bigint' ? value.toString() : value);
  return JSON.stringify(payload ?? {}, plain);
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
