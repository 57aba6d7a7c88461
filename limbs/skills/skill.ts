import { performance } from 'node:perf_hooks';
import { z } from 'zod';
import type { SummaryBody } from '../../bindings/types.ts';
import { LimbError } from '../errors.ts';
import type { Spend } from '../spending.ts';
import { makeSummary, type SummaryParts, summarySchema } from '../summary.ts';

/** What a skill knows of the task that it works on. */
export interface SkillContext {
  /** Whose memory it may see. */
  readonly tenant: string;
  /** The earlier turns of the conversation that the task goes on with, the oldest first; empty for a first question. */
  readonly history: readonly EarlierTurn[];
  /** Aborted when the limb does not hold the task any more. */
  readonly signal: AbortSignal;
  /** Tells the watchers one line of what is going on. */
  readonly progress: (line: string) => void;
  /** Starts a text that the watchers see grow, such as an answer, and returns what tells its next piece. */
  readonly tellText: () => (piece: string) => void;
  /** Takes steps that cost something, within the task's budgets. */
  readonly spend: Spend;
}

/** What was asked and answered before. */
export interface EarlierTurn {
  readonly question: string;
  readonly answer: string;
}

/** One thing a limb can do. */
export interface Skill {
  readonly name: string;
  readonly input: z.ZodType;
  /** Works on a task and returns its valid summary. Throws `LimbError`, or the signal's reason when it is aborted. */
  run(input: unknown, context: SkillContext): Promise<SummaryBody>;
}

/** A skill whose `work` gets checked input; a summary's `durationMs` is measured here. */
export function defineSkill<Input>(definition: {
  readonly name: string;
  readonly input: z.ZodType<Input>;
  readonly work: (input: Input, context: SkillContext) => Promise<SummaryParts>;
}): Skill {
  const { name, input: schema, work } = definition;
  return {
    name,
    input: schema,
    async run(input, context) {
      const parsed = schema.safeParse(input);
      if (!parsed.success) {
        throw new LimbError('invalid-input', `The input does not fit ${name}: ${z.prettifyError(parsed.error)}`);
      }
      const startedMs = performance.now();
      const parts = await work(parsed.data, context);
      const summary = makeSummary({ ...parts, durationMs: performance.now() - startedMs });
      summarySchema.parse(summary);
      return summary;
    },
  };
}
