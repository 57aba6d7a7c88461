import type { RowList } from './contract.ts';
import { encodeRowList, noRows } from './rowlist.ts';
import { keyOf } from './value.ts';

/** The rows of one commit's deltas: equal rows become one object, equal lists of rows are encoded once. */
export class CommitRows {
  readonly #rows = new Map<string, Uint8Array>();
  readonly #numbers = new Map<Uint8Array, number>();
  readonly #lists = new Map<string, RowList>();

  canonical(key: string, row: Uint8Array): Uint8Array {
    const known = this.#rows.get(key);
    if (known !== undefined) return known;
    this.#rows.set(key, row);
    return row;
  }

  /** Rows are recognised by identity. */
  encode(rows: readonly Uint8Array[]): RowList {
    if (rows.length === 0) return noRows;
    let name = '';
    for (const row of rows) name += `${this.#number(row)},`;
    let list = this.#lists.get(name);
    if (list === undefined) {
      list = encodeRowList(rows);
      this.#lists.set(name, list);
    }
    return list;
  }

  #number(row: Uint8Array): number {
    let number = this.#numbers.get(row);
    if (number === undefined) {
      number = this.#numbers.size;
      this.#numbers.set(row, number);
    }
    return number;
  }
}

export interface NetRows {
  readonly inserts: readonly Uint8Array[];
  readonly deletes: readonly Uint8Array[];
}

/** Gathers what one commit changes in one bag of rows. */
export interface Delta {
  add(row: Uint8Array, weight: number): void;
  net(): NetRows;
}

/** For rows that come straight from one source's change: nothing can cancel out. */
export class PlainDelta implements Delta {
  readonly #inserts: Uint8Array[] = [];
  readonly #deletes: Uint8Array[] = [];

  add(row: Uint8Array, weight: number): void {
    (weight > 0 ? this.#inserts : this.#deletes).push(row);
  }

  net(): NetRows {
    return { inserts: this.#inserts, deletes: this.#deletes };
  }
}

/** For joins: the same row may come and go by several ways, and only the sum counts. */
export class SummedDelta implements Delta {
  readonly #commit: CommitRows;
  readonly #sums = new Map<string, { readonly row: Uint8Array; weight: number }>();

  constructor(commit: CommitRows) {
    this.#commit = commit;
  }

  add(row: Uint8Array, weight: number): void {
    const key = keyOf(row);
    const sum = this.#sums.get(key);
    if (sum) sum.weight += weight;
    else this.#sums.set(key, { row: this.#commit.canonical(key, row), weight });
  }

  net(): NetRows {
    const inserts: Uint8Array[] = [];
    const deletes: Uint8Array[] = [];
    for (const { row, weight } of this.#sums.values()) {
      for (let i = 0; i < weight; i++) inserts.push(row);
      for (let i = 0; i > weight; i--) deletes.push(row);
    }
    return { inserts, deletes };
  }
}
