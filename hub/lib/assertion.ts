/** A broken promise of the hub's own code; the caller sees only that the call failed. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}
