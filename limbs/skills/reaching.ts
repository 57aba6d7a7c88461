import { z } from 'zod';
import { LimbError } from '../errors.ts';
import { type Get, type Got, get, type Means } from '../reach/get.ts';
import type { Permissions } from '../reach/permissions.ts';

/** What the skills that reach out work with. */
export interface ReachMeans extends Pick<Means, 'addressesOf' | 'note'> {
  readonly permissions: () => Promise<Permissions>;
}

export const urlInput = z.string().trim().min(1).max(2000);

export const timeoutInput = z.int().min(100).max(60_000);

/** For programs, the text of a summary may be JSON. */
export const formatInput = z.enum(['text', 'json']).default('text');

const accepted = 'text/html, application/xhtml+xml, text/*;q=0.9, application/json;q=0.9, */*;q=0.5';

/** What of one body is read. */
export const bodyBytesMax = 2 * 1024 * 1024;

/** Asks for an address within what the owner of the limb allows now. Throws `LimbError`. */
export async function reachFor(
  wanted: Pick<Get, 'url' | 'timeoutMs'> & Partial<Get>,
  { permissions, ...means }: ReachMeans,
  signal: AbortSignal,
): Promise<Got> {
  const { reach } = await permissions();
  if (!reach) {
    throw new LimbError(
      'address-refused',
      'This limb may not reach anything: its owner can allow hosts under [fetch] in limb.toml.',
    );
  }
  return get({ method: 'GET', bytesMax: bodyBytesMax, accept: accepted, ...wanted }, { ...means, reach, signal });
}

/** Throws `LimbError` unless the answer is one of success; what may pass is to be tried again. */
export function requireSuccess({ url, status }: Got): void {
  if (status >= 200 && status < 300) return;
  throw new LimbError('http-status', `${url} answered ${status}, expected 200 to 299.`, {
    isRetryable: status >= 500 || [408, 425, 429].includes(status),
  });
}

/** The largest JSON that a summary has room for, of a value that can be made smaller step by step. */
export function fittingJson<T>(value: T, smaller: (value: T) => T | undefined): string {
  const text = JSON.stringify(value);
  // It is written as JSON once more, within the summary.
  if (Buffer.byteLength(JSON.stringify(text)) <= jsonBytesMax) return text;
  const next = smaller(value);
  return next === undefined ? '{}' : fittingJson(next, smaller);
}

const jsonBytesMax = 3600;
