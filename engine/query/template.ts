import { assert } from '../errors.ts';
import type { Tuple } from './compile.ts';
import type { Group } from './group.ts';
import { Incremental } from './incremental.ts';
import { type Plan, paramsKey } from './plan.ts';
import { columnsKey } from './value.ts';

/** Up to so many plans are cheaper to run one by one, each with its own constants to look rows up by. */
const separateSlotsMax = 4;
/** A joint run that finds more rows a slot that nobody wants is worse than separate runs. */
const refusalsPerSlotMax = 16;

/** The groups whose plan has the same constants. */
export interface Slot {
  readonly plan: Plan;
  readonly groups: Set<Group>;
  readonly incremental: Incremental;
}

/**
 * Plans that differ only in constants: `WHERE tenant = 1`, `WHERE tenant = 2`, … A change is joined once for all of
 * them, and the constants found in each resulting tuple tell which groups it is for.
 */
export class Template {
  readonly key: string;
  /** Any of the plans: its params stand for the columns only. */
  readonly plan: Plan;
  readonly #slots = new Map<string, Slot>();
  readonly #shared: Incremental;
  /** Of each relation that has params: how many slots want each combination of values. */
  readonly #wanted: (Wanted | undefined)[];
  readonly #slotKey: (tuple: Tuple) => string;
  #separateSlotsMax = separateSlotsMax;
  #refusals = 0;

  constructor(key: string, plan: Plan) {
    this.key = key;
    this.plan = plan;
    this.#wanted = plan.sources.map((_, relation) => wantedOf(plan, relation));
    const readers = this.#wanted.flatMap((wanted, relation) => (wanted ? [{ relation, key: wanted.keyOfRow }] : []));
    const [first] = readers;
    this.#slotKey =
      first !== undefined && readers.length === 1
        ? (tuple) => first.key(tuple[first.relation] as Uint8Array)
        : (tuple) => readers.map(({ relation, key: read }) => read(tuple[relation] as Uint8Array)).join('');
    // With one source the look-up of the slot itself decides.
    const admits = (relation: number, row: Uint8Array): boolean => {
      const wanted = this.#wanted[relation];
      if (wanted === undefined || wanted.counts.has(wanted.keyOfRow(row))) return true;
      this.#refusals += 1;
      return false;
    };
    this.#shared = plan.sources.length === 1 ? new Incremental(plan, false) : new Incremental(plan, false, admits);
  }

  get isEmpty(): boolean {
    return this.#slots.size === 0;
  }

  add(plan: Plan, group: Group): Slot {
    const key = paramsKey(plan);
    let slot = this.#slots.get(key);
    if (slot === undefined) {
      slot = { plan, groups: new Set(), incremental: new Incremental(plan, true) };
      this.#slots.set(key, slot);
      this.#want(plan, 1);
    }
    slot.groups.add(group);
    return slot;
  }

  remove(slot: Slot, group: Group): void {
    slot.groups.delete(group);
    if (slot.groups.size > 0) return;
    this.#slots.delete(paramsKey(slot.plan));
    this.#want(slot.plan, -1);
  }

  /** Finds what the commit that is being published changes for each group. */
  run(emit: (group: Group, row: Uint8Array, weight: number) => void): void {
    const { output, sources } = this.plan;
    const give = (slot: Slot, tuple: Tuple, weight: number): boolean => {
      for (const group of slot.groups) emit(group, tuple[output] as Uint8Array, weight);
      return true;
    };
    if (sources.length > 1 && this.#slots.size <= this.#separateSlotsMax) {
      for (const slot of this.#slots.values()) {
        slot.incremental.run((tuple, weight) => give(slot, tuple, weight));
      }
      return;
    }
    this.#refusals = 0;
    this.#shared.run((tuple, weight) => {
      const slot = this.#slots.get(this.#slotKey(tuple));
      return slot === undefined || give(slot, tuple, weight);
    });
    if (this.#refusals > refusalsPerSlotMax * this.#slots.size) this.#separateSlotsMax = 2 * this.#slots.size;
  }

  #want(plan: Plan, times: number): void {
    for (const [relation, wanted] of this.#wanted.entries()) {
      if (wanted === undefined) continue;
      const key = paramsKey({ params: plan.params.filter(({ column }) => column.relation === relation) });
      const count = (wanted.counts.get(key) ?? 0) + times;
      assert(count >= 0, 'a template forgets only what it was told to want');
      if (count === 0) wanted.counts.delete(key);
      else wanted.counts.set(key, count);
    }
  }
}

interface Wanted {
  readonly keyOfRow: (row: Uint8Array) => string;
  readonly counts: Map<string, number>;
}

function wantedOf({ sources, params }: Plan, relation: number): Wanted | undefined {
  const columns = params.flatMap(({ column }) => (column.relation === relation ? [column.column] : []));
  const source = sources[relation];
  if (columns.length === 0 || source === undefined) return undefined;
  return { keyOfRow: columnsKey(source.layout, columns), counts: new Map() };
}
