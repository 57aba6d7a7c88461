/** The numbers under which a module knows the failures of system calls. */
export const code = {
  hostCallFailure: 1,
  notInTransaction: 2,
  decode: 3,
  noSuchTable: 4,
  noSuchIndex: 5,
  noSuchIter: 6,
  noSuchConsoleTimer: 7,
  rangeOverHash: 10,
  uniqueAlreadyExists: 12,
  scheduleDelayTooLong: 13,
  indexNotUnique: 14,
  noSuchRow: 15,
  wouldBlock: 17,
  notAnonymous: 18,
  readOnly: 19,
  http: 21,
} as const;

export type FailureCode = (typeof code)[keyof typeof code];

/** Modules may match on these texts. */
const texts: Record<FailureCode, string> = {
  1: 'The host could not carry out this call',
  2: 'ABI call can only be made while in a transaction',
  3: "Couldn't decode the BSATN to the expected type",
  4: 'No such table',
  5: 'No such index',
  6: 'No such iterator',
  7: 'No such console timer',
  10: 'A hash index answers whole keys only, not ranges',
  12: 'Value with given unique identifier already exists',
  13: 'Specified delay in scheduling row was too long',
  14: 'The index was not unique',
  15: 'The row was not found, e.g., in an update call',
  17: 'Attempted async or blocking op while holding open a transaction',
  18: 'Not in an anonymous transaction. Called by a reducer?',
  19: 'The transaction is read-only: a view cannot write',
  21: 'The HTTP request failed',
};

/**
 * A system call that failed by its rules. The module gets an error of its own class for `code`. Not an Error: a module
 * may fail by design in a loop, and a stack trace of the host would be made for nobody.
 */
export class SyscallFailure {
  readonly code: FailureCode;
  readonly message: string;

  constructor(failure: FailureCode, message: string = texts[failure]) {
    this.code = failure;
    this.message = message;
  }
}

/** A row that does not fit the buffer of `row_iter_bsatn_advance`: the module tries again with `bytesNeeded`. */
export class BufferTooSmall {
  readonly bytesNeeded: number;

  constructor(bytesNeeded: number) {
    this.bytesNeeded = bytesNeeded;
  }
}

/** An argument of the wrong type or out of range; becomes the realm's own TypeError or RangeError. */
export class BadArgument {
  readonly kind: 'TypeError' | 'RangeError';
  readonly message: string;

  constructor(kind: 'TypeError' | 'RangeError', message: string) {
    this.kind = kind;
    this.message = message;
  }
}
