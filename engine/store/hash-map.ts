import type { RowHandle } from './contract.ts';

const slotWords = 2;
const slotCountMin = 16;

/**
 * Handles by the 32-bit hash of a key, in one flat array: open addressing, linear probing, no tombstones. Whoever asks
 * compares the keys themselves, which stay in the rows.
 */
export class HashMap {
  /** Pairs of a hash and a handle plus one; 0 is an empty slot. */
  #slots = new Int32Array(slotCountMin * slotWords);
  #mask = slotCountMin - 1;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    return this.#slots.byteLength;
  }

  /** The first slot that holds `hash`, or -1. */
  first(hash: number): number {
    return this.#seek(hash, hash & this.#mask);
  }

  /** The next slot after `slot` that holds `hash`, or -1. */
  next(hash: number, slot: number): number {
    return this.#seek(hash, (slot + 1) & this.#mask);
  }

  handleAt(slot: number): RowHandle {
    return (this.#slots[slot * slotWords + 1] as number) - 1;
  }

  setHandleAt(slot: number, handle: RowHandle): void {
    this.#slots[slot * slotWords + 1] = handle + 1;
  }

  /** The slot of exactly this handle, or -1. */
  slotOf(hash: number, handle: RowHandle): number {
    let slot = this.first(hash);
    while (slot >= 0 && this.handleAt(slot) !== handle) slot = this.next(hash, slot);
    return slot;
  }

  add(hash: number, handle: RowHandle): void {
    if (this.#size * 5 >= (this.#mask + 1) * 3) this.#resize((this.#mask + 1) * 2);
    this.#put(hash, handle + 1);
    this.#size += 1;
  }

  /** Closes the gap, so that every entry stays reachable from the slot of its hash. */
  removeAt(slot: number): void {
    const slots = this.#slots;
    const mask = this.#mask;
    let gap = slot;
    for (let at = (gap + 1) & mask; slots[at * slotWords + 1] !== 0; at = (at + 1) & mask) {
      const home = (slots[at * slotWords] as number) & mask;
      const isBehindGap = gap <= at ? home > gap && home <= at : home > gap || home <= at;
      if (isBehindGap) continue;
      slots[gap * slotWords] = slots[at * slotWords] as number;
      slots[gap * slotWords + 1] = slots[at * slotWords + 1] as number;
      gap = at;
    }
    slots[gap * slotWords] = 0;
    slots[gap * slotWords + 1] = 0;
    this.#size -= 1;
  }

  clear(): void {
    if (this.#size === 0) return;
    this.#slots = new Int32Array(slotCountMin * slotWords);
    this.#mask = slotCountMin - 1;
    this.#size = 0;
  }

  #seek(hash: number, from: number): number {
    const slots = this.#slots;
    for (let slot = from; slots[slot * slotWords + 1] !== 0; slot = (slot + 1) & this.#mask) {
      if (slots[slot * slotWords] === hash) return slot;
    }
    return -1;
  }

  #put(hash: number, entry: number): void {
    const slots = this.#slots;
    let slot = hash & this.#mask;
    while (slots[slot * slotWords + 1] !== 0) slot = (slot + 1) & this.#mask;
    slots[slot * slotWords] = hash;
    slots[slot * slotWords + 1] = entry;
  }

  #resize(slotCount: number): void {
    const old = this.#slots;
    this.#slots = new Int32Array(slotCount * slotWords);
    this.#mask = slotCount - 1;
    for (let at = 0; at < old.length; at += slotWords) {
      const entry = old[at + 1] as number;
      if (entry !== 0) this.#put(old[at] as number, entry);
    }
  }
}
