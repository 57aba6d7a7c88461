import { createHash } from 'node:crypto';
import { Rejection } from '../../errors.ts';
import type { Clock } from '../../host/clock.ts';
import type { Random } from '../../host/random.ts';
import type { Authority, Credentials } from './authority.ts';

const codeBytes = 16;
/** Of one identity: its own oldest goes. */
const ownCodesMax = 20;
/** Of all together. Whoever asks gets an identity, so nobody's code goes to make room for another's: more are refused. */
const codesMax = 10_000;
const lifeMs = 15 * 60 * 1000;
const tokenLifetimeS = 30 * 24 * 60 * 60;

interface Kept {
  readonly credentials: Credentials;
  readonly endsMs: number;
}

/** One-time codes that stand for somebody's token, so that a link can sign a browser in. They do not outlive the process. */
export class OneTimeCodes {
  readonly #authority: Authority;
  readonly #clock: Pick<Clock, 'nowMs'>;
  readonly #random: Random;
  /** By the code's hash, the oldest first. */
  readonly #kept = new Map<string, Kept>();
  /** Those of an identity, the oldest first. */
  readonly #hashes = new Map<bigint, Set<string>>();

  constructor(authority: Authority, clock: Pick<Clock, 'nowMs'>, random: Random) {
    this.#authority = authority;
    this.#clock = clock;
    this.#random = random;
  }

  /**
   * A code that is good for 15 minutes, once. `isTrusted`: there is room for it, however many others have made.
   * @throws Rejection `busy` when there are too many
   */
  create(credentials: Credentials, isTrusted = false): string {
    this.#dropOld();
    const { identity } = credentials;
    const own = this.#hashes.get(identity) ?? new Set();
    const [oldest] = own;
    if (oldest !== undefined && own.size >= ownCodesMax) this.#take(oldest);
    if (this.#kept.size >= codesMax && !isTrusted) {
      throw new Rejection('busy', 'Too many one-time codes are open at the moment: try again in a few minutes.');
    }
    const code = Buffer.from(this.#random.bytes(codeBytes)).toString('hex');
    const hash = hashOf(code);
    this.#kept.set(hash, { credentials, endsMs: this.#clock.nowMs() + lifeMs });
    this.#hashes.set(identity, own.add(hash));
    return code;
  }

  /**
   * Uses a code up: a token of the identity that made it, for 30 days or as long as that one's own. Undefined when the
   * code is unknown, used, or too old.
   */
  async redeem(code: string): Promise<Credentials | undefined> {
    const kept = this.#take(hashOf(code));
    if (kept === undefined || kept.endsMs <= this.#clock.nowMs()) return undefined;
    return this.#authority.shorten(kept.credentials, tokenLifetimeS);
  }

  #take(hash: string): Kept | undefined {
    const kept = this.#kept.get(hash);
    if (!kept) return undefined;
    this.#kept.delete(hash);
    const { identity } = kept.credentials;
    const own = this.#hashes.get(identity);
    own?.delete(hash);
    if (own?.size === 0) this.#hashes.delete(identity);
    return kept;
  }

  #dropOld(): void {
    const nowMs = this.#clock.nowMs();
    for (const [hash, { endsMs }] of this.#kept) {
      if (endsMs > nowMs) return;
      this.#take(hash);
    }
  }
}

function hashOf(code: string): string {
  return createHash('sha256').update(code).digest('base64');
}
