/** Time, as an argument. */
export interface Clock {
  /** Microseconds since the epoch; never less than an earlier answer. */
  nowMicros(): bigint;
  /** Milliseconds since the epoch. */
  nowMs(): number;
  /** Microseconds since some moment, which pass evenly whatever the wall shows: for durations. */
  steadyMicros(): bigint;
  /** Calls `run` once, `delayMs` from now or later. A delay below 0 counts as 0; there is no upper limit. */
  setTimer(delayMs: number, run: () => void): Timer;
}

export interface Timer {
  /** After this `run` is not called. Cancelling twice, or after the call, does nothing. */
  cancel(): void;
}
