import { Rejection } from '../errors.ts';

/** A call of a reducer or a procedure that came to nothing. */
export class CallError extends Rejection {
  /** `rejected`: the function threw a SenderError, whose message this is. `failed`: anything else, with what was logged. */
  readonly kind: 'rejected' | 'failed';

  constructor(kind: 'rejected' | 'failed', message: string) {
    super(`reducer-${kind}`, message);
    this.kind = kind;
  }
}
