import { StoreRejection } from './rejection.ts';

/** A transaction may grow by so much before it is looked at. */
const slackBytes = 1024 * 1024;

/** Whatever takes memory for rows. */
export interface Holder {
  /** What the rows that can be seen cost, with their indexes. */
  readonly usedBytes: number;
  /** Memory that was taken for rows and is given to the next ones without growing. */
  readonly spareBytes: number;
}

/**
 * How much memory rows and their indexes may take together, in all stores that share it. What makes rows grow beyond is
 * refused; what is there already stays.
 */
export class MemoryBudget {
  readonly bytesMax: number;
  readonly #holders = new Set<Holder>();
  /** Bytes that can be taken before it is counted again. */
  #uncountedBytes = 0;
  #pressure: string | undefined;

  /** @param bytesMax Infinity for no bound */
  constructor(bytesMax: number) {
    this.bytesMax = bytesMax;
  }

  get usedBytes(): number {
    let bytes = 0;
    for (const holder of this.#holders) bytes += holder.usedBytes;
    return bytes;
  }

  get spareBytes(): number {
    let bytes = 0;
    for (const holder of this.#holders) bytes += holder.spareBytes;
    return bytes;
  }

  /** Why nothing may grow now, whatever is counted here; undefined ends that. */
  set pressure(why: string | undefined) {
    this.#pressure = why;
    this.#uncountedBytes = 0;
  }

  /** @returns how it is left again */
  join(holder: Holder): () => void {
    this.#holders.add(holder);
    this.#uncountedBytes = 0;
    return () => this.#holders.delete(holder);
  }

  /** Rows have grown by so many bytes in all. @throws StoreRejection `memory-full` */
  take(bytes: number): void {
    this.#uncountedBytes -= bytes;
    if (this.#uncountedBytes < 0) this.require();
  }

  /** Counts. @throws StoreRejection `memory-full` when more is taken, with `moreBytes` to come, than may be */
  require(moreBytes = 0): void {
    const { bytesMax } = this;
    const usedBytes = this.usedBytes + moreBytes;
    this.#uncountedBytes = 0;
    if (this.#pressure !== undefined) throw refused(this.#pressure);
    if (usedBytes > bytesMax) throw refused(`with this, rows take ${usedBytes} bytes, and may take ${bytesMax}`);
    this.#uncountedBytes = bytesMax - usedBytes;
  }
}

/** What one transaction adds. It may grow a little before it shrinks; in the end it is judged by what is left of it. */
export class Meter {
  readonly #budget: MemoryBudget;
  #netBytes = 0;
  #checkAtBytes = slackBytes;

  constructor(budget: MemoryBudget) {
    this.#budget = budget;
  }

  begin(): void {
    this.#netBytes = 0;
    this.#checkAtBytes = slackBytes;
  }

  /** @throws StoreRejection `memory-full` when it has grown by a lot, and there is no room for it */
  grow(bytes: number): void {
    this.#netBytes += bytes;
    if (this.#netBytes < this.#checkAtBytes) return;
    try {
      this.#budget.require();
    } catch (error) {
      this.#netBytes -= bytes;
      throw error;
    }
    this.#checkAtBytes = this.#netBytes + slackBytes;
  }

  shrink(bytes: number): void {
    this.#netBytes -= bytes;
  }

  /** @throws StoreRejection `memory-full` when the transaction makes rows grow, and there is no room for it */
  settle(): void {
    if (this.#netBytes > 0) this.#budget.take(this.#netBytes);
  }
}

function refused(why: string): StoreRejection {
  return new StoreRejection(
    'memory-full',
    `the memory of the hub is full: ${why}. The transaction was undone; reads and deletes go on. Delete rows, or start ` +
      'the hub with a higher --memory-max-mib',
  );
}
