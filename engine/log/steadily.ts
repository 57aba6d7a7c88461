import { LogRejection } from './failure.ts';

const attemptsMax = 4;
/** What a reading may come to when a running hub appends or trims meanwhile. */
const passing: readonly string[] = ['log-trimmed', 'log-damaged', 'log-incomplete'];

/** Reads files that a running hub may change meanwhile: what is damage is still there when they are read again. */
export async function steadily<T>(read: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read();
    } catch (error) {
      if (attempt === attemptsMax || !(error instanceof LogRejection) || !passing.includes(error.code)) throw error;
    }
  }
}
