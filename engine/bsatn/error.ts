import { Rejection } from '../errors.ts';

/** Bytes that are not the BSATN of the expected type. `offset` is where the reading stopped. */
export class DecodeError extends Rejection {
  readonly offset: number;

  constructor(message: string, offset: number, options?: ErrorOptions) {
    super('decode', message, options);
    this.offset = offset;
  }
}

/** The bytes end inside a value. */
export function endsEarly(what: string, offset: number, size: number, limit: number): DecodeError {
  return new DecodeError(
    `the bytes end inside ${what}: ${size} bytes are expected at offset ${offset}, but only ${Math.max(0, limit - offset)} are left`,
    offset,
  );
}

/** The value is complete, yet bytes are left over. */
export function endsLate(end: number, limit: number): DecodeError {
  return new DecodeError(`${limit - end} bytes are left over after the value that ends at offset ${end}`, end);
}
