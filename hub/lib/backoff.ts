const firstMs = 5_000;
const longestMs = 3_600_000;

/**
 * The pause before an attempt after `failures` failed ones: `min(5 * 2^n, 3600)` s, n from 0, spread by `random`
 * (0 to 1) over ±20 % so that tasks that failed together do not come back together.
 */
export function backoffMs(failures: number, random: number): number {
  const doublings = Math.max(0, failures - 1);
  return Math.round(Math.min(firstMs * 2 ** doublings, longestMs) * (0.8 + 0.4 * random));
}
