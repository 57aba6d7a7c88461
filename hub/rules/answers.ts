import { type Infer, t } from 'spacetimedb/server';
import type { Failure } from '../conditions/evaluate.ts';
import type { Problem } from '../conditions/source.ts';

// What procedures answer.

export const TextProblem = t.object('TextProblem', {
  message: t.string(),
  /** From 1. */
  line: t.u32(),
  column: t.u32(),
  /** What to do about it; may be empty. */
  hint: t.string(),
});

export const CheckedRule = t.object('CheckedRule', {
  /** None when the text can be saved. */
  problems: t.array(TextProblem),
  /** The name of the rule; empty when the text cannot be saved. */
  name: t.string(),
  /** JSON Schema of such texts. */
  schema: t.string(),
});

export const SeenValue = t.object('SeenValue', {
  path: t.string(),
  /** JSON; none when nothing was there. */
  value: t.option(t.string()),
});

export const FailedCondition = t.object('FailedCondition', {
  condition: t.string(),
  /** In the text of the version; 0 for what stands under `on`. */
  line: t.u32(),
  column: t.u32(),
  seen: t.array(SeenValue),
});

/** Why a rule fired with an event, or did not. */
export const RuleAnswer = t.object('RuleAnswer', {
  ruleId: t.u64(),
  ruleName: t.string(),
  /** The version that was active then; 0 when none was. */
  version: t.u32(),
  /** Whether the event completed it, or it fired later for this event. */
  fired: t.bool(),
  /** Whether one of its patterns matched. */
  matched: t.bool(),
  /** In words: what happened, or what was missing. */
  reason: t.string(),
  /** The first condition that did not hold. */
  failed: t.option(FailedCondition),
  /** Firings with this event, by number. */
  firings: t.array(t.u64()),
});

export const RehearsedFiring = t.object('RehearsedFiring', {
  at: t.timestamp(),
  event: t.u64(),
  events: t.array(t.u64()),
  count: t.u32(),
  groupKey: t.string(),
  /** What each action would have done, in words. */
  deeds: t.array(t.string()),
});

export const RehearsedSkill = t.object('RehearsedSkill', {
  skill: t.string(),
  tasks: t.u32(),
  /** Of the tasks that were looked at, 0 when there were none. */
  sampled: t.u32(),
  meanCostMicros: t.u64(),
  meanTokens: t.u64(),
});

/** What a rule would have done with the events that are kept. */
export const Rehearsal = t.object('Rehearsal', {
  problems: t.array(TextProblem),
  /** How many events it was taken through, and the time of the first and last of them. */
  events: t.u32(),
  from: t.option(t.timestamp()),
  until: t.option(t.timestamp()),
  /** Events that one of its patterns matched. */
  matched: t.u32(),
  fired: t.u32(),
  /** The newest 200. */
  firings: t.array(RehearsedFiring),
  submitted: t.u32(),
  emitted: t.u32(),
  notified: t.u32(),
  skills: t.array(RehearsedSkill),
  /** Of all of its tasks, by the mean of past tasks of their skills. */
  costMicros: t.u64(),
  tokens: t.u64(),
  /** Why the newest events that matched did not fire it, and how often each. */
  held: t.array(t.object('HeldReason', { reason: t.string(), events: t.u32() })),
});

export type RuleAnswerValue = Infer<typeof RuleAnswer>;
export type RehearsalValue = Infer<typeof Rehearsal>;
export type FailedConditionValue = Infer<typeof FailedCondition>;

export function problemsOf(problems: readonly Problem[]): Infer<typeof TextProblem>[] {
  return problems.map(({ message, line, column, hint }) => ({ message, line, column, hint }));
}

export function failedCondition({ condition, at, seen }: Failure): FailedConditionValue {
  return {
    condition,
    line: at.line,
    column: at.column,
    seen: seen.map(({ path, value }) => ({ path, value: value === undefined ? undefined : JSON.stringify(value) })),
  };
}
