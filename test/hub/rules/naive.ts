import { naiveHolds } from '../../../hub/conditions/testing/naive.ts';

// What rules mean, said as simply as it can be said: for each event, key and rule all of history is looked at again.

export interface NaiveEvent {
  readonly id: number;
  readonly atMs: number;
  readonly kind: string;
  readonly subject: string;
  readonly payload: Record<string, unknown>;
}

/** A rule's text as JSON; times are in whole milliseconds, `<n>ms`. */
export interface NaiveRule {
  readonly name: string;
  readonly on: string;
  readonly when?: object;
  readonly by?: 'subject' | 'payload.x';
  readonly count?: { readonly atLeast: number; readonly within: string };
  readonly sequence?: { readonly steps: readonly NaivePattern[]; readonly within: string };
  readonly absence?: { readonly of: NaivePattern; readonly within: string };
  readonly join?: { readonly with: readonly NaivePattern[]; readonly within: string };
  readonly change?: { readonly of: 'payload.y'; readonly from?: unknown; readonly to?: unknown };
  readonly threshold?: { readonly of: 'payload.y'; readonly above: number; readonly rearm: number };
  readonly debounce?: string;
  readonly oncePer?: string;
  readonly cooldown?: string;
  readonly throttle?: { readonly most: number; readonly within: string };
}

export interface NaivePattern {
  readonly on: string;
  readonly when?: object;
  readonly by?: 'subject' | 'payload.x';
}

/** When it fires, and the first and last of the events that completed it. */
export interface NaiveFiring {
  readonly atMs: number;
  readonly first: number;
  readonly last: number;
}

/** The firings of a rule that is active for these events, until a moment. */
export function naiveFirings(rule: NaiveRule, events: readonly NaiveEvent[], untilMs: number): NaiveFiring[] {
  const patterns: readonly NaivePattern[] = [
    rule,
    ...(rule.sequence?.steps ?? rule.join?.with ?? (rule.absence ? [rule.absence.of] : [])),
  ];
  const keyOf = (pattern: NaivePattern, event: NaiveEvent): unknown => {
    const by = pattern.by ?? rule.by;
    return by === undefined ? '' : by === 'subject' ? event.subject : event.payload['x'];
  };
  const keys = new Set(patterns.flatMap((pattern) => events.map((event) => keyOf(pattern, event))));
  return [...keys]
    .filter((key) => key !== undefined)
    .flatMap((key) => {
      const seen = events.map((event) => ({
        ...event,
        matches: patterns.map((pattern) => matches(pattern, event) && keyOf(pattern, event) === key),
      }));
      const own = seen.filter((event) => event.matches.includes(true));
      return gated(rule, completions(rule, own, untilMs), untilMs);
    });
}

type Seen = NaiveEvent & { readonly matches: readonly boolean[] };

function matches(pattern: NaivePattern, event: NaiveEvent): boolean {
  const { on, when } = pattern;
  const isKind = on.endsWith('*') ? event.kind.startsWith(on.slice(0, -1)) : on === event.kind;
  return isKind && (when === undefined || naiveHolds(when, { kind: event.kind, payload: event.payload }));
}

function ms(text: string | undefined): number {
  return Number(text?.replace('ms', ''));
}

function completions(rule: NaiveRule, events: readonly Seen[], untilMs: number): NaiveFiring[] {
  const found: NaiveFiring[] = [];
  /** What came before is used up. */
  let unused = 0;
  let last: unknown;
  let isArmed = true;
  events.forEach((event, index) => {
    const fire = (first: Seen): void => {
      found.push({ atMs: event.atMs, first: first.id, last: event.id });
      unused = index + 1;
    };
    const { sequence, count, join, absence, change, threshold } = rule;
    const since = events.slice(unused, index + 1);
    const recent = (within: string) => since.filter(({ atMs }) => event.atMs - atMs < ms(within));
    if (count) {
      const [first, ...others] = recent(count.within);
      if (first && others.length + 1 >= count.atLeast) fire(first);
    } else if (sequence) {
      const starts = recent(sequence.within).filter((start) =>
        chainEnds(since.slice(since.indexOf(start)), sequence.steps.length),
      );
      const start = starts.at(-1);
      if (start) fire(start);
    } else if (join) {
      const newest = event.matches.map((_, pattern) => recent(join.within).findLast((each) => each.matches[pattern]));
      const all = newest.filter((each) => each !== undefined).sort((a, b) => a.id - b.id);
      const [first] = all;
      if (all.length === newest.length && first) fire(first);
    } else if (absence) {
      const due = event.atMs + ms(absence.within);
      const isFollowed = events.slice(index + 1).some((other) => other.matches[1] && other.atMs < due);
      if (event.matches[0] && !isFollowed && due <= untilMs) found.push({ atMs: due, first: event.id, last: event.id });
    } else if (change) {
      const value = event.payload['y'];
      if (value === undefined) return;
      const fits = (wanted: unknown, is: unknown) => wanted === undefined || wanted === is;
      if (last !== undefined && last !== value && fits(change.from, last) && fits(change.to, value)) fire(event);
      last = value;
    } else if (threshold) {
      const value = event.payload['y'];
      if (typeof value !== 'number') return;
      if (isArmed && value > threshold.above) {
        isArmed = false;
        fire(event);
      } else if (value <= threshold.rearm) {
        isArmed = true;
      }
    } else {
      fire(event);
    }
  });
  return found.sort((a, b) => a.atMs - b.atMs);
}

/** Whether a chain begins with the first of these events and ends with the last, each step by an event of its own. */
function chainEnds(events: readonly Seen[], lastStep: number): boolean {
  const ends = (from: number, step: number): boolean => {
    if (!events[from]?.matches[step]) return false;
    if (step === lastStep) return from === events.length - 1;
    return events.some((_, next) => next > from && ends(next, step + 1));
  };
  return ends(0, 0);
}

function gated(rule: NaiveRule, completed: readonly NaiveFiring[], untilMs: number): NaiveFiring[] {
  const { debounce, oncePer, cooldown, throttle } = rule;
  const passed = completed.flatMap((completion, index) => {
    if (debounce === undefined) return [completion];
    const dueMs = completion.atMs + ms(debounce);
    const isAgain = completed.slice(index + 1).some(({ atMs }) => atMs < dueMs);
    return isAgain || dueMs > untilMs ? [] : [{ ...completion, atMs: dueMs }];
  });
  const fired: NaiveFiring[] = [];
  for (const each of passed) {
    const period = (at: number) => Math.floor(at / ms(oncePer));
    const before = (within: string) => fired.filter(({ atMs }) => each.atMs - atMs < ms(within)).length;
    if (oncePer !== undefined && fired.some(({ atMs }) => period(atMs) === period(each.atMs))) continue;
    if (cooldown !== undefined && before(cooldown) > 0) continue;
    if (throttle && before(throttle.within) >= throttle.most) continue;
    fired.push(each);
  }
  return fired;
}
