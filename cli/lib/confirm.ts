import { createInterface } from 'node:readline/promises';
import { Failure } from './failure.ts';

/** Asks before something is done that cannot be taken back. @throws Failure when nobody can answer; `flag` says yes */
export async function confirm(question: string, flag: string): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) throw new Failure(`${question} Add ${flag} to say yes`);
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return /^y(es)?$/i.test((await prompt.question(`${question} [y/N] `)).trim());
  } finally {
    prompt.close();
  }
}
