import { setTimeout as sleep } from 'node:timers/promises';

/** Calls `act` so many times a second on average for a time, whether or not earlier calls have ended. */
export async function paced(perSecond: number, durationMs: number, act: () => void): Promise<void> {
  const startMs = performance.now();
  let count = 0;
  for (let passedMs = 0; passedMs < durationMs; passedMs = performance.now() - startMs) {
    for (; count < (passedMs * perSecond) / 1000; count++) act();
    await sleep(1);
  }
}
