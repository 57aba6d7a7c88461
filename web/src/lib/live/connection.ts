export type LinkState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  /** `retryAt`: milliseconds since the epoch. */
  | { readonly kind: 'waiting'; readonly retryAt: number };

/** What is outstanding, and in milliseconds since the epoch since when something is. */
export interface Waiting {
  readonly count: number;
  readonly sinceMs: number | undefined;
}

/** What can be told of a connection that comes back by itself. */
export interface Connection {
  readonly state: LinkState;
  readonly wasLive: boolean;
  /** When the hub was last heard, in milliseconds since the epoch; undefined while it is, and before it ever was. */
  readonly lostAt?: number | undefined;
  /** How long the hub took to answer when it was last asked. */
  readonly roundTripMs?: number | undefined;
  /** Calls without an answer. */
  readonly unanswered?: Waiting;
  /** Queries whose rows have not come. */
  readonly catchingUp?: Waiting;
  /** Does not wait for the next try. */
  retryNow(): void;
}
