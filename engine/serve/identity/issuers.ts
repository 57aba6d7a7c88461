import {
  type CryptoKey,
  createLocalJWKSet,
  type FlattenedJWSInput,
  type JSONWebKeySet,
  type JWSHeaderParameters,
} from 'jose';
import { type Dispatcher, fetch } from 'undici';
import { z } from 'zod';
import { Rejection } from '../../errors.ts';
import type { Clock } from '../../host/clock.ts';
import { publicOnly } from '../../module/procedures/fetch.ts';

const refreshAfterMs = 300_000;
/** Keys younger than this are not fetched again because one of them is missing. */
const rotatedAfterMs = 10_000;
const expireAfterMs = 2 * 3600_000;
const issuersKeptMax = 64;
const documentBytesMax = 1024 * 1024;
const fetchTimeoutMs = 10_000;

export type FindKey = (header: JWSHeaderParameters, input: FlattenedJWSInput) => Promise<CryptoKey>;

/** Which OpenID Connect issuers' tokens are accepted: those listed, or any that is reached by https. */
export type TrustedIssuers = 'any' | readonly string[];

export interface IssuersOptions {
  readonly trusted: TrustedIssuers;
  readonly clock: Pick<Clock, 'nowMs'>;
  /** Fetches a JSON document; the default refuses redirects, waits 10 s and reads 1 MiB at most. */
  readonly fetchJson?: (url: string) => Promise<unknown>;
}

interface Entry {
  readonly findKey: FindKey;
  readonly fetchedAtMs: number;
}

const discoveryDocument = z.object({ issuer: z.string(), jwks_uri: z.url() });
const keySet = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });

/** The public keys of OpenID Connect issuers: found by discovery, refreshed after 300 s, forgotten after 2 h. */
export class Issuers {
  readonly #trusted: TrustedIssuers;
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #fetchJson: (url: string) => Promise<unknown>;
  readonly #entries = new Map<string, Entry>();
  readonly #pending = new Map<string, Promise<Entry>>();

  constructor(options: IssuersOptions) {
    this.#trusted = options.trusted;
    this.#clock = options.clock;
    // An issuer that nobody named must not make this host ask its own network.
    this.#fetchJson = options.fetchJson ?? jsonFetcher(options.trusted === 'any' ? publicOnly() : undefined);
  }

  /** @throws Rejection `token` for an issuer that is not trusted or cannot be asked */
  async keysOf(issuer: string): Promise<FindKey> {
    this.#requireTrusted(issuer);
    const known = this.#entries.get(issuer);
    const ageMs = known === undefined ? Number.POSITIVE_INFINITY : this.#clock.nowMs() - known.fetchedAtMs;
    if (known !== undefined && ageMs < refreshAfterMs) return known.findKey;
    try {
      return (await this.#fetchOnce(issuer)).findKey;
    } catch (cause) {
      // An issuer that is down for a while does not lock its users out: its last keys serve until they expire.
      if (known !== undefined && ageMs < expireAfterMs) return known.findKey;
      const detail = cause instanceof Error ? cause.message : String(cause);
      throw new Rejection('token', `The keys of the token's issuer ${issuer} could not be fetched: ${detail}`, {
        cause,
      });
    }
  }

  /** The keys after the issuer may have changed them: asked for when none of those that `keysOf` gave fits. */
  async newestKeysOf(issuer: string): Promise<FindKey> {
    const known = this.#entries.get(issuer);
    if (known !== undefined && this.#clock.nowMs() - known.fetchedAtMs < rotatedAfterMs) return known.findKey;
    try {
      return (await this.#fetchOnce(issuer)).findKey;
    } catch {
      // Nothing is lost: the keys that there are have been tried, and are refused as they were.
      return await this.keysOf(issuer);
    }
  }

  #requireTrusted(issuer: string): void {
    const isTrusted = this.#trusted === 'any' ? issuer.startsWith('https://') : this.#trusted.includes(issuer);
    if (isTrusted) return;
    const expected = this.#trusted === 'any' ? 'an https address' : 'one of the issuers that this server trusts';
    throw new Rejection(
      'token',
      `The token was not signed by this server, and its issuer ${JSON.stringify(issuer)} is not ${expected}.`,
    );
  }

  #fetchOnce(issuer: string): Promise<Entry> {
    const pending = this.#pending.get(issuer);
    if (pending !== undefined) return pending;
    const started = this.#fetch(issuer).finally(() => this.#pending.delete(issuer));
    this.#pending.set(issuer, started);
    return started;
  }

  async #fetch(issuer: string): Promise<Entry> {
    const base = issuer.endsWith('/') ? issuer.slice(0, -1) : issuer;
    const document = discoveryDocument.parse(await this.#fetchJson(`${base}/.well-known/openid-configuration`));
    if (document.issuer !== issuer) throw new Error(`it calls itself ${JSON.stringify(document.issuer)}`);
    if (issuer.startsWith('https://') && !document.jwks_uri.startsWith('https://')) {
      throw new Error(`its jwks_uri ${document.jwks_uri} is not https`);
    }
    const keys = keySet.parse(await this.#fetchJson(document.jwks_uri)) satisfies JSONWebKeySet;
    const entry: Entry = { findKey: createLocalJWKSet(keys), fetchedAtMs: this.#clock.nowMs() };
    this.#entries.delete(issuer);
    this.#entries.set(issuer, entry);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > issuersKeptMax && oldest !== undefined) this.#entries.delete(oldest);
    return entry;
  }
}

function jsonFetcher(dispatcher: Dispatcher | undefined): (url: string) => Promise<unknown> {
  return async (url) => await fetchJson(url, dispatcher);
}

async function fetchJson(url: string, dispatcher: Dispatcher | undefined): Promise<unknown> {
  const response = await fetch(url, {
    ...(dispatcher && { dispatcher }),
    headers: { accept: 'application/json' },
    redirect: 'error',
    signal: AbortSignal.timeout(fetchTimeoutMs),
  });
  if (!response.ok || response.body === null) throw new Error(`${url} answered ${response.status}`);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body) {
    bytes += chunk.length;
    if (bytes > documentBytesMax) throw new Error(`${url} is larger than ${documentBytesMax} bytes`);
    chunks.push(chunk);
  }
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}
