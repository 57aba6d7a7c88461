import { RE2JS } from 're2js';

export const patternCharsMax = 512;
/** Instructions of a compiled pattern: matching costs at most their number for each character. */
const programMax = 2000;
export const matchedCharsMax = 4096;
const keptMax = 1000;

/** Compiled patterns; forgetting them changes nothing but the time of the next match. */
const kept = new Map<string, RE2JS>();

/** What is wrong with a regular expression, if anything is. */
export function patternProblem(pattern: string): string | undefined {
  if (pattern.length > patternCharsMax) {
    return `the regular expression has ${pattern.length} characters, at most ${patternCharsMax} are allowed`;
  }
  try {
    const size = RE2JS.compile(pattern).programSize();
    return size > programMax
      ? `the regular expression needs ${size} instructions, at most ${programMax} are allowed`
      : undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Whether a pattern without problems matches somewhere in a text; never in one of more than 4,096 characters. */
export function patternMatches(pattern: string, text: string): boolean {
  if (text.length > matchedCharsMax) return false;
  let compiled = kept.get(pattern);
  if (!compiled) {
    compiled = RE2JS.compile(pattern);
    if (kept.size >= keptMax) kept.clear();
    kept.set(pattern, compiled);
  }
  return compiled.test(text);
}
