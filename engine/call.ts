import type { Outcome } from './module/instance.ts';
import type { QuerySetUpdate } from './query/contract.ts';

/** Who makes a transaction, and as what it goes into the log. */
export interface Origin {
  /** A reducer's canonical name, `procedure:` or `handler:` and its name, or `init`, `connect`, `disconnect`, `sql`, `publish`. */
  readonly name: string;
  readonly identity: bigint;
  /** 0n without a connection. */
  readonly connectionId: bigint;
  readonly timestampMicros: bigint;
}

export type CallResult =
  | {
      readonly kind: 'ok';
      /** The newest commit that the caller has seen. */
      readonly offset: number;
      /** What the caller's own subscriptions see of it. */
      readonly update: readonly QuerySetUpdate[];
    }
  | Exclude<Outcome, { kind: 'ok' }>;
