import { Rejection } from '../errors.ts';

/** A call that came to nothing. */
export class ReducerError extends Rejection {
  /** `rejected`: the reducer threw a SenderError, whose message this is. `failed`: anything else, with what was logged. */
  readonly kind: 'rejected' | 'failed';

  constructor(kind: 'rejected' | 'failed', message: string) {
    super(`reducer-${kind}`, message);
    this.kind = kind;
  }
}
