/** A broken promise of the hub's own code; the caller sees only that the call failed. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

export function requireRow<Row>(row: Row | null | undefined, what: string): Row {
  if (row === null || row === undefined) throw new AssertionError(`${what} is not there`);
  return row;
}
