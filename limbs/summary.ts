import { z } from 'zod';
import type { SummaryBody } from '../bindings/types.ts';
import { cleanText, clip, oneLine } from './text.ts';

/** The hub's bound of a summary as JSON, 64-bit numbers written as text. */
export const summaryBytesMax = 4096;

const caps = {
  engineBytes: 96,
  noteBytes: 400,
  documentBytes: 200,
  sectionBytes: 160,
  quoteBytes: 320,
  citations: 6,
  artefacts: 8,
  timings: 8,
  timingNameBytes: 48,
} as const;

/** What a long answer keeps of the space when there are many citations. */
const textBytesKept = 1800;

const u32 = z.number().int().min(0).max(0xffffffff);

function textOf(bytesMax: number) {
  return z.string().refine((text) => jsonBytes(text) - 2 <= bytesMax, `at most ${bytesMax} bytes as JSON`);
}

/** What may leave a limb. */
export const summarySchema = z
  .strictObject({
    text: z.string(),
    citations: z
      .array(
        z.strictObject({
          document: textOf(caps.documentBytes),
          section: textOf(caps.sectionBytes),
          quote: textOf(caps.quoteBytes),
        }),
      )
      .max(caps.citations),
    engine: textOf(caps.engineBytes).refine((engine) => engine.trim() !== '', 'names what answered'),
    note: textOf(caps.noteBytes),
    exitCode: z.number().int().min(-0x80000000).max(0x7fffffff).optional(),
    artefacts: z.array(z.string().regex(/^[0-9a-f]{64}$/)).max(caps.artefacts),
    tokensIn: u32,
    tokensOut: u32,
    costMicros: z.bigint().min(0n).max(0xffffffffffffffffn),
    durationMs: u32,
    timings: z.array(z.strictObject({ name: textOf(caps.timingNameBytes), durationMs: u32 })).max(caps.timings),
  })
  .refine((body) => jsonBytes(body) <= summaryBytesMax, `a summary has at most ${summaryBytesMax} bytes as JSON`);

/** What a skill says of its work; the rest of a summary follows. */
export type SummaryParts = Partial<SummaryBody> & Pick<SummaryBody, 'text' | 'engine'>;

/** A valid summary of any parts: what is too long is cut, with an ellipsis. */
export function makeSummary(parts: SummaryParts): SummaryBody {
  const body: SummaryBody = {
    text: '',
    citations: [],
    engine: clipBytes(oneLine(parts.engine), caps.engineBytes) || 'unnamed',
    note: clipBytes(oneLine(parts.note ?? ''), caps.noteBytes),
    exitCode: parts.exitCode === undefined ? undefined : Math.trunc(parts.exitCode) | 0,
    artefacts: (parts.artefacts ?? []).slice(0, caps.artefacts),
    tokensIn: asU32(parts.tokensIn),
    tokensOut: asU32(parts.tokensOut),
    costMicros: parts.costMicros ?? 0n,
    durationMs: asU32(parts.durationMs),
    timings: (parts.timings ?? []).slice(0, caps.timings).map(({ name, durationMs }) => ({
      name: clipBytes(oneLine(name), caps.timingNameBytes),
      durationMs: asU32(durationMs),
    })),
  };
  const text = cleanText(parts.text).trim();
  const free = () => summaryBytesMax - jsonBytes(body);
  const textBytes = Math.min(jsonBytes(text) - 2, textBytesKept);
  for (const citation of (parts.citations ?? []).slice(0, caps.citations)) {
    const clipped = {
      document: clipBytes(oneLine(citation.document), caps.documentBytes),
      section: clipBytes(oneLine(citation.section), caps.sectionBytes),
      quote: clipBytes(oneLine(citation.quote), caps.quoteBytes),
    };
    // The comma between two citations is a byte too.
    if (jsonBytes(clipped) + 1 > free() - textBytes) break;
    body.citations.push(clipped);
  }
  body.text = clipBytes(text, free());
  return body;
}

/** The text cut so that it takes at most so many bytes within JSON, quotes not counted. */
export function clipBytes(text: string, bytesMax: number): string {
  if (jsonBytes(text) - 2 <= bytesMax) return text;
  let low = 0;
  let high = Math.min(text.length, bytesMax);
  // The longest cut that fits: cuts grow with their length.
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (jsonBytes(clip(text, middle)) - 2 <= bytesMax) low = middle;
    else high = middle - 1;
  }
  return low === 0 ? '' : clip(text, low);
}

function jsonBytes(value: unknown): number {
  return Buffer.byteLength(
    JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? part.toString() : part)),
  );
}

function asU32(value: number | undefined): number {
  return Math.min(0xffffffff, Math.max(0, Math.round(value ?? 0))) || 0;
}
