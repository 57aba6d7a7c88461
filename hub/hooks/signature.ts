import { hmac } from '@noble/hashes/hmac.js';
import { sha256 } from '@noble/hashes/sha2.js';
import { hexToBytes } from '@noble/hashes/utils.js';
import { SenderError } from 'spacetimedb/server';
import { fromBase64 } from '../lib/base64.ts';
import type { HookRow } from '../schema.ts';

// How a delivery shows that its sender knows the secret. Standard Webhooks: `webhook-signature` is a list of `v1,<base64>`
// over `<webhook-id>.<webhook-timestamp>.<body>` (https://github.com/standard-webhooks/standard-webhooks). GitHub:
// `X-Hub-Signature-256` is `sha256=<hex>` over the body alone, which says neither when nor which delivery it is.

export type HookStyleTag = HookRow['style']['tag'];

/** The headers of a delivery by their names in lower case. */
export type HeaderOf = (name: string) => string | null;

/** What is known of a delivery whose signature is right. */
export interface Signed {
  /** What no other delivery of the hook has. */
  readonly unique: string;
  /** When its sender signed it, in seconds since the epoch; none where the style does not say. */
  readonly atSeconds: number | undefined;
}

const keyBytesMin = 24;
const keyBytesMax = 64;
const signaturesMax = 10;

/** The key of the HMAC that a secret stands for. @throws SenderError when it is not a secret of a hook */
export function keyOf(style: HookStyleTag, secret: string): Uint8Array {
  const bytes = secret.startsWith('whsec_') ? fromBase64(secret.slice('whsec_'.length)) : undefined;
  if (!bytes || bytes.length < keyBytesMin || bytes.length > keyBytesMax) {
    throw new SenderError(
      `invalid-secret: a secret is whsec_ and then ${keyBytesMin} to ${keyBytesMax} random bytes in base64`,
    );
  }
  // GitHub signs with the characters of the secret that is typed into its form.
  return style === 'Standard' ? bytes : new TextEncoder().encode(secret);
}

/** Checks the signature of a delivery, in the same time wherever it is wrong. */
export function verify(style: HookStyleTag, key: Uint8Array, headerOf: HeaderOf, body: Uint8Array): Signed | undefined {
  return style === 'Standard' ? verifyStandard(key, headerOf, body) : verifyGitHub(key, headerOf, body);
}

function verifyStandard(key: Uint8Array, headerOf: HeaderOf, body: Uint8Array): Signed | undefined {
  const id = headerOf('webhook-id') ?? '';
  const timestamp = headerOf('webhook-timestamp') ?? '';
  const given = (headerOf('webhook-signature') ?? '').split(' ').slice(0, signaturesMax);
  const head = new TextEncoder().encode(`${id}.${timestamp}.`);
  const signed = new Uint8Array(head.length + body.length);
  signed.set(head);
  signed.set(body, head.length);
  const expected = hmac(sha256, key, signed);
  const isRight = given.some((one) => one.startsWith('v1,') && isEqual(expected, fromBase64(one.slice(3))));
  if (!isRight || id === '' || !/^\d{1,12}$/.test(timestamp)) return undefined;
  return { unique: id, atSeconds: Number(timestamp) };
}

function verifyGitHub(key: Uint8Array, headerOf: HeaderOf, body: Uint8Array): Signed | undefined {
  const hex = /^sha256=([0-9a-f]{64})$/.exec(headerOf('x-hub-signature-256') ?? '')?.[1] ?? '';
  const isRight = isEqual(hmac(sha256, key, body), hex === '' ? undefined : hexToBytes(hex));
  // The number of a delivery is not signed: whoever has seen one could send it again under another. Its signature is not
  // to be changed.
  return isRight ? { unique: hex, atSeconds: undefined } : undefined;
}

function isEqual(expected: Uint8Array, given: Uint8Array | undefined): boolean {
  let difference = given?.length === expected.length ? 0 : 1;
  for (let i = 0; i < expected.length; i++) difference |= (expected[i] ?? 0) ^ (given?.[i] ?? 0);
  return difference === 0;
}
