import { QueryRejection } from './rejection.ts';

/** So many rows can be joined in about two seconds. */
export const joinedRowsDefault = 20_000_000;
/** A row that is returned is kept until the answer is written. */
const returnedCost = 4;

/** What one query may cost before everybody else waits too long for it. Bounds joins: a table alone is no larger than it is. */
export class Effort {
  #left: number;

  constructor(joinedRowsMax: number) {
    this.#left = joinedRowsMax;
  }

  /** @throws QueryRejection `too-large` */
  visit(): void {
    this.#spend(1);
  }

  /** @throws QueryRejection `too-large` */
  emit(): void {
    this.#spend(returnedCost);
  }

  #spend(cost: number): void {
    this.#left -= cost;
    if (this.#left >= 0) return;
    throw new QueryRejection(
      'too-large',
      'the query joins too many rows: narrow it down, or join by columns that tell more rows apart',
    );
  }
}
