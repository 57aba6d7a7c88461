import type { SkillContext } from '../skills/skill.ts';

/** A task's context for tests, which keeps its progress lines. */
export function testContext(signal = new AbortController().signal): SkillContext & { readonly lines: string[] } {
  const lines: string[] = [];
  return { tenant: '1', signal, progress: (line) => lines.push(line), spend: (step) => step.take(), lines };
}
