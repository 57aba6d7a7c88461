/** What a tunnel is doing. `unhealthy`: its program runs, but requests do not come through. */
export type TunnelState = 'stopped' | 'starting' | 'up' | 'unhealthy' | 'waiting' | 'failed';

export interface TunnelStatus {
  readonly state: TunnelState;
  /** Where it is reached from outside; undefined until that is known. */
  readonly address: string | undefined;
  /** Of the last failure, in one sentence; it stays until the tunnel is up again. */
  readonly lastError: string | undefined;
  /** How often its program was started again. */
  readonly restartCount: number;
  /** When the state changed last, by the clock on the wall. */
  readonly sinceMs: number;
}

/** The outcome of one real request through the tunnel. */
export type TunnelHealth =
  | { readonly isHealthy: true; readonly roundTripMs: number }
  | { readonly isHealthy: false; readonly error: string };

/** A way in from outside that opens no port: a program that dials out and is kept running. */
export interface Tunnel {
  readonly status: TunnelStatus;
  /** Resolves when a request came through for the first time; goes on trying until then. Rejects with `TunnelError`
   *  when trying again makes no sense, or when it was stopped before. */
  start(): Promise<void>;
  /** Ends its program; within 5 s, by force if it must. */
  stop(): Promise<void>;
  /** Makes one request through the tunnel now. */
  health(): Promise<TunnelHealth>;
  /** Hears each change of the status; returns how to end that. */
  onChange(listener: (status: TunnelStatus) => void): () => void;
}
