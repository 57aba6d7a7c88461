import type { Terms } from '../spending.ts';

/** Turns texts into vectors whose angle tells how close their meanings are. */
export interface Embedder {
  /** Names the model and thereby the meaning of its numbers; vectors of different names do not compare. */
  readonly name: string;
  readonly dimensions: number;
  /** One vector of length 1 a text, in their order. Throws `BudgetShort` where a model wants to be paid. */
  embed(texts: readonly string[], terms?: Terms): Promise<Float32Array[]>;
  close(): Promise<void>;
}

/** The vector scaled to length 1, so that a dot product is the cosine. */
export function normalize(vector: ArrayLike<number>): Float32Array {
  const scaled = Float32Array.from(vector);
  let squares = 0;
  for (const value of scaled) squares += value * value;
  const length = Math.sqrt(squares);
  if (length > 0) for (let i = 0; i < scaled.length; i++) scaled[i] = (scaled[i] ?? 0) / length;
  return scaled;
}

/** The cosine of two vectors of length 1. */
export function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
