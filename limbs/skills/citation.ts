import type { Citation } from '../../bindings/types.ts';
import { plainText, sentencesOf } from '../extractive/sentences.ts';
import { coverage, termsOf, termWeights } from '../extractive/terms.ts';
import type { Recollection } from '../memory/memory.ts';
import { clip } from '../text.ts';

const quoteCharsMax = 300;

/** Where a part is, with its sentence that has most in common with `text`. */
export function citationOf(part: Recollection, text: string): Citation {
  const sentences = sentencesOf(part.content).map((sentence) => ({
    text: sentence.text,
    terms: termsOf(sentence.text),
  }));
  const weights = termWeights(
    termsOf(text),
    sentences.map((sentence) => sentence.terms),
  );
  let best = { text: plainText(part.content), share: -1 };
  for (const sentence of sentences) {
    const share = coverage(weights, sentence.terms);
    if (share > best.share) best = { text: sentence.text, share };
  }
  return { document: part.document, section: sectionOf(part), quote: clip(best.text, quoteCharsMax) };
}

/** The headings without the document's own title, which says no more than its name. */
export function sectionOf(part: Recollection): string {
  if (part.section === part.title) return '';
  return part.section.startsWith(`${part.title} › `) ? part.section.slice(part.title.length + 3) : part.section;
}
