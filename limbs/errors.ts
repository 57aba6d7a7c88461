/**
 * What a limb could not do. `code` is stable; the message says what was seen, what was expected and what to do, and
 * holds no secret: it is shown to whoever submitted the task.
 */
export class LimbError extends Error {
  readonly code: string;
  /** Whether the same work may succeed later or on another limb. */
  readonly isRetryable: boolean;

  constructor(code: string, message: string, options: ErrorOptions & { isRetryable?: boolean } = {}) {
    super(message, options);
    this.name = 'LimbError';
    this.code = code;
    this.isRetryable = options.isRetryable ?? false;
  }
}

/** The error's message, whatever was thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
