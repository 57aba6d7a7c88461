/** Randomness that nobody can guess, as an argument. */
export interface Random {
  bytes(count: number): Uint8Array;
}
