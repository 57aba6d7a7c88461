import { assert } from '../errors.ts';
import { Intervals } from './intervals.ts';
import { type Plan, paramsKey } from './plan.ts';
import type { LiteralComparison } from './predicate.ts';
import { intervalOf } from './range.ts';
import type { Slot } from './slots.ts';
import type { Source } from './source.ts';
import { columnsKey, comparatorOf } from './value.ts';

/** Which rows of one relation the constants of any slot of a template ask for. */
export interface Wanted {
  add(slot: Slot): void;
  remove(slot: Slot): void;
  has(row: Uint8Array): boolean;
}

/** @returns undefined when no constants are about the relation */
export function wantedOf(plan: Plan, relation: number): Wanted | undefined {
  const source = plan.sources[relation];
  assert(source !== undefined, `relation ${relation} of ${plan.sources.length}`);
  if (plan.params.some(({ column }) => column.relation === relation)) return new WantedValues(plan, relation, source);
  const range = plan.ranges.find(({ column }) => column.relation === relation);
  return range && new WantedRanges(range, source);
}

class WantedValues implements Wanted {
  readonly #relation: number;
  readonly #keyOfRow: (row: Uint8Array) => string;
  /** How many slots want each combination of values. */
  readonly #counts = new Map<string, number>();

  constructor({ params }: Plan, relation: number, { layout }: Source) {
    const columns = params.flatMap(({ column }) => (column.relation === relation ? [column.column] : []));
    this.#relation = relation;
    this.#keyOfRow = columnsKey(layout, columns);
  }

  add({ plan }: Slot): void {
    const key = this.#keyOf(plan);
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  remove({ plan }: Slot): void {
    const key = this.#keyOf(plan);
    const count = this.#counts.get(key);
    assert(count !== undefined, 'a template forgets only what it was told to want');
    if (count === 1) this.#counts.delete(key);
    else this.#counts.set(key, count - 1);
  }

  has(row: Uint8Array): boolean {
    return this.#counts.has(this.#keyOfRow(row));
  }

  #keyOf({ params }: Plan): string {
    return paramsKey({ params: params.filter(({ column }) => column.relation === this.#relation) });
  }
}

class WantedRanges implements Wanted {
  readonly #column: LiteralComparison['column'];
  readonly #startIn: (row: Uint8Array) => number;
  readonly #intervals: Intervals<Uint8Array, Slot>;

  constructor(range: LiteralComparison, { layout }: Source) {
    this.#column = range.column;
    this.#startIn = (row) => layout.columnStart(row, 0, range.column.column);
    this.#intervals = new Intervals(comparatorOf(range.type));
  }

  add(slot: Slot): void {
    this.#intervals.add(intervalOf(this.#rangesOf(slot)), slot);
  }

  remove(slot: Slot): void {
    this.#intervals.remove(intervalOf(this.#rangesOf(slot)), slot);
  }

  has(row: Uint8Array): boolean {
    return !this.#intervals.at(row.subarray(this.#startIn(row)), () => false);
  }

  #rangesOf({ plan }: Slot): LiteralComparison[] {
    const { relation, column } = this.#column;
    return plan.ranges.filter((term) => term.column.relation === relation && term.column.column === column);
  }
}
