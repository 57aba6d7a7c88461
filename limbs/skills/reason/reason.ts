import { z } from 'zod';
import type { Embedder } from '../../embeddings/embedder.ts';
import type { Memory } from '../../memory/memory.ts';
import type { LanguageModel } from '../../models/language-model.ts';
import type { Python } from '../run-python.ts';
import { defineSkill, type Skill } from '../skill.ts';
import { reasonWithModel } from './with-model.ts';
import { reasonWithoutModel } from './without-model.ts';

const input = z.object({ question: z.string().trim().min(1).max(8000) });

export interface ReasonParts {
  readonly memory: Memory;
  readonly embedder: Embedder;
  /** None: answers are quoted from the documents. */
  readonly model: LanguageModel | undefined;
  readonly python: Python | undefined;
}

/** Answers a question from what the limb remembers. */
export function reasonSkill({ memory, embedder, model, python }: ReasonParts): Skill {
  return defineSkill({
    name: 'reason',
    input,
    work: ({ question }, context) =>
      model
        ? reasonWithModel(question, model, memory, python, context)
        : reasonWithoutModel(question, memory, embedder, context),
  });
}
