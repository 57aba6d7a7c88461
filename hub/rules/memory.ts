import type { Json, Scalar } from '../conditions/source.ts';

// What one rule remembers of the events of one key. Times are microseconds since 1970.

export const microsPerMs = 1000;

/** An event as a rule remembers it. */
export interface Token {
  readonly at: number;
  readonly event: number;
}

/** What a rule remembers of a key; JSON. Absent parts remember nothing. */
export interface Memory {
  /** Counting: how many tokens there are, and when the newest came. */
  count?: number | undefined;
  countedAt?: number | undefined;
  /** Sequence: for each number of steps taken the chain that began last. */
  chains?: (Chain | null)[] | undefined;
  /** Absence: what has not been followed yet, in order. */
  waits?: Wait[] | undefined;
  /** Join: the newest event of each pattern. */
  slots?: (Token | null)[] | undefined;
  /** Change: the value last seen. */
  value?: Scalar | undefined;
  /** Threshold: whether the number has passed the bound. */
  isBeyond?: true | undefined;
  /** Debounce: the completion that is held back. */
  held?: Completion | undefined;
  /** Once a period: the period in which it fired last. */
  period?: number | undefined;
  /** Cooldown and throttle: when it fired, the newest last. */
  firedAt?: number[] | undefined;
}

export interface Chain {
  readonly start: number;
  readonly events: readonly number[];
}

interface Wait {
  readonly due: number;
  readonly event: number;
}

/** A rule is completed: since when, by which events, and how many there were. */
export interface Completion {
  readonly at: number;
  /** The newest 100, in their order. */
  readonly events: readonly number[];
  readonly count: number;
}

/** The events that a rule counts, kept apart from the rest of its memory because they may be many. */
export interface Tokens {
  push(token: Token): void;
  /** Forgets those of an instant and earlier. @returns how many these were */
  forgetUntil(at: number): number;
  newest(most: number): readonly Token[];
  clear(): void;
}

export interface Cell {
  readonly memory: Memory;
  readonly tokens: Tokens;
  /** By whose clocks days begin; empty for UTC. */
  readonly timeZone: string;
}

export interface Arrival {
  readonly event: number;
  readonly at: number;
  /** The event as conditions see it. */
  readonly scope: Json;
}

/** What came of it: when to fire, and in words why not. */
export interface Course {
  readonly fired: Completion[];
  readonly notes: string[];
}

/** Whether nothing is remembered. */
export function isEmpty(memory: Memory): boolean {
  return Object.values(memory).every((part) => part === undefined);
}

/** Nothing instead of a list in which there is nothing: so an empty part of a memory is an absent one. */
export function keepFull<T>(list: T[] | undefined): T[] | undefined {
  return list?.some((each) => each !== null) ? list : undefined;
}
