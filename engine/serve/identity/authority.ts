import { CompactSign, compactVerify, decodeJwt, errors } from 'jose';
import { z } from 'zod';
import { Rejection } from '../../errors.ts';
import type { Clock } from '../../host/clock.ts';
import { nodeClock } from '../../host/node/clock.ts';
import { nodeRandom } from '../../host/node/random.ts';
import type { Random } from '../../host/random.ts';
import { identityOf, identityToHex } from './identity.ts';
import { Issuers, type IssuersOptions } from './issuers.ts';
import { type KeyPair, type KeyStore, openKeys } from './keys.ts';

const nameBytesMax = 128;
const websocketTokenS = 60;
const tokenBytesMax = 16 * 1024;

/** Who makes a request: proven by a token. */
export interface Credentials {
  readonly identity: bigint;
  readonly token: string;
  /** The token's claims as JSON text, exactly as signed. */
  readonly claims: string;
}

export interface AuthorityOptions {
  readonly keys: KeyStore;
  /** OpenID Connect issuers that are accepted next to this server's own tokens; default none. */
  readonly trusted?: IssuersOptions['trusted'];
  /** The `iss` of tokens minted here; default `localhost`. */
  readonly issuer?: string;
  readonly clock?: Pick<Clock, 'nowMs'>;
  readonly random?: Random;
  readonly fetchJson?: NonNullable<IssuersOptions['fetchJson']>;
}

export interface MintRequest {
  /** At most 128 bytes; default a random UUID, which makes a new identity. */
  readonly subject?: string;
  /** Default never. */
  readonly lifetimeS?: number;
  /** Further claims, kept flat beside the standard ones. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

const claimsSchema = z.looseObject({
  iss: z.string(),
  sub: z.string(),
  exp: z.number().nullish(),
  nbf: z.number().nullish(),
  hex_identity: z.string().nullish(),
});

/** Who says whose a token is. */
export interface Authenticator {
  /** Somebody new. */
  mint(): Promise<Credentials>;
  /** @throws Rejection `token` */
  verify(token: string): Promise<Credentials>;
}

/** Signs this server's tokens and checks everybody's. */
export class Authority implements Authenticator {
  readonly #keys: KeyPair;
  readonly #issuer: string;
  readonly #issuers: Issuers;
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #random: Random;

