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

/** Elements without bytes, such as units, cost the sender nothing: an array has no more of them than this. */
export const unitCountMax = 65_536;

/** Refuses an array that says it has more elements than its bytes can hold. */
export function checkCount(count: number, offset: number, remaining: number): void {
  if (count <= remaining || count <= unitCountMax) return;
  throw new DecodeError(
    `the array at offset ${offset} says it has ${count} elements, but ${remaining} bytes are left`,
    offset,
  );
}
