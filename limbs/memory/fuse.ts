import type { RecallOptions, Recollection } from './memory.ts';
import type { Candidate } from './search.ts';

/** How much ranks below the first count: the greater, the flatter. */
const rankConstant = 10;

/** Against 1 for meaning. Both were chosen on one half of the questions in `bench/retrieval`. */
const wordsWeight = 3;

/** Parts are nearly the same when they share so much of their word sequences. */
const likenessMin = 0.8;

/** How far behind the last one that is given out others are looked for that are nearly the same, in limits. */
const looksBehind = 4;

export const limitDefault = 5;

/**
 * Reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009) of both halves, best first. A rank in words counts as much as
 * the part has of the query: one that shares a common word with it is a poor witness, whatever its rank. Parts that are nearly the same
 * become one, which names the documents of all; the list ends before its tokens are more than asked for.
 */
export function fuse(candidates: readonly Candidate[], options: RecallOptions): Recollection[] {
  const { limit = limitDefault, tokensMax = Number.POSITIVE_INFINITY } = options;
  const chosen: { part: Recollection; shingles: ReadonlySet<string>; also: Set<string> }[] = [];
  let tokens = 0;
  for (const part of ranked(candidates).slice(0, looksBehind * limit)) {
    const shingles = shinglesOf(part.content);
    const same = chosen.find((other) => likeness(shingles, other.shingles) >= likenessMin);
    if (same) {
      for (const document of [part.document, ...part.alsoIn]) {
        if (document !== same.part.document) same.also.add(document);
      }
      continue;
    }
    if (chosen.length === limit) continue;
    tokens += tokensOf(part);
    if (tokens > tokensMax) break;
    chosen.push({ part, shingles, also: new Set(part.alsoIn) });
  }
  return chosen.map(({ part, also }) => ({ ...part, alsoIn: [...also].sort() }));
}

function ranked(candidates: readonly Candidate[]): Recollection[] {
  const meaning = ranksOf(candidates, (candidate) => candidate.cosine);
  const words = ranksOf(candidates, (candidate) => candidate.words?.score);
  const best = (1 + wordsWeight) / (rankConstant + 1);
  return candidates
    .flatMap((candidate) => {
      const [first, ...others] = candidate.documents;
      if (!first) return [];
      const [close, worded] = [meaning.get(candidate), words.get(candidate)];
      const sum =
        (close ? 1 / (rankConstant + close.rank) : 0) +
        (worded ? (wordsWeight * (candidate.words?.coverage ?? 0)) / (rankConstant + worded.rank) : 0);
      const part: Recollection = {
        document: first.path,
        title: first.title,
        section: candidate.section,
        content: candidate.content,
        score: sum / best,
        ...(close ? { meaning: close } : {}),
        ...(worded ? { words: worded } : {}),
        alsoIn: others.map(({ path }) => path),
      };
      return [part];
    })
    .sort((a, b) => b.score - a.score || (a.document < b.document ? -1 : 1));
}

function ranksOf(candidates: readonly Candidate[], scoreOf: (candidate: Candidate) => number | undefined) {
  const scored = candidates.flatMap((candidate) => {
    const score = scoreOf(candidate);
    return score === undefined ? [] : [{ candidate, score }];
  });
  scored.sort((a, b) => b.score - a.score);
  return new Map(scored.map(({ candidate, score }, i) => [candidate, { rank: i + 1, score }]));
}

/** What a part costs in a model's context, at four bytes a token. */
function tokensOf(part: Recollection): number {
  return Math.ceil(Buffer.byteLength(`${part.section}\n${part.content}`) / 4);
}

/** Three words in a row each; numbers as they are, so that texts which differ in them stay two. */
function shinglesOf(text: string): ReadonlySet<string> {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  const shingles = new Set(words.filter((word) => /\p{N}/u.test(word)).map((word) => `#${word}`));
  for (let i = 0; i === 0 || i + 2 < words.length; i++) shingles.add(words.slice(i, i + 3).join(' '));
  return shingles;
}

function likeness(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  let shared = 0;
  for (const shingle of a) {
    if (b.has(shingle)) shared++;
    // Another number is another fact.
    else if (shingle.startsWith('#')) return 0;
  }
  for (const shingle of b) if (shingle.startsWith('#') && !a.has(shingle)) return 0;
  return shared / (a.size + b.size - shared);
}
