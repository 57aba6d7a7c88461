import { assert } from '../errors.ts';
import { compilePredicate, type Test, type Tuple } from './compile.ts';
import type { Group } from './group.ts';
import { Incremental } from './incremental.ts';
import { type Interval, Intervals } from './intervals.ts';
import { constantsKey, type Plan, paramsKey } from './plan.ts';
import { and, type ColumnRef, type LiteralComparison, type Predicate } from './predicate.ts';
import { intervalOf } from './range.ts';
import { columnsKey, comparatorOf } from './value.ts';

/** The groups whose plan has the same constants. */
export interface Slot {
  readonly plan: Plan;
  readonly groups: Set<Group>;
  readonly incremental: Incremental;
}

/** The slots of one template, found by the constants that a tuple meets: a cost that does not grow with their number. */
export class Slots {
  readonly #all = new Map<string, Slot>();
  readonly #paramsOf: (tuple: Tuple) => string;
  /** With ranges or checks: by params the slots by the interval of one column. */
  readonly #ranged: Ranged | undefined;

  /** @param plan any of the template's: its constants stand for their columns only */
  constructor(plan: Plan) {
    this.#paramsOf = readerOfParams(plan);
    this.#ranged = plan.ranges.length + plan.checks.length > 0 ? new Ranged(plan) : undefined;
  }

  get size(): number {
    return this.#all.size;
  }

  values(): Iterable<Slot> {
    return this.#all.values();
  }

  get(plan: Plan): Slot | undefined {
    return this.#all.get(constantsKey(plan));
  }

  add(plan: Plan): Slot {
    const slot: Slot = { plan, groups: new Set(), incremental: new Incremental(plan, true) };
    this.#all.set(constantsKey(plan), slot);
    this.#ranged?.add(slot);
    return slot;
  }

  remove(slot: Slot): void {
    this.#all.delete(constantsKey(slot.plan));
    this.#ranged?.remove(slot);
  }

  /** Visits the slots whose constants the tuple meets. */
  of(tuple: Tuple, visit: (slot: Slot) => void): void {
    const key = this.#paramsOf(tuple);
    if (this.#ranged !== undefined) {
      this.#ranged.of(key, tuple, visit);
      return;
    }
    const slot = this.#all.get(key);
    if (slot !== undefined) visit(slot);
  }
}

class Ranged {
  /** The column whose intervals are searched, if any; all else is checked slot by slot. */
  readonly #column: ColumnRef | undefined;
  readonly #bytesOf: (tuple: Tuple) => Uint8Array;
  readonly #compare: (a: Uint8Array, b: Uint8Array) => number;
  readonly #byParams = new Map<string, Intervals<Uint8Array, Slot>>();
  readonly #tests = new Map<Slot, Test>();

  constructor(plan: Plan) {
    const [first] = plan.ranges;
    const { relation, column } = first?.column ?? { relation: 0, column: 0 };
    const layout = plan.sources[relation]?.layout;
    assert(layout !== undefined, `relation ${relation} of ${plan.sources.length}`);
    this.#column = first?.column;
    this.#compare = first ? comparatorOf(first.type) : () => 0;
    this.#bytesOf = (tuple) => {
      const row = tuple[relation] as Uint8Array;
      return row.subarray(layout.columnStart(row, 0, column));
    };
  }

  add(slot: Slot): void {
    const key = paramsKey(slot.plan);
    let intervals = this.#byParams.get(key);
    if (intervals === undefined) {
      intervals = new Intervals(this.#compare);
      this.#byParams.set(key, intervals);
    }
    const { interval, others } = this.#split(slot.plan);
    intervals.add(interval, slot);
    if (others.length === 0) return;
    const layouts = slot.plan.sources.map(({ layout }) => layout);
    this.#tests.set(slot, compilePredicate(and(others), layouts));
  }

  remove(slot: Slot): void {
    const key = paramsKey(slot.plan);
    const intervals = this.#byParams.get(key);
    intervals?.remove(this.#split(slot.plan).interval, slot);
    if (intervals?.isEmpty) this.#byParams.delete(key);
    this.#tests.delete(slot);
  }

  of(key: string, tuple: Tuple, visit: (slot: Slot) => void): void {
    this.#byParams.get(key)?.at(this.#bytesOf(tuple), (slot) => {
      if (this.#tests.get(slot)?.(tuple) !== false) visit(slot);
      return true;
    });
  }

  #split({ ranges, checks }: Plan): { readonly interval: Interval<Uint8Array>; readonly others: readonly Predicate[] } {
    const isOwn = ({ column: { relation, column } }: LiteralComparison): boolean => {
      return relation === this.#column?.relation && column === this.#column.column;
    };
    const own = ranges.filter(isOwn);
    return {
      interval: own.length === 0 ? everything : intervalOf(own),
      others: [...ranges.filter((term) => !isOwn(term)), ...checks],
    };
  }
}

const everything: Interval<Uint8Array> = { lower: { kind: 'unbounded' }, upper: { kind: 'unbounded' } };

function readerOfParams({ sources, params }: Plan): (tuple: Tuple) => string {
  const readers = sources.flatMap(({ layout }, relation) => {
    const columns = params.flatMap(({ column }) => (column.relation === relation ? [column.column] : []));
    return columns.length === 0 ? [] : [{ relation, key: columnsKey(layout, columns) }];
  });
  const [first] = readers;
  if (first !== undefined && readers.length === 1) return (tuple) => first.key(tuple[first.relation] as Uint8Array);
  return (tuple) => readers.map(({ relation, key }) => key(tuple[relation] as Uint8Array)).join('');
}
