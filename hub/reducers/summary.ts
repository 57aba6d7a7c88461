import { SenderError } from 'spacetimedb/server';
import { limits } from '../lib/limits.ts';
import { utf8Bytes } from '../lib/text.ts';
import type { SummaryBody } from '../schema.ts';

/** A summary's size: the bytes of its JSON, 64-bit numbers written as text. */
export function summaryBytes(body: SummaryBody): number {
  return utf8Bytes(JSON.stringify(body, (_key, value) => (typeof value === 'bigint' ? value.toString() : value)));
}

/** Lets through only what a summary may be, whatever the limb claims to have checked. */
export function requireSummary(body: SummaryBody): void {
  if (body.engine.trim() === '') throw new SenderError('invalid-summary: engine is empty; name what answered');
  for (const hash of body.artefacts) {
    if (!/^[0-9a-f]{64}$/.test(hash)) {
      throw new SenderError(
        'invalid-summary: an artefact is named by its SHA-256 in 64 lower-case hex digits, nothing else',
      );
    }
  }
  const bytes = summaryBytes(body);
  if (bytes > limits.summaryBytesMax) {
    throw new SenderError(
      `summary-too-large: the summary is ${bytes} bytes as JSON, at most ${limits.summaryBytesMax} may leave a limb; shorten it`,
    );
  }
}
