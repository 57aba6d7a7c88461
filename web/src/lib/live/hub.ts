/** The database of the mesh on its hub. */
export const databaseName = 'helix';

/** Where the hub is: the page's own origin, unless development says otherwise. */
export function hubOrigin(): string {
  return import.meta.env.VITE_HELIX_HUB ?? location.origin;
}

/** How long to wait for a connection before trying another one. */
export const connectMsMax = 10_000;

/** How long a call may stay unanswered before its connection counts as dead. */
export const answerMsMax = 30_000;

const backoffMsMin = 500;
const backoffMsMax = 15_000;

/** The pause before try `attempt` (from 0): it doubles, up to 15 s, spread by `random` (0 to 1) over ±20 %. */
export function backoffMs(attempt: number, random: number): number {
  return Math.round(Math.min(backoffMsMin * 2 ** attempt, backoffMsMax) * (0.8 + random * 0.4));
}
