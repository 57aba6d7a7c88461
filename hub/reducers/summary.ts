import { SenderError } from 'spacetimedb/server';
import { summaryBytes } from '../keeping/usage.ts';
import { limits } from '../lib/limits.ts';
import type { SummaryBody } from '../schema.ts';

/** Lets through only what a summary may be, whatever the limb claims to have checked. @returns its bytes */
export function requireSummary(body: SummaryBody): number {
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
  return bytes;
}
