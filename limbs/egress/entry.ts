import { createHash } from 'node:crypto';
import { z } from 'zod';

const start = {
  /** Counts from 1 without gaps. */
  number: z.number().int().min(1),
  /** ISO 8601. */
  time: z.string(),
};

const end = {
  /** Of what was sent: the payload as JSON, or the body of a request whose payload is not kept. */
  bytes: z.number().int().min(0),
  /** Of the same, hex. */
  sha256: z.string(),
  /** What was sent; null where it is not kept: a secret, such as a one-time code, or what a model was asked. */
  payload: z.unknown(),
  /** The hash of the entry before it and of this one's other fields: a line that is changed or taken away shows. */
  chain: z.string(),
};

/** A message to the hub. */
const messageSchema = z.strictObject({
  ...start,
  /** The hub's reducer that got it. */
  reducer: z.string(),
  ...end,
});

/** A request to anybody else. */
const requestSchema = z.strictObject({
  ...start,
  /** `https://wiki.example.com` */
  to: z.string(),
  /** `GET`, `POST /v1/chat/completions` */
  request: z.string(),
  /** The number of the task that it was made for; empty for none. */
  task: z.string(),
  ...end,
});

const entrySchema = z.union([messageSchema, requestSchema]);

/** Something that left this machine. */
export type Entry = z.infer<typeof entrySchema>;

/** The entry in a line of a file, or undefined when there is none. */
export function entryOf(line: string): Entry | undefined {
  try {
    return entrySchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

/** What kind of thing it was: the reducer of a message, or the request. */
export function kindOf(entry: Entry): string {
  return 'reducer' in entry ? entry.reducer : entry.request;
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
