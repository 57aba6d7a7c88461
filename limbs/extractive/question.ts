import { stem, termsOf } from './terms.ts';

/** What a question asks for, as far as its form tells. */
export interface Question {
  readonly terms: ReadonlySet<string>;
  /** What the question wants defined, by its terms; empty for any other question. */
  readonly subject: readonly string[];
  /** What the form of a sentence is worth as an answer, from 0 to 0.4. */
  bonus(sentence: string): number;
}

const definitionQuestion =
  /^(?:what(?:'s|\s+is|\s+are|\s+does|\s+do)|define|who\s+(?:is|are)|explain)\s+(?:an?\s+|the\s+)?(.+?)(?:\s+(?:mean|stand for|do|for))?$/i;
const subjectWordsMax = 4;

/** What a sentence likely has that answers a question which begins so; the first that fits counts. */
const forms: readonly { readonly question: RegExp; readonly sentence: RegExp; readonly bonus: number }[] = [
  {
    question: /^why\b/i,
    sentence: /\b(because|so that|since|in order to|therefore|otherwise|to avoid)\b/i,
    bonus: 0.12,
  },
  {
    question: /^(how (many|much|long|big|large|often|old|far|fast)|when|what time)\b/i,
    sentence:
      /\p{N}|\b(one|two|three|four|five|six|seven|eight|nine|ten|twelve|hundred|thousand|noon|midnight|once|twice)\b/iu,
    bonus: 0.12,
  },
  {
    question: /^(how|can|where)\b/i,
    sentence: /^(use|run|set|call|add|open|start|install|press|click|choose|create|write|pass|give|to)\b|\byou can\b/i,
    bonus: 0.08,
  },
];

export function readQuestion(question: string): Question {
  const text = question.trim().replace(/[?.!\s]+$/, '');
  const defined = definitionQuestion.exec(text)?.[1] ?? '';
  const subject = defined.split(/\s+/).length <= subjectWordsMax ? [...termsOf(defined)] : [];
  const form = forms.find((candidate) => candidate.question.test(text));
  return {
    terms: termsOf(text),
    subject,
    bonus(sentence) {
      if (subject.length > 0) return definitionBonus(subject, sentence);
      return form?.sentence.test(sentence) ? form.bonus : 0;
    },
  };
}

const statement =
  /^(?:(?:an?|the|your|each|every)\s+)?(?<subject>.{1,60}?)\s*(?:\([^)]*\)\s*)?(?:\b(?<verb>is|are|means?|refers? to|stands? for|describes?|does|decides?|runs?|lets?|allows?|provides?|holds?|keeps?)\b|(?<mark>:|—|–|\s-\s))\s*(?<rest>.*)$/iu;

/** Highest when the sentence begins `A <subject> is a …`; a subject of more words than asked for is another thing. */
function definitionBonus(subject: readonly string[], sentence: string): number {
  const { subject: words = '', verb = '', mark, rest = '' } = statement.exec(sentence)?.groups ?? {};
  const named = [...words.toLowerCase().matchAll(/[\p{L}\p{N}]+/gu)].map(([word]) => stem(word));
  if (named.length === 0 || !subject.every((term) => named.includes(term))) return 0;
  return strengthOf(verb, mark, rest) * (subject.length / named.length);
}

function strengthOf(verb: string, mark: string | undefined, rest: string): number {
  if (mark) return 0.35;
  if (/^(means?|refers? to|stands? for)$/i.test(verb)) return 0.4;
  if (/^(is|are)$/i.test(verb)) return /^(an?|the|any|what|one|some|all|how|where|when)\b/i.test(rest) ? 0.4 : 0.1;
  return 0.2;
}
