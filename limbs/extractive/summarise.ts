import { sentencesOf } from './sentences.ts';
import { termsOf } from './terms.ts';

/** Bounds the time; what is said first in a text usually matters most. */
const sentencesMax = 400;

/** The sentences that share most with the rest of a text, in its order; empty when it has none. */
export function summariseExtractively(text: string, { sentences: count = 4, charsMax = 800 } = {}): string {
  const sentences = sentencesOf(text)
    .slice(0, sentencesMax)
    .map((sentence, at) => ({ text: sentence.text, at, terms: termsOf(sentence.text) }));
  const holders = new Map<string, number>();
  for (const { terms } of sentences) for (const term of terms) holders.set(term, (holders.get(term) ?? 0) + 1);
  const said = new Set<string>();
  const chosen: typeof sentences = [];
  let chars = 0;
  while (chosen.length < count) {
    let best: { readonly sentence: (typeof sentences)[number]; readonly worth: number } | undefined;
    for (const sentence of sentences) {
      if (chosen.includes(sentence) || chars + sentence.text.length > charsMax) continue;
      // What has been said already adds nothing.
      const fresh = [...sentence.terms].filter((term) => !said.has(term));
      const shared = fresh.reduce((sum, term) => sum + Math.log(1 + (holders.get(term) ?? 0)), 0);
      const worth = shared / (sentence.terms.size + 4) + (sentence.at === 0 ? 0.3 : 0);
      if (worth > 0 && (!best || worth > best.worth)) best = { sentence, worth };
    }
    if (!best) break;
    chosen.push(best.sentence);
    chars += best.sentence.text.length + 1;
    for (const term of best.sentence.terms) said.add(term);
  }
  return chosen
    .sort((a, b) => a.at - b.at)
    .map((sentence) => sentence.text)
    .join(' ');
}
