import { z } from 'zod';
import { LimbError } from '../errors.ts';
import type { Got } from '../reach/get.ts';
import { formatInput, type ReachMeans, reachFor, timeoutInput, urlInput } from './reaching.ts';
import { defineSkill, type Skill } from './skill.ts';

const statusCode = z.int().min(100).max(599);

const input = z.strictObject({
  url: urlInput,
  /** What it may answer with; default 200 to 299. */
  status: z.union([statusCode, z.array(statusCode).min(1).max(20)]).optional(),
  /** A text that the answer must have. */
  contains: z.string().min(1).max(1000).optional(),
  /** How long until the head of the answer is well. */
  withinMs: timeoutInput.optional(),
  timeoutMs: timeoutInput.default(10_000),
  /** `json` for programs: url, isWell, status, ms, reason. */
  format: formatInput,
});

type Wanted = z.infer<typeof input>;

/** What keeps a check from saying whether the address is well. */
const passing = ['unreachable', 'timed-out', 'too-many-redirects', 'unknown-encoding'];

/** Says whether an address is well: a bad one is a result, with the exit code 1, and no failure of the task. */
export function checkUrlSkill(means: ReachMeans): Skill {
  return defineSkill({
    name: 'check_url',
    input,
    async work(wanted, { signal }) {
      const { url, timeoutMs, format } = wanted;
      const { got, reason } = await reachFor({ url, timeoutMs }, means, signal).then(
        (got) => ({ got, reason: whatIsWrong(got, wanted) }),
        (error: unknown) => {
          if (error instanceof LimbError && passing.includes(error.code))
            return { got: undefined, reason: error.message };
          throw error;
        },
      );
      const isWell = reason === '';
      const ms = got && Math.round(got.answerMs);
      const facts = { url, isWell, status: got?.status ?? null, ms: ms ?? null, reason };
      return {
        text:
          format === 'json'
            ? JSON.stringify(facts)
            : isWell
              ? `Well: ${url} answered ${got?.status} after ${ms} ms.`
              : reason,
        engine: 'check_url',
        exitCode: isWell ? 0 : 1,
        timings: got ? [{ name: 'answer', durationMs: got.answerMs }] : [],
      };
    },
  });
}

/** Empty when nothing is. */
function whatIsWrong(
  { url, status, answerMs, body, isCut }: Got,
  { status: allowed, contains, withinMs }: Wanted,
): string {
  const isAllowed = allowed === undefined ? status >= 200 && status < 300 : [allowed].flat().includes(status);
  if (!isAllowed)
    return `${url} answered ${status}, expected ${allowed === undefined ? '200 to 299' : [allowed].flat().join(' or ')}.`;
  if (withinMs !== undefined && answerMs > withinMs) {
    return `${url} answered after ${Math.round(answerMs)} ms, expected at most ${withinMs} ms.`;
  }
  if (contains !== undefined && !body.includes(contains)) {
    return `${url} does not have the text ${JSON.stringify(contains.slice(0, 100))}${isCut ? ' in its beginning' : ''}.`;
  }
  return '';
}
