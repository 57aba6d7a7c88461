import { LimbError } from '../../errors.ts';
import type { Turn } from '../../models/language-model.ts';
import type { Amounts } from '../../spending.ts';
import type { SummaryParts } from '../../summary.ts';
import type { Recalled } from './recalled.ts';
import { withoutThoughts } from './streamed-text.ts';

/** What the work on one question has taken so far. */
export interface Spent {
  tokensIn: number;
  tokensOut: number;
  micros: number;
  isEstimated: boolean;
  modelMs: number;
  toolsMs: number;
}

export function nothingSpent(): Spent {
  return { tokensIn: 0, tokensOut: 0, micros: 0, isEstimated: false, modelMs: 0, toolsMs: 0 };
}

/** With what the vectors of all look-ups have cost, which take tokens in alone. */
export function withVectors(spent: Spent, { tokens, micros }: Amounts): Spent {
  return { ...spent, tokensIn: spent.tokensIn + tokens, micros: spent.micros + micros };
}

export function addTurn(spent: Spent, turn: Turn): void {
  spent.tokensIn += turn.tokensIn;
  spent.tokensOut += turn.tokensOut;
  spent.micros += turn.micros;
  spent.isEstimated ||= turn.isEstimated;
}

/** The summary of a question that has its answer. Throws `LimbError` when the model has said nothing. */
export function answered(turn: Turn, isLast: boolean, recalled: Recalled, spent: Spent): SummaryParts {
  const answer = withoutThoughts(turn.text).trim();
  if (answer === '') {
    throw new LimbError('model-no-answer', `${turn.model} ended without an answer. Ask again, or use another model.`, {
      isRetryable: true,
    });
  }
  const { text, citations } = recalled.cite(answer);
  const notes = [
    isLast ? 'The model reached its limit of turns or tokens and answered from what it had.' : '',
    turn.isCutOff ? 'The answer was cut off at its longest.' : '',
    recalled.count > 0 && citations.length === 0 ? 'The model named no source for this answer.' : '',
  ];
  return { text, citations, engine: turn.model, ...accounted(spent, notes) };
}

/** The summary of a question whose work was cut short: what the model has written until then, and why it ends. */
export function unfinished(
  why: string,
  engine: string,
  written: readonly string[],
  recalled: Recalled,
  spent: Spent,
): SummaryParts {
  const said = written.map((text) => withoutThoughts(text).trim()).filter((text) => text !== '');
  const { text, citations } = recalled.cite(said.join('\n\n') || 'No answer: the work ended before there was one.');
  return { text, citations, engine, ...accounted(spent, [`Unfinished: ${why}`]) };
}

function accounted(spent: Spent, notes: readonly string[]): Partial<SummaryParts> {
  const estimated = spent.isEstimated ? 'Tokens are estimated: a server did not count them.' : '';
  return {
    note: [...notes, estimated].filter((note) => note !== '').join(' '),
    tokensIn: spent.tokensIn,
    tokensOut: spent.tokensOut,
    costMicros: BigInt(Math.ceil(spent.micros)),
    timings: [
      { name: 'model', durationMs: spent.modelMs },
      { name: 'tools', durationMs: spent.toolsMs },
    ],
  };
}