  private constructor(keys: KeyPair, options: AuthorityOptions) {
    this.#keys = keys;
    this.#issuer = options.issuer ?? 'localhost';
    this.#clock = options.clock ?? nodeClock;
    this.#random = options.random ?? nodeRandom;
    this.#issuers = new Issuers({
      trusted: options.trusted ?? [],
      clock: this.#clock,
      ...(options.fetchJson === undefined ? {} : { fetchJson: options.fetchJson }),
    });
  }

  /** Loads the signing key, or makes and saves one at the first start. @throws Rejection `signing-key` */
  static async open(options: AuthorityOptions): Promise<Authority> {
    return new Authority(await openKeys(options.keys), options);
  }

  /** The key that verifies this server's tokens, as PEM. */
  get publicPem(): string {
    return this.#keys.publicPem;
  }

  /** Signs a token of this server. @throws Rejection `token` when the subject is empty or too long */
  async mint(request: MintRequest = {}): Promise<Credentials> {
    const subject = request.subject ?? this.#newSubject();
    requireName('subject', subject);
    const issuedAt = this.#nowS();
    return this.#sign({
      ...request.claims,
      hex_identity: identityToHex(identityOf(this.#issuer, subject)),
      sub: subject,
      iss: this.#issuer,
      aud: ['spacetimedb'],
      iat: issuedAt,
      exp: request.lifetimeS === undefined ? null : issuedAt + request.lifetimeS,
    });
  }

  /** A token with the same claims that expires after `lifetimeS` (default 60 s), or earlier if the given one does. */
  async shorten(credentials: Credentials, lifetimeS = websocketTokenS): Promise<Credentials> {
    const claims = claimsSchema.parse(JSON.parse(credentials.claims));
    const issuedAt = this.#nowS();
    const exp = Math.min(issuedAt + lifetimeS, claims.exp ?? Number.POSITIVE_INFINITY);
    return this.#sign({ ...claims, hex_identity: identityToHex(credentials.identity), iat: issuedAt, exp });
  }

  /** Checks a token's signature, times, names and identity. @throws Rejection `token` saying what is wrong with it */
  async verify(token: string): Promise<Credentials> {
    if (token.length > tokenBytesMax) {
      throw new Rejection('token', `The token has ${token.length} characters, expected at most ${tokenBytesMax}.`);
    }
    const claims = Buffer.from(await this.#verifySignature(token)).toString('utf8');
    const parsed = claimsSchema.safeParse(parseJson(claims));
    if (!parsed.success) {
      throw new Rejection('token', `The token's claims do not fit: ${z.prettifyError(parsed.error)}`);
    }
    const { iss, sub, exp, nbf, hex_identity: stated } = parsed.data;
    requireName('issuer', iss);
    requireName('subject', sub);
    const nowS = this.#clock.nowMs() / 1000;
    if (typeof exp === 'number' && exp <= nowS) {
      throw new Rejection('token', `The token expired ${Math.ceil(nowS - exp)} s ago. Ask for a new one.`);
    }
    if (typeof nbf === 'number' && nbf > nowS) {
      throw new Rejection('token', `The token is valid only in ${Math.ceil(nbf - nowS)} s. Check this server's clock.`);
    }
    const identity = identityOf(iss, sub);
    if (typeof stated === 'string' && stated !== identityToHex(identity)) {
      throw new Rejection(
        'token',
        `The token's hex_identity is ${stated}, but its issuer and subject make ${identityToHex(identity)}.`,
      );
    }
    return { identity, token, claims };
  }

  /** Own key first, whatever the issuer; then the keys of the issuer that the token names. */
  async #verifySignature(token: string): Promise<Uint8Array> {
    try {
      return (await compactVerify(token, this.#keys.publicKey, { algorithms: ['ES256'] })).payload;
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error;
    }
    try {
      const { iss } = decodeJwt(token);
      if (typeof iss !== 'string') throw new Rejection('token', 'The token names no issuer.');
      if (iss === this.#issuer) throw new Rejection('token', "The token's signature is not this server's.");
      return await this.#verifyByIssuer(token, iss);
    } catch (cause) {
      if (!(cause instanceof errors.JOSEError)) throw cause;
      throw new Rejection('token', `The token could not be verified: ${cause.message}`, { cause });
    }
  }

  async #verifyByIssuer(token: string, issuer: string): Promise<Uint8Array> {
    try {
      return (await compactVerify(token, await this.#issuers.keysOf(issuer))).payload;
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      return (await compactVerify(token, await this.#issuers.newestKeysOf(issuer))).payload;
    }
  }

  async #sign(payload: Readonly<Record<string, unknown>> & { readonly iss: string; readonly sub: string }) {
    const claims = JSON.stringify(payload);
    const token = await new CompactSign(Buffer.from(claims, 'utf8'))
      .setProtectedHeader({ typ: 'JWT', alg: 'ES256' })
      .sign(this.#keys.privateKey);
    return { identity: identityOf(payload.iss, payload.sub), token, claims };
  }

  /** A random UUID, version 4. */
  #newSubject(): string {
    const bytes = Buffer.from(this.#random.bytes(16));
    bytes[6] = (bytes.readUInt8(6) & 0x0f) | 0x40;
    bytes[8] = (bytes.readUInt8(8) & 0x3f) | 0x80;
    return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
  }

  #nowS(): number {
    return Math.floor(this.#clock.nowMs() / 1000);
  }
}

function requireName(what: 'issuer' | 'subject', value: string): void {
  const bytes = Buffer.byteLength(value, 'utf8');
  if (bytes >= 1 && bytes <= nameBytesMax) return;
  throw new Rejection('token', `A token's ${what} has ${bytes} bytes, expected 1 to ${nameBytesMax}.`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
