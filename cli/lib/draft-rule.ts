import type { TextProblem } from '../../bindings/types.ts';
import type { LanguageModel, Message } from '../../limbs/models/index.ts';
import { withoutThoughts } from '../../limbs/skills/reason/streamed-text.ts';
import { unpaid } from '../../limbs/spending.ts';
import { Failure } from './failure.ts';
import { ruleReference } from './rule-reference.ts';
import { oneLine } from './terminal.ts';

export interface DraftRequest {
  /** What the rule is to do, as a person says it. */
  readonly words: string;
  readonly model: LanguageModel;
  /** The hub's own validator: what is wrong with a text, if anything is. */
  readonly check: (text: string) => Promise<readonly TextProblem[]>;
  readonly signal: AbortSignal;
  /** Hears of each try that was refused. */
  readonly onRefused?: (attempt: number, problems: readonly TextProblem[]) => void;
}

const triesMax = 3;
const tokensOutMax = 2000;
const cannot = /^\s*CANNOT:\s*(.+)/is;

/**
 * Has a model write a rule. What the validator refuses goes back to the model, up to three tries in all.
 * @returns a text that the validator accepts
 * @throws Failure when the model says that no rule can do it, or when none of its texts is accepted; LimbError when no model answers
 */
export async function draftRule({ words, model, check, signal, onRefused }: DraftRequest): Promise<string> {
  const messages: Message[] = [
    { role: 'system', text: ruleReference },
    { role: 'user', text: words },
  ];
  let problems: readonly TextProblem[] = [];
  for (let attempt = 1; attempt <= triesMax; attempt++) {
    const turn = await model.turn({ messages, tools: [], tokensOutMax, signal, spend: unpaid });
    const answer = withoutThoughts(turn.text).trim();
    const refusal = cannot.exec(answer)?.[1];
    if (refusal) throw new Failure(`${turn.model} says that no rule can do this: ${oneLine(refusal)}`);
    const text = ruleIn(answer);
    problems = await check(text);
    if (problems.length === 0) return text;
    onRefused?.(attempt, problems);
    messages.push({ role: 'assistant', text: answer, toolCalls: [] }, { role: 'user', text: corrections(problems) });
  }
  throw new Failure(
    `${model.name} wrote no rule that the hub accepts in ${triesMax} tries, so nothing was saved. Its last one has this mistake: ${oneLine(problems[0]?.message ?? '')}. Say it in other words, or write it yourself: helix rules schema`,
  );
}

/** Models like to put a text between fences and to say something around them. */
function ruleIn(answer: string): string {
  const fenced = /```[a-z]*\n([\s\S]*?)\n?```/i.exec(answer)?.[1];
  return `${(fenced ?? answer).trim()}\n`;
}

function corrections(problems: readonly TextProblem[]): string {
  const lines = problems
    .slice(0, 10)
    .map(
      ({ line, column, message, hint }) =>
        `line ${line}, column ${column}: ${message}${hint === '' ? '' : `; ${hint}`}`,
    );
  return `This text is refused:\n${lines.join('\n')}\nWrite the whole rule again without these mistakes.`;
}
