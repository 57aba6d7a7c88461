import { Timestamp } from 'spacetimedb';
import type { Json } from '../conditions/source.ts';
import { fillTemplate, fillText } from '../conditions/template.ts';
import { limits } from '../lib/limits.ts';
import { clip } from '../lib/text.ts';
import type { EventRow } from '../schema.ts';
import type { RehearsalValue } from './answers.ts';
import { type PastEvent, Replay, type WouldFire } from './replay.ts';
import type { Action, Rule } from './rule.ts';
import { eventScope, firingScope, microsOf } from './scopes.ts';

/** What past tasks of a skill cost, on average. */
export interface MeanCost {
  readonly sampled: number;
  readonly micros: bigint;
  readonly tokens: bigint;
}

const firingsToldMax = 200;
const reasonsMax = 20;

/** Takes a rule through events of the past, on their own clock, up to a moment. Nothing is done. Days begin by the clocks of `timeZone`. */
export function rehearse(
  rule: Rule,
  events: readonly EventRow[],
  { now, timeZone }: { readonly now: Timestamp; readonly timeZone: string },
  meanCostOf: (skill: string) => MeanCost,
): RehearsalValue {
  const replay = new Replay(rule, limits.ruleKeysMax, timeZone);
  const byId = new Map<number, EventRow>();
  const fired: WouldFire[] = [];
  const held = new Map<string, number>();
  let matched = 0;
  for (const row of events) {
    const event = pastEvent(row);
    byId.set(event.id, row);
    fired.push(...replay.passUntil(event.at));
    const taken = replay.take(event);
    if (taken.matched) matched += 1;
    fired.push(...taken.fired);
    if (!taken.matched || taken.fired.length > 0) continue;
    for (const note of taken.notes)
      if (held.size < reasonsMax || held.has(note)) held.set(note, (held.get(note) ?? 0) + 1);
  }
  fired.push(...replay.passUntil(Number(now.microsSinceUnixEpoch)));

  const countOf = (tag: Action['tag']) => rule.actions.filter((action) => action.tag === tag).length * fired.length;
  const tasksOf = new Map<string, number>();
  for (const action of rule.actions) {
    if (action.tag !== 'submit') continue;
    const { skill } = action.value;
    tasksOf.set(skill, (tasksOf.get(skill) ?? 0) + fired.length);
  }
  const skills = [...tasksOf].map(([skill, tasks]) => ({ skill, tasks, mean: meanCostOf(skill) }));
  const sum = (of: (mean: MeanCost) => bigint) =>
    skills.reduce((total, { tasks, mean }) => total + BigInt(tasks) * of(mean), 0n);
  return {
    problems: [],
    events: events.length,
    from: events[0]?.at,
    until: events.at(-1)?.at,
    matched,
    fired: fired.length,
    firings: fired.slice(-firingsToldMax).map((each) => told(rule, each, byId)),
    submitted: countOf('submit'),
    emitted: countOf('emit'),
    notified: countOf('notify'),
    skills: skills.map(({ skill, tasks, mean }) => ({
      skill,
      tasks,
      sampled: mean.sampled,
      meanCostMicros: mean.micros,
      meanTokens: mean.tokens,
    })),
    costMicros: sum(({ micros }) => micros),
    tokens: sum(({ tokens }) => tokens),
    held: [...held].map(([reason, events]) => ({ reason, events })),
  };
}

export function pastEvent(row: EventRow): PastEvent {
  return { id: Number(row.id), at: microsOf(row), scope: eventScope(row) };
}

function told(rule: Rule, { completion, group }: WouldFire, byId: ReadonlyMap<number, EventRow>) {
  const events = completion.events.flatMap((id) => byId.get(id) ?? []);
  const scope = firingScope({ name: rule.name, version: 0 }, completion, group, events);
  return {
    at: new Timestamp(BigInt(Math.floor(completion.at))),
    event: BigInt(completion.events.at(-1) ?? 0),
    events: completion.events.map(BigInt),
    count: completion.count,
    groupKey: group,
    deeds: rule.actions.map((action) => deedText(action, rule, scope)),
  };
}

const deedCharsMax = 400;

function deedText(action: Action, { name }: Rule, scope: Json): string {
  switch (action.tag) {
    case 'submit': {
      const { skill, title, input } = action.value;
      const filled = input && fillTemplate(input, scope, limits.inputBytesMax);
      const what = filled === undefined ? 'the event' : filled.ok ? JSON.stringify(filled.value) : filled.message;
      return clip(
        `submit ${skill}: ${title ? fillText(title, scope, limits.titleCharsMax) : name}: ${what}`,
        deedCharsMax,
      );
    }
    case 'emit':
      return clip(`emit ${action.value.kind}`, deedCharsMax);
    case 'recipe':
      return clip(`start ${action.value.name}`, deedCharsMax);
    case 'notify':
      return clip(`notify: ${fillText(action.value.title, scope, limits.titleCharsMax)}`, deedCharsMax);
  }
}
