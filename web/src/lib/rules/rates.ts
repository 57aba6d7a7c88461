const hourMs = 3_600_000;

/** Firings in each of the last 24 hours, the newest last. `hour` is the one, from 1970, that the newest count is of. */
export function ratesOf(
  count: { readonly hour: number; readonly perHour: readonly number[] },
  nowMs: number,
): number[] {
  const hours = 24;
  const passed = Math.max(0, Math.floor(nowMs / hourMs) - count.hour);
  const known = count.perHour.slice(Math.min(passed, count.perHour.length));
  const shifted = [...known, ...Array<number>(Math.min(passed, hours)).fill(0)].slice(-hours);
  return [...Array<number>(hours - shifted.length).fill(0), ...shifted];
}
