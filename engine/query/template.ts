import type { Tuple } from './compile.ts';
import type { Group } from './group.ts';
import { Incremental } from './incremental.ts';
import type { Plan } from './plan.ts';
import { type Slot, Slots } from './slots.ts';
import { type Wanted, wantedOf } from './wanted.ts';

/** Up to so many plans are cheaper to run one by one, each with its own constants to look rows up by. */
const separateSlotsMax = 4;
/** A joint run that finds more rows a slot that nobody wants is worse than separate runs. */
const refusalsPerSlotMax = 16;

/**
 * Plans that differ only in constants: `WHERE tenant = 1`, `WHERE tenant = 2 AND age > 9`, … A change is joined once for
 * all of them, and the constants that each resulting tuple meets tell which groups it is for.
 */
export class Template {
  readonly key: string;
  /** Any of the plans: its constants stand for the columns only. */
  readonly plan: Plan;
  readonly #slots: Slots;
  readonly #shared: Incremental;
  readonly #wanted: (Wanted | undefined)[];
  #separateSlotsMax = separateSlotsMax;
  #refusals = 0;

  constructor(key: string, plan: Plan) {
    this.key = key;
    this.plan = plan;
    this.#slots = new Slots(plan);
    this.#wanted = plan.sources.map((_, relation) => wantedOf(plan, relation));
    // With one source the look-up of the slot itself decides.
    const admits = (relation: number, row: Uint8Array): boolean => {
      const wanted = this.#wanted[relation];
      if (wanted === undefined || wanted.has(row)) return true;
      this.#refusals += 1;
      return false;
    };
    this.#shared = plan.sources.length === 1 ? new Incremental(plan, false) : new Incremental(plan, false, admits);
  }

  get isEmpty(): boolean {
    return this.#slots.size === 0;
  }

  add(plan: Plan, group: Group): Slot {
    let slot = this.#slots.get(plan);
    if (slot === undefined) {
      slot = this.#slots.add(plan);
      for (const wanted of this.#wanted) wanted?.add(slot);
    }
    slot.groups.add(group);
    return slot;
  }

  remove(slot: Slot, group: Group): void {
    slot.groups.delete(group);
    if (slot.groups.size > 0) return;
    this.#slots.remove(slot);
    for (const wanted of this.#wanted) wanted?.remove(slot);
  }

  /** Finds what the commit that is being published changes for each group. */
  run(emit: (group: Group, row: Uint8Array, weight: number) => void): void {
    const { output, sources } = this.plan;
    const give = (slot: Slot, tuple: Tuple, weight: number): void => {
      for (const group of slot.groups) emit(group, tuple[output] as Uint8Array, weight);
    };
    if (sources.length > 1 && this.#slots.size <= this.#separateSlotsMax) {
      for (const slot of this.#slots.values()) {
        slot.incremental.run((tuple, weight) => {
          give(slot, tuple, weight);
          return true;
        });
      }
      return;
    }
    this.#refusals = 0;
    this.#shared.run((tuple, weight) => {
      this.#slots.of(tuple, (slot) => give(slot, tuple, weight));
      return true;
    });
    if (this.#refusals > refusalsPerSlotMax * this.#slots.size) this.#separateSlotsMax = 2 * this.#slots.size;
  }
}
