/** A small seeded generator of numbers in [0, 1), mulberry32. */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Picks 0..count-1, each `k` in proportion to 1 / (k+1)^alpha; alpha 0 picks evenly. */
export function zipf(count: number, alpha: number, next: () => number): () => number {
  if (alpha === 0) return () => Math.floor(next() * count);
  const sums = new Float64Array(count);
  let sum = 0;
  for (let k = 0; k < count; k++) {
    sum += 1 / (k + 1) ** alpha;
    sums[k] = sum;
  }
  return () => {
    const wanted = next() * sum;
    let low = 0;
    let high = count - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sums[middle] ?? 0) < wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}

const pairsKept = 2 ** 19;

/** An endless list of pairs of different accounts, drawn before anything is measured. */
export class Pairs {
  readonly #from = new Uint32Array(pairsKept);
  readonly #to = new Uint32Array(pairsKept);
  #next = 0;
  from = 0;
  to = 0;

  constructor(accounts: number, alpha: number, seed: number) {
    const pick = zipf(accounts, alpha, random(seed));
    for (let i = 0; i < pairsKept; i++) {
      this.#from[i] = pick();
      do this.#to[i] = pick();
      while (this.#to[i] === this.#from[i]);
    }
  }

  /** Moves `from` and `to` on to the next pair. */
  advance(): void {
    this.#next = (this.#next + 1) % pairsKept;
    this.from = this.#from[this.#next] ?? 0;
    this.to = this.#to[this.#next] ?? 0;
  }
}
