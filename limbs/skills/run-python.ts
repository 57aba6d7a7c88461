import { z } from 'zod';
import { type PythonCall, type PythonTool, timeoutMsMax } from '../mcp/index.ts';
import type { Output, RunResult } from '../sandbox/index.ts';
import { BudgetShort } from '../spending.ts';
import type { SummaryParts } from '../summary.ts';
import { cleanText, counted } from '../text.ts';
import { inPaidTime } from './paid-time.ts';
import { defineSkill, type Skill, type SkillContext } from './skill.ts';

/** Runs Python programs in a sandbox. */
export type Python = Pick<PythonTool, 'run' | 'describe'>;

const timeoutMsDefault = 10_000;

/** What of the output travels; the end of it says most. */
const stdoutCharsMax = 2400;
const stderrCharsMax = 1000;

const input = z.object({
  code: z.string().min(1),
  timeoutMs: z.int().min(1).max(timeoutMsMax).optional(),
});

export function runPythonSkill(python: Python): Skill {
  return defineSkill({
    name: 'run_python',
    input,
    async work({ code, timeoutMs = timeoutMsDefault }, context) {
      const heard = { stdout: '', stderr: '' };
      const onOutput = ({ stream, text }: Output) => {
        heard[stream] += text;
        context.progress(cleanText(text).trimEnd());
      };
      let result: RunResult;
      try {
        result = await runPaid(python, { code, timeoutMs }, onOutput, context);
      } catch (error) {
        if (!(error instanceof BudgetShort)) throw error;
        return unfinishedSummary(error, python, heard);
      }
      return {
        text: outputText(result),
        engine: `${result.engine} (${result.level})`,
        note: outcomeNote(result, timeoutMs),
        exitCode: result.exitCode ?? undefined,
        timings: [{ name: 'run', durationMs: result.durationMs }],
      };
    },
  });
}

/** Runs a program within the task's budgets of seconds. @throws BudgetShort when they end it, or had nothing for it */
export function runPaid(
  python: Python,
  call: PythonCall & { readonly timeoutMs: number },
  onOutput: (output: Output) => void,
  context: Pick<SkillContext, 'spend' | 'signal'>,
): Promise<RunResult> {
  return inPaidTime(context, {
    timeMsMax: call.timeoutMs,
    run: (signal) => python.run(call, onOutput, signal),
    tookMs: ({ durationMs }) => durationMs,
  });
}

/** What the program has printed until its budget ended, and why it ended. */
async function unfinishedSummary(
  error: BudgetShort,
  python: Python,
  heard: Pick<RunResult, 'stdout' | 'stderr'>,
): Promise<SummaryParts> {
  const { engine, level } = await python.describe();
  return { text: outputText(heard), engine: `${engine} (${level})`, note: `Unfinished: ${error.message}` };
}

/** How the program ended, if not by itself: in words for a person or a language model. */
export function outcomeNote(result: RunResult, timeoutMs: number): string {
  switch (result.outcome) {
    case 'exited':
      return '';
    case 'timed-out':
      return `The program was stopped: timed out after ${timeoutMs < 1000 ? `${timeoutMs} ms` : `${timeoutMs / 1000} s`}.`;
    case 'out-of-memory':
    case 'output-limit':
    case 'killed':
      return result.message;
  }
}

function outputText({ stdout, stderr }: Pick<RunResult, 'stdout' | 'stderr'>): string {
  const out = tail(stdout, stdoutCharsMax);
  const errors = tail(stderr, stderrCharsMax);
  if (errors === '') return out === '' ? '(no output)' : out;
  return out === '' ? errors : `${out}\n\nStandard error:\n${errors}`;
}

/** The end of the text from the start of a line, and how much is missing before it. */
export function tail(text: string, charsMax: number): string {
  const clean = cleanText(text).trimEnd();
  if (clean.length <= charsMax) return clean;
  const end = clean.slice(-charsMax);
  const lineBreak = end.indexOf('\n');
  const kept = lineBreak === -1 ? end : end.slice(lineBreak + 1);
  return `… (${counted(clean.length - kept.length, 'character')} before this left out)\n${kept}`;
}
