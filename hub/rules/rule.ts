import type { Condition } from '../conditions/condition.ts';
import type { Expression } from '../conditions/expression.ts';
import type { Scalar } from '../conditions/source.ts';
import type { Template } from '../conditions/template.ts';

/** What a rule's text says, as it was read; it is JSON and is kept as such with the text. */
export interface Rule {
  readonly name: string;
  readonly description: string;
  /** The rule's own events: those that begin a sequence, that are counted, that another one must follow. */
  readonly pattern: Pattern;
  /** Events with the same value belong together; none for all of them. */
  readonly by?: Expression | undefined;
  /** What must come to pass over time and between events; a rule without is completed by each of its own events. */
  readonly over?: Over | undefined;
  readonly gates: Gates;
  readonly actions: readonly Action[];
}

/** Events of a kind, from a source, about a subject, of which a condition holds. */
export interface Pattern {
  /** Any of these. */
  readonly on: readonly Selector[];
  readonly when?: Condition | undefined;
  /** Instead of the rule's. */
  readonly by?: Expression | undefined;
}

/** Texts that an event must have; a * at the end stands for anything. */
export interface Selector {
  readonly kind: string;
  readonly source?: string | undefined;
  readonly subject?: string | undefined;
}

export type Over =
  /** So many of its events within a time. */
  | { readonly kind: 'count'; readonly atLeast: number; readonly withinMs: number }
  /** After its event others, one after the other, all within a time of the first. */
  | { readonly kind: 'sequence'; readonly steps: readonly Pattern[]; readonly withinMs: number }
  /** After its event no other within a time. */
  | { readonly kind: 'absence'; readonly of: Pattern; readonly withinMs: number }
  /** Its event and others, in any order, within a time. */
  | { readonly kind: 'join'; readonly others: readonly Pattern[]; readonly withinMs: number }
  /** A value is another one than in the event before. */
  | {
      readonly kind: 'change';
      readonly of: Expression;
      readonly from?: Scalar | undefined;
      readonly to?: Scalar | undefined;
    }
  /** A number passes a bound; not again until it has been back beyond another one. */
  | {
      readonly kind: 'threshold';
      readonly of: Expression;
      readonly side: Side;
      readonly bound: number;
      readonly rearm: number;
    };

export type Side = 'above' | 'below';

/** What keeps a completed rule from firing, for each key by itself. */
export interface Gates {
  /** It fires when so long nothing has completed it, for the last time that it was completed. */
  readonly debounceMs?: number | undefined;
  /** Once in each period of this length, counted from 1970; those of whole days begin at midnight where the tenant is. */
  readonly oncePerMs?: number | undefined;
  /** Not again for so long. */
  readonly cooldownMs?: number | undefined;
  readonly throttle?: { readonly most: number; readonly withinMs: number } | undefined;
}

export type Action =
  | { readonly tag: 'submit'; readonly value: SubmitAction }
  | { readonly tag: 'emit'; readonly value: EmitAction }
  | { readonly tag: 'notify'; readonly value: NotifyAction }
  | { readonly tag: 'recipe'; readonly value: RecipeAction };

export interface SubmitAction {
  readonly skill: string;
  readonly title?: Template | undefined;
  readonly input?: Template | undefined;
  readonly priority?: number | undefined;
  readonly labels?: readonly string[] | undefined;
}

export interface EmitAction {
  readonly kind: string;
  readonly source?: string | undefined;
  readonly subject?: Template | undefined;
  readonly payload?: Template | undefined;
}

export interface RecipeAction {
  readonly name: string;
  readonly input?: Template | undefined;
}

export interface NotifyAction {
  readonly title: Template;
  readonly text?: Template | undefined;
  readonly level?: NotifyLevel | undefined;
}

export const notifyLevels = ['info', 'warning', 'critical'] as const;
export type NotifyLevel = (typeof notifyLevels)[number];

/** All patterns of a rule, its own first; the others in the order of the text. */
export function patternsOf({ pattern, over }: Rule): readonly Pattern[] {
  switch (over?.kind) {
    case 'sequence':
      return [pattern, ...over.steps];
    case 'absence':
      return [pattern, over.of];
    case 'join':
      return [pattern, ...over.others];
    default:
      return [pattern];
  }
}
