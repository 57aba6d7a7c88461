import { createHash } from 'node:crypto';
import type { Clock } from '../../host/clock.ts';
import type { Random } from '../../host/random.ts';
import type { Authority, Credentials } from './authority.ts';

const codeBytes = 16;
/** More are not kept: the oldest goes. */
const codesMax = 1000;
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

  constructor(authority: Authority, clock: Pick<Clock, 'nowMs'>, random: Random) {
    this.#authority = authority;
    this.#clock = clock;
    this.#random = random;
  }

  /** A code that is good for 15 minutes, once. */
  create(credentials: Credentials): string {
    const code = Buffer.from(this.#random.bytes(codeBytes)).toString('hex');
    const [oldest] = this.#kept.keys();
    if (oldest !== undefined && this.#kept.size >= codesMax) this.#kept.delete(oldest);
    this.#kept.set(hashOf(code), { credentials, endsMs: this.#clock.nowMs() + lifeMs });
    return code;
  }

  /**
   * Uses a code up: a token of the identity that made it, for 30 days or as long as that one's own. Undefined when the
   * code is unknown, used, or too old.
   */
  async redeem(code: string): Promise<Credentials | undefined> {
    const hash = hashOf(code);
    const kept = this.#kept.get(hash);
    this.#kept.delete(hash);
    if (kept === undefined || kept.endsMs <= this.#clock.nowMs()) return undefined;
    return this.#authority.shorten(kept.credentials, tokenLifetimeS);
  }
}

function hashOf(code: string): string {
  return createHash('sha256').update(code).digest('base64');
}
