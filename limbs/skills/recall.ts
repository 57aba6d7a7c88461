import { z } from 'zod';
import type { Memory, Rank, Recollection } from '../memory/memory.ts';
import { metered } from '../spending.ts';
import { clipBytes } from '../summary.ts';
import { clip, counted, oneLine } from '../text.ts';
import { citationOf, sectionOf } from './citation.ts';
import { costOfVectors } from './cost.ts';
import { labelsInput } from './labels.ts';
import { defineSkill, type Skill } from './skill.ts';

const input = z.object({
  query: z.string().trim().min(1).max(2000),
  limit: z.int().min(1).max(20).default(5),
  labels: labelsInput.default([]),
  tokensMax: z.int().min(1).max(100_000).optional(),
  /** `json` for programs: the text is then a `FoundParts` as JSON. */
  format: z.enum(['text', 'json']).default('text'),
});

const shownCharsMax = 280;

/** What of a summary the parts may take as JSON. */
const jsonBytesMax = 3600;

/** What a program gets of a recall. */
export interface FoundParts {
  readonly parts: readonly FoundPart[];
}

export interface FoundPart
  extends Pick<Recollection, 'document' | 'title' | 'section' | 'score' | 'meaning' | 'words'> {
  readonly alsoIn: readonly string[];
  /** The beginning of the part, as much as a summary has room for. */
  readonly content: string;
}

/** Looks something up in the limb's memory, without an answer of its own. */
export function recallSkill(memory: Memory): Skill {
  return defineSkill({
    name: 'recall',
    input,
    async work({ query, limit, labels, tokensMax, format }, { tenant, signal, spend }) {
      const bound = tokensMax === undefined ? {} : { tokensMax };
      const paid = metered(spend);
      const parts = await memory.recall(tenant, query, { limit, labels, ...bound }, { signal, spend: paid.spend });
      const cost = costOfVectors(paid.sum);
      if (format === 'json') return { text: asJson(parts), engine: 'memory', ...cost };
      const lines = parts.map(
        (part, i) => `[${i + 1}] ${clip(oneLine(part.content), shownCharsMax)}\n(${howFound(part)})`,
      );
      return {
        text: lines.length === 0 ? nothing(labels) : lines.join('\n\n'),
        engine: 'memory',
        note: lines.length === 0 ? '' : `The ${counted(lines.length, 'part')} closest to the query, best first.`,
        citations: parts.map((part) => citationOf(part, query)),
        ...cost,
      };
    },
  });
}

function nothing(labels: readonly string[]): string {
  if (labels.length > 0) return `Nothing is remembered with ${labels.join(' and ')}.`;
  return 'Nothing is remembered yet.';
}

/** `score 0.98: 1st in meaning (0.71), 2nd in words (0.43)` */
function howFound({ score, meaning, words }: Recollection): string {
  const halves = [placed(meaning, 'meaning'), placed(words, 'words')].filter((half) => half !== '');
  return `score ${score.toFixed(2)}: ${halves.join(', ')}`;
}

function placed(rank: Rank | undefined, half: string): string {
  return rank ? `#${rank.rank} in ${half} (${rank.score.toFixed(2)})` : '';
}

/** All parts with their scores; contents are cut alike until they fit. */
function asJson(parts: readonly Recollection[]): string {
  const rounded = (rank: Rank) => ({ rank: rank.rank, score: Number(rank.score.toFixed(4)) });
  for (let bytes = 600; ; bytes = Math.floor(bytes * 0.7)) {
    const found: FoundParts = {
      parts: parts.map((part) => ({
        document: clipBytes(part.document, 200),
        title: clipBytes(part.title, 80),
        section: clipBytes(sectionOf(part), 120),
        score: Number(part.score.toFixed(4)),
        ...(part.meaning ? { meaning: rounded(part.meaning) } : {}),
        ...(part.words ? { words: rounded(part.words) } : {}),
        alsoIn: part.alsoIn.slice(0, 3),
        content: clipBytes(oneLine(part.content), bytes),
      })),
    };
    const text = JSON.stringify(found);
    // It is written as JSON once more, within the summary.
    if (Buffer.byteLength(JSON.stringify(text)) <= jsonBytesMax) return text;
    if (bytes < 20) return asJson(parts.slice(0, -1));
  }
}
