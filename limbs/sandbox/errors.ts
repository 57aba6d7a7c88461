/**
 * What went wrong around a run, never inside one. `code` is stable; the message says what was seen and what to do.
 * Codes: `sandbox_absent`, `sandbox_too_weak`, `sandbox_failed`, `invalid_request`, `busy`, `server_ended`.
 */
export class SandboxError extends Error {
  readonly code: string;

  constructor(code: string, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'SandboxError';
    this.code = code;
  }
}
