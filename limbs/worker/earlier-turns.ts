import { z } from 'zod';
import type { EarlierTurn as EarlierTurnRow } from '../../bindings/types.ts';
import type { EarlierTurn } from '../skills/skill.ts';

const asked = z.object({ question: z.string() });

/** The earlier turns of a task's conversation, the oldest first; tasks that asked nothing in words are left out. */
export function earlierTurns(rows: Iterable<EarlierTurnRow>, taskId: bigint): EarlierTurn[] {
  return [...rows]
    .filter((row) => row.taskId === taskId)
    .sort((a, b) => (a.earlierTaskId < b.earlierTaskId ? -1 : 1))
    .flatMap(({ input, answer }) => {
      const question = questionIn(input);
      return question === undefined ? [] : [{ question, answer }];
    });
}

function questionIn(input: string): string | undefined {
  try {
    return asked.safeParse(JSON.parse(input)).data?.question;
  } catch {
    // The hub lets only JSON in; what another version let in is no question.
    return undefined;
  }
}
