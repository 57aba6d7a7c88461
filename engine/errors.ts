/**
 * A caller's mistake. `code` is stable; the message says what was seen, what was expected and what to do, and may be
 * shown to the caller as it is.
 */
export class Rejection extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** A broken promise of our own code. Never caught to be answered; it ends the call or the host. */
export class AssertionError extends Error {
  override readonly name = 'AssertionError';
}

export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}
