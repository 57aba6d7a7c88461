import { stem, termsOf } from './terms.ts';

/** What a question asks for, as far as its form tells. */
export interface Question {
  readonly terms: ReadonlySet<string>;
  /** Asks what a thing is. */
  readonly isDefinition: boolean;
  /** What the form of a sentence is worth as an answer, from 0 to 0.4. */
  bonus(sentence: string): number;
}

export function readQuestion(question: string): Question {
  const text = question.trim().replace(/[?.!\s]+$/, '');
  const terms = termsOf(text);
  const defined =
    /^(?:so,?\s+)?(?:what(?:'s|\s+is|\s+are|\s+does|\s+do)|define|who\s+(?:is|are)|explain)\s+(?:an?\s+|the\s+)?(.+?)(?:\s+(?:mean|stand for|do|for))?$/i.exec(
      text,
    )?.[1];
  const subject = defined && defined.split(/\s+/).length <= 4 ? [...termsOf(defined)] : [];
  return {
    terms,
    isDefinition: subject.length > 0,
    bonus(sentence) {
      if (subject.length > 0) return definitionBonus(subject, sentence);
      if (/^why\b/i.test(text))
        return /\b(because|so that|since|in order to|therefore|otherwise|to avoid)\b/i.test(sentence) ? 0.12 : 0;
      if (/^(how (many|much|long|big|large|often|old|far|fast)|when|what time)\b/i.test(text))
        return /\p{N}|\b(one|two|three|four|five|six|seven|eight|nine|ten|twelve|hundred|thousand|noon|midnight|once|twice)\b/iu.test(
          sentence,
        )
          ? 0.12
          : 0;
      if (/^(how|can|where)\b/i.test(text))
        return /^(use|run|set|call|add|open|start|install|press|click|choose|create|write|pass|give|to)\b|\byou can\b/i.test(
          sentence,
        )
          ? 0.08
          : 0;
      return 0;
    },
  };
}

/** Highest when the sentence begins `A <subject> is …`. */
function definitionBonus(subject: readonly string[], sentence: string): number {
  const match =
    /^(?:an?\s+|the\s+|your\s+|each\s+|every\s+)?(.{1,60}?)\s*(?:\([^)]*\)\s*)?(?:\b(?:is|are|means?|refers? to|stands? for|describes?|does|decides?|runs?|lets?|allows?|provides?|holds?|keeps?)\b|:|—|–| - )/iu.exec(
      sentence,
    );
  const named =
    (match?.[1] ?? '')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu)
      ?.map(stem) ?? [];
  if (named.length === 0 || !subject.every((term) => named.includes(term))) return 0;
  const isDefinition =
    /^(?:an?|the|each|every|your)?\s*\S+(?:\s+\S+){0,3}\s+(?:is|are|means?)\s+(?:an?|the|any|what|one|some)?\b/iu.test(
      sentence,
    );
  return (isDefinition ? 0.4 : 0.2) * (subject.length / named.length);
}
