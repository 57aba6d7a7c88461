import { type Access, bestAccess, type Purpose } from './access.ts';
import { compilePredicate, type Test, type Tuple } from './compile.ts';
import type { Effort } from './effort.ts';
import type { Plan } from './plan.ts';
import { and, type Predicate, relationsOf } from './predicate.ts';

/** Gets each joined tuple and how often it counts. @returns false to get no more */
export type Emit = (tuple: Tuple, weight: number) => boolean;

/** One nested loop of a join: finds the rows of one more relation. */
export interface Step {
  readonly relation: number;
  readonly access: Access;
  /** What can be checked once this step's row is there, beyond what its access promises. */
  readonly test: Test;
  /** Whether to read the rows as they were before the commit. */
  readonly isBefore: boolean;
}

/**
 * The order in which to find the rows of all relations that are not in `given`.
 * @param isBefore which relations to read as they were before the commit
 */
export function orderSteps(
  plan: Plan,
  given: readonly number[],
  purpose: Purpose,
  isBefore: (relation: number) => boolean,
): Step[] {
  const bound = new Set(given);
  const steps: Step[] = [];
  while (bound.size < plan.sources.length) {
    const { relation, access } = cheapest(plan, bound, purpose);
    bound.add(relation);
    steps.push({
      relation,
      access,
      test: testAt(plan, relation, bound, purpose.usesParams),
      isBefore: isBefore(relation),
    });
  }
  return steps;
}

function cheapest(plan: Plan, bound: ReadonlySet<number>, purpose: Purpose): { relation: number; access: Access } {
  const candidates = plan.sources.flatMap((source, relation) => {
    if (bound.has(relation)) return [];
    return [{ relation, access: bestAccess(plan, relation, bound, purpose), rowCount: source.rowCount }];
  });
  candidates.sort((a, b) => a.access.cost - b.access.cost || a.rowCount - b.rowCount);
  return candidates[0] as (typeof candidates)[number];
}

/** All conditions that are about `relation` and otherwise only about bound ones. */
export function testAt(plan: Plan, relation: number, bound: ReadonlySet<number>, usesParams: boolean): Test {
  const decidable = (predicate: Predicate): boolean => {
    const relations = relationsOf(predicate);
    return relations.has(relation) && [...relations].every((other) => bound.has(other));
  };
  const terms = [...(plan.local[relation] ?? []), ...plan.edges.filter(decidable), ...plan.residual.filter(decidable)];
  if (usesParams) terms.push(...[...plan.params, ...plan.ranges, ...plan.checks].filter(decidable));
  return compilePredicate(
    and(terms),
    plan.sources.map(({ layout }) => layout),
  );
}

/** Runs the nested loops from `position` on. @returns false when `emit` stopped it */
export function runSteps(steps: readonly Step[], tuple: Tuple, weight: number, emit: Emit, position = 0): boolean {
  const step = steps[position];
  if (step === undefined) return emit(tuple, weight);
  const { access, relation, test } = step;
  const visit = (row: Uint8Array, times: number): boolean => {
    tuple[relation] = row;
    return !test(tuple) || runSteps(steps, tuple, weight * times, emit, position + 1);
  };
  return step.isBefore ? access.fetchBefore(tuple, visit) : access.fetch(tuple, visit);
}

/**
 * Visits every tuple of the plan's join, now or as it was before the commit that is being published.
 * @param effort bounds a join; undefined for no bound
 * @throws QueryRejection `too-large` when the effort is used up
 */
export function evaluate(plan: Plan, when: 'now' | 'before', emit: Emit, effort?: Effort): boolean {
  const steps = orderSteps(plan, [], { usesParams: true, isOnce: true }, () => when === 'before');
  if (effort === undefined || steps.length === 1) return runSteps(steps, [], 1, emit);
  const counted = steps.map((step): Step => {
    const test: Test = (tuple) => {
      effort.visit();
      return step.test(tuple);
    };
    return { ...step, test };
  });
  return runSteps(counted, [], 1, (tuple, weight) => {
    effort.emit();
    return emit(tuple, weight);
  });
}
