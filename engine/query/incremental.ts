import type { Test, Tuple } from './compile.ts';
import type { Plan } from './plan.ts';
import type { Change } from './source.ts';
import { type Emit, orderSteps, runSteps, type Step, testAt } from './steps.ts';

/**
 * What a commit changes in the bag of tuples of a join: for each changed source, its changed rows joined with the
 * sources before it as they are now and with those after it as they were. Looks up only what the changed rows need, so
 * the cost does not grow with the tables.
 */
export class Incremental {
  readonly #plan: Plan;
  readonly #usesParams: boolean;
  readonly #admits: (relation: number, row: Uint8Array) => boolean;
  /** For each source that may change first, how to find the rest; built when first needed. */
  readonly #starts: (Start | undefined)[] = [];

  /** @param admits refuses rows of a relation that can lead to nothing */
  constructor(plan: Plan, usesParams: boolean, admits: (relation: number, row: Uint8Array) => boolean = () => true) {
    this.#plan = plan;
    this.#usesParams = usesParams;
    this.#admits = admits;
  }

  run(emit: Emit): void {
    for (const [relation, { change }] of this.#plan.sources.entries()) {
      if (change === undefined) continue;
      const start = this.#start(relation);
      this.#each(start, relation, change.deletes, -1, emit);
      this.#each(start, relation, change.inserts, 1, emit);
    }
  }

  #each({ test, steps }: Start, relation: number, rows: Change['inserts'], weight: number, emit: Emit): void {
    const tuple: Tuple = [];
    for (const row of rows) {
      tuple[relation] = row;
      if (test(tuple)) runSteps(steps, tuple, weight, emit);
    }
  }

  #start(relation: number): Start {
    let start = this.#starts[relation];
    if (start === undefined) {
      start = this.#compile(relation);
      this.#starts[relation] = start;
    }
    return start;
  }

  #compile(relation: number): Start {
    const plan = this.#plan;
    const purpose = { usesParams: this.#usesParams, isOnce: false };
    // Rows of an event table are never stored: its commit's rows meet all others as they are now.
    const isEvent = plan.sources[relation]?.isEvent === true;
    const steps = orderSteps(plan, [relation], purpose, (other) => !isEvent && other > relation);
    const admitting = (test: Test, at: number): Test => {
      return (tuple) => test(tuple) && this.#admits(at, tuple[at] as Uint8Array);
    };
    return {
      test: admitting(testAt(plan, relation, new Set([relation]), this.#usesParams), relation),
      steps: steps.map((step) => ({ ...step, test: admitting(step.test, step.relation) })),
    };
  }
}

interface Start {
  readonly test: Test;
  readonly steps: readonly Step[];
}
