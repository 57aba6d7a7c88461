import { hashBytes } from './bytes.ts';
import type { RowHandle } from './contract.ts';
import { HashMap } from './hash-map.ts';
import type { Heap } from './heap.ts';
import type { KeyColumns } from './key-columns.ts';

/**
 * Rows found by the key of an index. Of rows that share a key the map holds one, the head of a ring through all of them,
 * so that adding and removing cost the same however many there are.
 */
export class HashIndex {
  readonly #heap: Heap;
  readonly #key: KeyColumns;
  readonly #map = new HashMap();
  /** By handle the next and the previous row with the same key; unused by a unique index. */
  #links: Uint32Array;
  readonly #isUnique: boolean;
  /** What the last probe computed and found. */
  #hash = 0;
  #slot = -1;

  constructor(heap: Heap, key: KeyColumns, isUnique: boolean) {
    this.#heap = heap;
    this.#key = key;
    this.#isUnique = isUnique;
    this.#links = new Uint32Array(isUnique ? 0 : 32);
  }

  get bytes(): number {
    return this.#map.bytes + this.#links.byteLength;
  }

  /** One row with this key, or -1. */
  find(bytes: Uint8Array, start: number, end: number): RowHandle {
    this.#seek(bytes, start, end);
    return this.#slot < 0 ? -1 : this.#map.handleAt(this.#slot);
  }

  /** One stored row with the key of the row at `handle`, or -1. `addProbed` and `replaceProbed` build on it. */
  probe(handle: RowHandle): RowHandle {
    this.#key.locate(this.#heap.page(handle), this.#heap.start(handle));
    return this.find(this.#key.bytes, this.#key.start, this.#key.end);
  }

  add(handle: RowHandle): void {
    this.probe(handle);
    this.addProbed(handle);
  }

  /** Adds the row that was probed last; nothing may have been added or removed since. */
  addProbed(handle: RowHandle): void {
    if (this.#isUnique) {
      this.#map.add(this.#hash, handle);
      return;
    }
    this.#ensureLinks(handle);
    if (this.#slot < 0) {
      this.#link(handle, handle);
      this.#map.add(this.#hash, handle);
    } else {
      const head = this.#map.handleAt(this.#slot);
      const tail = this.#previous(head);
      this.#link(tail, handle);
      this.#link(handle, head);
    }
  }

  /** Puts the row that was probed last in the place of `old`; a unique index must have found `old` or nothing. */
  replaceProbed(old: RowHandle, handle: RowHandle): void {
    if (this.#isUnique) {
      if (this.#slot >= 0) {
        this.#map.setHandleAt(this.#slot, handle);
      } else {
        this.remove(old);
        this.#map.add(this.#hash, handle);
      }
    } else if (this.#slot >= 0 && this.#isSameKey(old, handle)) {
      this.#relink(old, handle);
    } else {
      this.remove(old);
      this.add(handle);
    }
  }

  remove(handle: RowHandle): void {
    const hash = this.#hashOf(handle);
    const slot = this.#map.slotOf(hash, handle);
    if (this.#isUnique) {
      this.#map.removeAt(slot);
      return;
    }
    const next = this.#next(handle);
    if (next === handle) {
      this.#map.removeAt(slot);
      return;
    }
    this.#link(this.#previous(handle), next);
    if (slot >= 0) this.#map.setHandleAt(slot, next);
  }

  /** All rows that share the key of `found`. */
  group(found: RowHandle): RowHandle[] {
    if (found < 0) return [];
    if (this.#isUnique) return [found];
    const handles: RowHandle[] = [found];
    for (let at = this.#next(found); at !== found; at = this.#next(at)) handles.push(at);
    return handles;
  }

  #seek(bytes: Uint8Array, start: number, end: number): void {
    const hash = hashBytes(bytes, start, end);
    let slot = this.#map.first(hash);
    while (slot >= 0) {
      const handle = this.#map.handleAt(slot);
      if (this.#key.isKeyOf(this.#heap.page(handle), this.#heap.start(handle), bytes, start, end)) break;
      slot = this.#map.next(hash, slot);
    }
    this.#hash = hash;
    this.#slot = slot;
  }

  #hashOf(handle: RowHandle): number {
    this.#key.locate(this.#heap.page(handle), this.#heap.start(handle));
    return hashBytes(this.#key.bytes, this.#key.start, this.#key.end);
  }

  #isSameKey(a: RowHandle, b: RowHandle): boolean {
    const key = this.#key;
    key.locate(this.#heap.page(a), this.#heap.start(a));
    return key.isKeyOf(this.#heap.page(b), this.#heap.start(b), key.bytes, key.start, key.end);
  }

  /** Takes over the place of `old` in its ring, and in the map if it is the head. */
  #relink(old: RowHandle, handle: RowHandle): void {
    this.#ensureLinks(handle);
    const next = this.#next(old);
    const previous = this.#previous(old);
    this.#link(next === old ? handle : previous, handle);
    if (next !== old) this.#link(handle, next);
    if (this.#map.handleAt(this.#slot) === old) this.#map.setHandleAt(this.#slot, handle);
  }

  #next(handle: RowHandle): RowHandle {
    return this.#links[handle * 2] as number;
  }

  #previous(handle: RowHandle): RowHandle {
    return this.#links[handle * 2 + 1] as number;
  }

  #link(from: RowHandle, to: RowHandle): void {
    this.#links[from * 2] = to;
    this.#links[to * 2 + 1] = from;
  }

  #ensureLinks(handle: RowHandle): void {
    if (handle * 2 < this.#links.length) return;
    const grown = new Uint32Array(Math.max(this.#links.length * 2, (handle + 1) * 2));
    grown.set(this.#links);
    this.#links = grown;
  }
}
