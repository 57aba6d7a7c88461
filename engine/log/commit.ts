import type { TableChange } from '../store/contract.ts';

/** One committed transaction, as the log keeps it. */
export interface Commit {
  /** Counts commits from 0 without gaps. */
  readonly offset: number;
  readonly timestampMicros: bigint;
  /** What made it: the `name` of an `Origin`. */
  readonly origin: string;
  /** The caller's Identity. */
  readonly caller: bigint;
  /** 0 when the caller has no connection. */
  readonly connectionId: bigint;
  readonly changes: readonly TableChange[];
}
