export interface Backoff {
  readonly msMin: number;
  readonly msMax: number;
}

/** How long to wait after so many failures in a row: doubled each time, and half to all of it at random. */
export function backoffMs({ msMin, msMax }: Backoff, failures: number, random: () => number): number {
  const ms = Math.min(msMax, msMin * 2 ** Math.min(Math.max(failures - 1, 0), 30));
  return ms * (0.5 + random() / 2);
}
