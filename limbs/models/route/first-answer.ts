import { LimbError } from '../../errors.ts';
import { ModelFailure } from '../call/failure.ts';
import type { Clock } from '../clock.ts';
import type { CallLimits } from '../config/config.ts';
import type { Candidate } from './candidate.ts';

const backoffMsMin = 250;

export interface RouteCall {
  readonly candidates: readonly Candidate[];
  readonly limits: Pick<CallLimits, 'retriesMax' | 'waitMs'>;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** About how many tokens a request takes. */
  readonly tokens: number;
  readonly onFailure?: ((candidate: Candidate, failure: ModelFailure) => void) | undefined;
}

interface Tries {
  readonly count: number;
  readonly notBeforeMs: number;
  readonly failure: ModelFailure;
}

/**
 * The answer of the first model that gives one. Whichever may be asked soonest is asked next, the earlier in the route the
 * sooner: so a model that fails or must wait is left for the next one at once, and only where all must wait is waited.
 *
 * Throws what `ask` throws, unless it is a `ModelFailure`; `LimbError` when no model has answered.
 */
export async function firstAnswer<T>(call: RouteCall, ask: (candidate: Candidate) => Promise<T>): Promise<T> {
  const { limits, clock, signal } = call;
  const tries = new Map<Candidate, Tries>();
  for (;;) {
    signal.throwIfAborted();
    const next = soonest(call, tries);
    if (!next || next.waitMs > limits.waitMs) throw noneAnswered(call, tries, next?.waitMs);
    if (next.waitMs > 0) {
      await clock.sleep(next.waitMs, signal);
      continue;
    }
    try {
      return await ask(next.candidate);
    } catch (error) {
      if (!(error instanceof ModelFailure)) throw error;
      const count = (tries.get(next.candidate)?.count ?? 0) + 1;
      // Half to all of the time at random, so that callers do not all come back at once.
      const backoffMs = backoffMsMin * 2 ** (count - 1) * (0.5 + Math.random() / 2);
      tries.set(next.candidate, { count, notBeforeMs: clock.nowMs() + backoffMs, failure: error });
      call.onFailure?.(next.candidate, error);
    }
  }
}

function soonest(call: RouteCall, tries: ReadonlyMap<Candidate, Tries>) {
  let best: { candidate: Candidate; waitMs: number } | undefined;
  for (const candidate of call.candidates) {
    const earlier = tries.get(candidate);
    if (earlier && (!earlier.failure.isRetryable || earlier.count > call.limits.retriesMax)) continue;
    if (candidate.pausedBecause) continue;
    const backoffMs = earlier ? earlier.notBeforeMs - call.clock.nowMs() : 0;
    const waitMs = Math.max(candidate.waitMs(call.tokens), backoffMs);
    if (!best || waitMs < best.waitMs) best = { candidate, waitMs };
  }
  return best;
}

function noneAnswered(
  { candidates, limits }: RouteCall,
  tries: ReadonlyMap<Candidate, Tries>,
  waitMs: number | undefined,
): LimbError {
  const failures = candidates.map((candidate) => {
    const failure = tries.get(candidate)?.failure ?? candidate.pausedBecause;
    return failure ?? busy(candidate, waitMs ?? 0, limits.waitMs);
  });
  const [first] = failures;
  if (first && failures.length === 1) return first;
  const reasons = failures.map(({ message }, index) => `${candidates[index]?.config.name}: ${message}`);
  return new LimbError('models-failed', `No model answered. ${reasons.join(' ')}`, {
    isRetryable: failures.some((failure) => failure.isRetryable),
    cause: first,
  });
}

function busy({ config }: Candidate, waitMs: number, waitMsMax: number): ModelFailure {
  return new ModelFailure(
    'model-busy',
    `${config.model} takes no requests for ${Math.ceil(waitMs / 1000)} s, and more than ${waitMsMax / 1000} s are not waited.`,
    { isRetryable: true },
  );
}
