import { z } from 'zod';
import type { Memory } from '../memory/memory.ts';
import { clip, counted, oneLine } from '../text.ts';
import { citationOf } from './citation.ts';
import { defineSkill, type Skill } from './skill.ts';

const input = z.object({
  query: z.string().trim().min(1).max(2000),
  limit: z.int().min(1).max(20).default(5),
});

const shownCharsMax = 280;

/** Looks something up in the limb's memory, without an answer of its own. */
export function recallSkill(memory: Memory): Skill {
  return defineSkill({
    name: 'recall',
    input,
    async work({ query, limit }, { tenant, signal }) {
      const parts = await memory.recall(tenant, query, limit, signal);
      const lines = parts.map((part, i) => `[${i + 1}] ${clip(oneLine(part.content), shownCharsMax)}`);
      return {
        text: lines.length === 0 ? 'Nothing is remembered yet.' : lines.join('\n\n'),
        engine: 'memory',
        note: lines.length === 0 ? '' : `The ${counted(lines.length, 'part')} closest to the query, best first.`,
        citations: parts.map((part) => citationOf(part, query)),
      };
    },
  });
}
