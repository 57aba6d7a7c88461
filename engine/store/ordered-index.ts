import { compareKeys, type Key, type KeyRange } from '../bsatn/key.ts';
import type { RowHandle } from './contract.ts';

/** Entries of one block; a full block splits in half. */
const blockEntriesMax = 256;

interface Block {
  readonly keys: Key[];
  readonly handles: RowHandle[];
}

/** Rows in the order of their keys, and of their handles where keys are equal: a list of sorted blocks. */
export class OrderedIndex {
  readonly #blocks: Block[] = [];
  #size = 0;

  /** Builds the index from entries in any order. */
  constructor(handles: readonly RowHandle[], keyOf: (handle: RowHandle) => Key) {
    const entries = handles.map((handle) => ({ key: keyOf(handle), handle }));
    entries.sort((a, b) => compareKeys(a.key, b.key) || a.handle - b.handle);
    const step = blockEntriesMax / 2;
    for (let at = 0; at < entries.length; at += step) {
      const part = entries.slice(at, at + step);
      this.#blocks.push({ keys: part.map(({ key }) => key), handles: part.map(({ handle }) => handle) });
    }
    this.#size = entries.length;
  }

  /** A rough figure: keys that are text take more. */
  get bytes(): number {
    return this.#size * 16;
  }

  add(key: Key, handle: RowHandle): void {
    this.#size += 1;
    const index = this.#blockOf(key, handle);
    const block = this.#blocks[index];
    if (block === undefined) {
      this.#blocks.push({ keys: [key], handles: [handle] });
      return;
    }
    const at = positionOf(block, key, handle);
    if (at === block.keys.length) {
      block.keys.push(key);
      block.handles.push(handle);
    } else {
      block.keys.splice(at, 0, key);
      block.handles.splice(at, 0, handle);
    }
    if (block.keys.length > blockEntriesMax) this.#split(index, block, at);
  }

  remove(key: Key, handle: RowHandle): void {
    this.#size -= 1;
    const index = this.#blockOf(key, handle);
    const block = this.#blocks[index] as Block;
    const at = positionOf(block, key, handle);
    block.keys.splice(at, 1);
    block.handles.splice(at, 1);
    if (block.keys.length === 0) this.#blocks.splice(index, 1);
  }

  /** The rows within `range`, in order. */
  collect(range: KeyRange): RowHandle[] {
    const found: RowHandle[] = [];
    const { lower, upper } = range;
    // Handles start at 0: -1 comes before every entry with the same key, Infinity after.
    const edge = range.lowerInclusive ? -1 : Number.POSITIVE_INFINITY;
    let index = lower === undefined ? 0 : this.#blockOf(lower, edge);
    let at = lower === undefined ? 0 : positionOf(this.#blocks[index], lower, edge);
    for (; index < this.#blocks.length; index++, at = 0) {
      const { keys, handles } = this.#blocks[index] as Block;
      for (; at < keys.length; at++) {
        if (upper !== undefined) {
          const order = compareKeys(keys[at] as Key, upper);
          if (order > 0 || (order === 0 && !range.upperInclusive)) return found;
        }
        found.push(handles[at] as RowHandle);
      }
    }
    return found;
  }

  /** The last block whose first entry is not after the given one; the first block when there is none. */
  #blockOf(key: Key, handle: RowHandle): number {
    let low = 0;
    let high = this.#blocks.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const block = this.#blocks[middle] as Block;
      if (isAfter(block, 0, key, handle)) high = middle;
      else low = middle + 1;
    }
    return Math.max(0, low - 1);
  }

  /** Rows that arrive in order leave full blocks behind. */
  #split(index: number, block: Block, insertedAt: number): void {
    const isAppend = insertedAt === block.keys.length - 1 && index === this.#blocks.length - 1;
    const half = isAppend ? block.keys.length - 1 : block.keys.length >>> 1;
    this.#blocks.splice(index + 1, 0, { keys: block.keys.splice(half), handles: block.handles.splice(half) });
  }
}

/** How many entries of the block come before the given one. */
function positionOf(block: Block | undefined, key: Key, handle: RowHandle): number {
  if (block === undefined) return 0;
  let low = 0;
  let high = block.keys.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (isBefore(block, middle, key, handle)) low = middle + 1;
    else high = middle;
  }
  return low;
}

function isBefore(block: Block, at: number, key: Key, handle: RowHandle): boolean {
  const order = compareKeys(block.keys[at] as Key, key);
  return order < 0 || (order === 0 && (block.handles[at] as number) < handle);
}

function isAfter(block: Block, at: number, key: Key, handle: RowHandle): boolean {
  const order = compareKeys(block.keys[at] as Key, key);
  return order > 0 || (order === 0 && (block.handles[at] as number) > handle);
}
