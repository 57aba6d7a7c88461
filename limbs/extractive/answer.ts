import { cosine, type Embedder } from '../embeddings/embedder.ts';
import type { Recollection } from '../memory/memory.ts';
import type { Terms } from '../spending.ts';
import { type Question, readQuestion } from './question.ts';
import { type Sentence, sentencesOf } from './sentences.ts';
import { coverage, termsOf, termWeights } from './terms.ts';

/** Sentences of one part, quoted as they stand there. */
export interface Quote {
  readonly part: Recollection;
  readonly text: string;
}

export interface ExtractiveAnswer {
  /** `direct`: a quoted sentence speaks of what was asked; `close`: it is only near it; `none`: nothing is. */
  readonly fit: 'direct' | 'close' | 'none';
  readonly quotes: readonly Quote[];
}

interface Candidate extends Sentence {
  readonly part: Recollection;
  readonly rank: number;
  readonly terms: ReadonlySet<string>;
  readonly vector: Float32Array;
  readonly closeness: number;
  readonly share: number;
  readonly bonus: number;
  readonly score: number;
}

const sentencesMax = 4;
const answerCharsMax = 800;

/** Bounds the time for embedding: some 10 ms a sentence. */
const candidatesMax = 64;

/** Answers a question with sentences of what was recalled for it, best part first. */
export async function answerExtractively(
  question: string,
  parts: readonly Recollection[],
  embedder: Embedder,
  terms: Terms = {},
): Promise<ExtractiveAnswer> {
  const asked = readQuestion(question);
  const candidates = await scored(question, asked, parts, embedder, terms);
  const best = candidates[0];
  if (!best) return { fit: 'none', quotes: [] };
  const fit = fitOf(best, asked);
  if (fit === 'none') return { fit, quotes: [] };
  const chosen = fit === 'direct' ? choose(candidates) : [best];
  return { fit, quotes: quotesOf(chosen) };
}

/** All sentences of the parts, best first. */
async function scored(
  question: string,
  asked: Question,
  parts: readonly Recollection[],
  embedder: Embedder,
  terms: Terms,
): Promise<Candidate[]> {
  const sentences = parts
    .flatMap((part, rank) => sentencesOf(part.content).map((sentence) => ({ ...sentence, part, rank })))
    .map((sentence) => ({ ...sentence, terms: termsOf(sentence.text), heading: termsOf(sentence.part.section) }))
    .slice(0, candidatesMax);
  if (sentences.length === 0) return [];
  const weights = termWeights(
    asked.terms,
    sentences.map((sentence) => new Set([...sentence.terms, ...sentence.heading])),
  );
  const [about, ...vectors] = await embedder.embed([question, ...sentences.map((sentence) => sentence.text)], terms);
  const scoreMax = Math.max(...parts.map((part) => part.score), 0.001);
  return sentences
    .flatMap((sentence, i) => {
      const vector = vectors[i];
      if (!about || !vector) return [];
      const closeness = cosine(about, vector);
      const own = coverage(weights, sentence.terms);
      const withHeading = coverage(weights, new Set([...sentence.terms, ...sentence.heading]));
      const share = own + (withHeading - own) / 2;
      const bonus = Math.max(asked.bonus(sentence.text), opensSectionOn(asked.subject, sentence) ? 0.3 : 0);
      const score =
        0.6 * closeness +
        0.8 * share +
        0.2 * (sentence.part.score / scoreMax) +
        bonus +
        (sentence.place === 0 ? 0.04 : 0) -
        (leansOnAnother(sentence.text) ? 0.15 : 0);
      return [{ ...sentence, vector, closeness, share, bonus, score }];
    })
    .sort((a, b) => b.score - a.score);
}

function fitOf(best: Candidate, asked: Question): ExtractiveAnswer['fit'] {
  // A mention of the thing is no definition of it.
  const isOnlyMentioned = asked.subject.length > 0 && best.bonus === 0 && best.closeness < 0.45;
  if (best.share >= 0.8 && best.bonus > 0) return 'direct';
  if (!isOnlyMentioned && ((best.share >= 0.5 && best.closeness >= 0.2) || best.closeness >= 0.6)) return 'direct';
  if ((best.share >= 0.25 && best.closeness >= 0.25) || best.closeness >= 0.45) return 'close';
  return 'none';
}

/** The best sentence, and others that add to it rather than repeat it. */
function choose(candidates: readonly Candidate[]): Candidate[] {
  const [best] = candidates;
  if (!best) return [];
  // After a definition, its next sentence usually says more of the thing, without naming it again.
  const sequel = best.bonus >= 0.2 ? candidates.find((candidate) => isNext(best, candidate)) : undefined;
  const chosen = sequel && best.text.length + sequel.text.length <= answerCharsMax ? [best, sequel] : [best];
  let chars = chosen.reduce((sum, sentence) => sum + sentence.text.length, 0);
  while (chosen.length < sentencesMax) {
    let next: { candidate: Candidate; worth: number } | undefined;
    for (const candidate of candidates) {
      if (chosen.includes(candidate) || chars + candidate.text.length > answerCharsMax) continue;
      const likeness = Math.max(...chosen.map((other) => cosine(other.vector, candidate.vector)));
      const follows = chosen.some((other) => isNext(other, candidate));
      const isRepetition = likeness > 0.85;
      const isBeside = candidate.share < 0.6 * best.share && candidate.part.document !== best.part.document;
      // What is asked for has been said: what only mentions the thing adds nothing.
      const isLess = best.bonus >= 0.2 && candidate.bonus < 0.2 && !follows;
      if (isRepetition || isBeside || isLess) continue;
      const worth =
        candidate.score -
        0.2 * likeness +
        (follows ? 0.25 : 0) +
        (leansOnAnother(candidate.text) && follows ? 0.15 : 0);
      if (!next || worth > next.worth) next = { candidate, worth };
    }
    if (!next || next.worth < 0.7 * best.score) break;
    chosen.push(next.candidate);
    chars += next.candidate.text.length;
  }
  return chosen;
}

/** The chosen sentences by their parts, in the order of the text; the part of the best sentence first. */
function quotesOf(chosen: readonly Candidate[]): Quote[] {
  const byPart = new Map<Recollection, Candidate[]>();
  for (const candidate of chosen) byPart.set(candidate.part, [...(byPart.get(candidate.part) ?? []), candidate]);
  return [...byPart].map(([part, sentences]) => {
    const ordered = [...sentences].sort((a, b) => a.block - b.block || a.place - b.place);
    let text = '';
    let last: Candidate | undefined;
    for (const sentence of ordered) {
      if (last) text += isNext(last, sentence) ? ' ' : ' … ';
      text += sentence.text;
      last = sentence;
    }
    return { part, text };
  });
}

function isNext(sentence: Candidate, other: Candidate): boolean {
  return sentence.part === other.part && sentence.block === other.block && other.place === sentence.place + 1;
}

/** The first sentence below a heading that names just the thing usually says what it is. */
function opensSectionOn(subject: readonly string[], sentence: Sentence & { readonly part: Recollection }): boolean {
  if (subject.length === 0 || sentence.block > 0 || sentence.place > 0) return false;
  const heading = termsOf(sentence.part.section.split(' › ').at(-1) ?? '');
  return heading.size === subject.length && subject.every((term) => heading.has(term));
}

/** A sentence that begins like this is about something named before it. */
function leansOnAnother(text: string): boolean {
  return /^(it|its|they|their|them|this|that|these|those|he|she|such|however|but|also|then|so|otherwise|therefore|both)\b/i.test(
    text,
  );
}
