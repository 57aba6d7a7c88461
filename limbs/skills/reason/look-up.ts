import type { Memory } from '../../memory/memory.ts';
import { clip, counted, oneLine } from '../../text.ts';
import type { SkillContext } from '../skill.ts';
import type { Recalled } from './recalled.ts';

/** A part as models and scripts see it: `number` is how an answer names it. */
export interface SeenPart {
  readonly number: number;
  readonly document: string;
  readonly section: string;
  readonly text: string;
}

export type LookUp = (query: string, limit: number, context: SkillContext) => Promise<SeenPart[]>;

/** Looks things up for one question: never outside of its tenant and its labels, whoever asks. */
export function lookUpIn(memory: Memory, labels: readonly string[], recalled: Recalled): LookUp {
  return async (query, limit, { tenant, signal, spend, progress }) => {
    const parts = await memory.recall(tenant, query, { limit, labels }, { signal, spend });
    progress(`Recalled ${counted(parts.length, 'part')} for “${clip(oneLine(query), 120)}”`);
    return parts.map((part) => ({
      number: recalled.add(part),
      document: part.document,
      section: part.section,
      text: part.content,
    }));
  };
}
