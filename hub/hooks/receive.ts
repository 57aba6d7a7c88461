import { type Request, SenderError, SyncResponse } from 'spacetimedb/server';
import { emitEvent } from '../events/emit.ts';
import { limits } from '../lib/limits.ts';
import type { Ctx, HookKeyRow, HookRow } from '../schema.ts';
import { remember } from './deliveries.ts';
import { type HeaderOf, type Signed, verify } from './signature.ts';

/** What a sender is told: nothing of why a signature is not right, nor whether there is such a hook at all. */
const answers = {
  unauthorized: [401, 'The signature is not right for this hook.'],
  stale: [400, 'The delivery was signed more than five minutes ago, or ahead: check the clock of the sender.'],
  seen: [409, 'This delivery has come before: nothing was done.'],
  'too many': [429, 'Too many deliveries in a few minutes: send it again later.'],
  'too large': [413, `A delivery has at most ${limits.eventPayloadBytesMax} bytes.`],
  'not text': [400, 'The body is not JSON in UTF-8.'],
} as const;
type Refusal = keyof typeof answers;

type Found = { readonly hook: HookRow; readonly known: HookKeyRow };

interface Transactions {
  withTx<T>(body: (ctx: Ctx) => T): T;
}

/** Makes an event of a delivery whose signature is right, in time, and new. */
export function receive(ctx: Transactions, request: Request): SyncResponse {
  const body = request.bytes();
  if (body.length > limits.eventPayloadBytesMax) return refused('too large');
  const headerOf: HeaderOf = (name) => request.headers.get(name);
  const id = /[?&]id=(\d{1,19})(?:&|$)/.exec(request.url)?.[1];
  const found = id === undefined ? undefined : ctx.withTx((tx) => find(tx, BigInt(id)));
  // Without a hook the same work is done.
  const { hook, known } = found ?? nobody;
  const signed = verify(hook.style.tag, new Uint8Array(known.key), headerOf, body);
  if (!signed || !found) return refused('unauthorized');
  const payload = textOf(body);
  if (payload === undefined) return refused('not text');
  try {
    const outcome = ctx.withTx((tx) => accept(tx, found, signed, kindOf(hook, headerOf), payload));
    return typeof outcome === 'bigint' ? accepted(outcome) : refused(outcome);
  } catch (error) {
    if (error instanceof SenderError) return answer(400, error.message);
    throw error;
  }
}

function accept(ctx: Ctx, found: Found, signed: Signed, kind: string, payload: string): bigint | Refusal {
  // The secret may have been replaced while the signature was looked at.
  const now = find(ctx, found.hook.id);
  if (!now || !isSameKey(now.known, found.known)) return 'unauthorized';
  if (signed.atSeconds !== undefined) {
    const ageMs = Number(ctx.timestamp.microsSinceUnixEpoch / 1000n) - signed.atSeconds * 1000;
    if (Math.abs(ageMs) > limits.deliveryAgeMsMax) return 'stale';
  }
  const { hook, known } = now;
  const novelty = remember(ctx, hook, known, signed);
  if (novelty !== 'new') return novelty;
  ctx.db.hook.id.update({ ...hook, deliveries: hook.deliveries + 1n, deliveredAt: ctx.timestamp });
  const { id, tenantId, name } = hook;
  const event = emitEvent(ctx, { tenantId, kind, source: `hook/${name}`, payload, origin: { tag: 'Hook', value: id } });
  return event?.id ?? 'seen';
}

function find(ctx: Ctx, id: bigint): Found | undefined {
  const hook = ctx.db.hook.id.find(id);
  const known = ctx.db.hookKey.hookId.find(id);
  return hook && known ? { hook, known } : undefined;
}

const nobody = {
  hook: { style: { tag: 'Standard' as const }, kind: '' },
  known: { key: new Uint8Array(32) },
};

/** What happened is a header of GitHub's, not a part of the body. */
function kindOf({ style, kind }: Pick<HookRow, 'style' | 'kind'>, headerOf: HeaderOf): string {
  const event = style.tag === 'GitHub' ? headerOf('x-github-event') : null;
  return event !== null && /^[a-z_]{1,64}$/.test(event) ? `${kind}.${event}` : kind;
}

function isSameKey(one: HookKeyRow, other: HookKeyRow): boolean {
  return one.key.length === other.key.length && one.key.every((byte, i) => byte === other.key[i]);
}

function textOf(body: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(body);
  } catch {
    return undefined;
  }
}

function accepted(event: bigint): SyncResponse {
  const headers = { 'content-type': 'application/json' };
  return new SyncResponse(JSON.stringify({ event: `${event}` }), { status: 202, headers });
}

function refused(refusal: Refusal): SyncResponse {
  const [status, text] = answers[refusal];
  return answer(status, text);
}

function answer(status: number, text: string): SyncResponse {
  return new SyncResponse(`${text}\n`, { status, headers: { 'content-type': 'text/plain; charset=utf-8' } });
}
