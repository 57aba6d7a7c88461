import type { SkillContext } from '../skills/skill.ts';

export interface TestContext extends SkillContext {
  /** Its progress lines. */
  readonly lines: string[];
  /** Its texts, as far as they have been told. */
  readonly texts: string[];
}

/** A task's context for tests, which keeps what is told. */
export function testContext(signal = new AbortController().signal): TestContext {
  const [lines, texts]: [string[], string[]] = [[], []];
  const tellText = () => {
    let at: number | undefined;
    return (piece: string) => {
      at ??= texts.push('') - 1;
      texts[at] += piece;
    };
  };
  const progress = (line: string) => lines.push(line);
  return { tenant: '1', history: [], signal, progress, tellText, spend: (step) => step.take(), lines, texts };
}
