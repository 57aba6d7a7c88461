import { limits } from '../lib/limits.ts';
import type { EventRow, FiringRow } from '../schema.ts';
import { failedCondition, type RuleAnswerValue } from './answers.ts';
import { mismatch } from './patterns.ts';
import { pastEvent } from './rehearse.ts';
import { type PastEvent, Replay } from './replay.ts';
import { patternsOf, type Rule } from './rule.ts';

/** A rule as it was when an event came. */
export interface RuleThen {
  readonly ruleId: bigint;
  readonly name: string;
  /** 0 when it was not active: `rule` is then what would have been asked. */
  readonly version: number;
  readonly rule: Rule;
  /** The firings that ended with the event. */
  readonly firings: readonly FiringRow[];
}

/**
 * Why a rule fired with an event or did not: the first condition that failed, or what is missing over time. `before` are the
 * events since the rule has been active, up to the one that is asked about; it is only asked for when a pattern matched.
 */
export function explain(then: RuleThen, event: EventRow, before: () => History, timeZone: string): RuleAnswerValue {
  const { ruleId, name, version, rule, firings } = then;
  const { scope } = pastEvent(event);
  const answer = {
    ruleId,
    ruleName: name,
    version,
    fired: firings.length > 0,
    matched: true,
    failed: undefined,
    firings: firings.map(({ id }) => id),
  };
  const failures = patternsOf(rule).map((pattern) => mismatch(pattern, scope));
  const [failure] = failures;
  const isMatch = failures.some((each) => each === undefined);
  if (firings.length > 0) return { ...answer, matched: isMatch, reason: firedText(firings) };
  if (!isMatch && failure) {
    const reason = `${failure.condition} does not hold`;
    return { ...answer, matched: false, reason: inactive(version) + reason, failed: failedCondition(failure) };
  }
  if (version === 0) return { ...answer, reason: `${inactive(version)}the event matches it` };
  const { events, isWhole } = before();
  const replay = new Replay(rule, limits.ruleKeysMax, timeZone);
  let notes: readonly string[] = [];
  for (const past of events) {
    replay.passUntil(past.at);
    notes = replay.take(past).notes;
  }
  const lost = isWhole ? '' : ' (events before are not kept any more, and are not counted here)';
  const why = notes.length === 0 ? 'it fired, and the firing is not kept any more' : notes.join('; ');
  return { ...answer, reason: `the event matches; ${why}${lost}` };
}

export interface History {
  readonly events: readonly PastEvent[];
  /** Whether all of them are kept. */
  readonly isWhole: boolean;
}

function inactive(version: number): string {
  return version === 0 ? 'no version was active when the event came; by the newest one, ' : '';
}

function firedText(firings: readonly FiringRow[]): string {
  const [first] = firings;
  const count = first?.count ?? 1;
  return count > 1 ? `it fired, completed by ${count} events of which this was the last` : 'it fired';
}
