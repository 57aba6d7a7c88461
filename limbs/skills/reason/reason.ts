import { z } from 'zod';
import type { Embedder } from '../../embeddings/embedder.ts';
import type { Memory } from '../../memory/memory.ts';
import type { ModelSource } from '../../models/live.ts';
import { labelsInput } from '../labels.ts';
import type { Python } from '../run-python.ts';
import { defineSkill, type Skill } from '../skill.ts';
import type { ScriptTool } from './script-tools.ts';
import { reasonWithModel } from './with-model.ts';
import { reasonWithoutModel } from './without-model.ts';

const input = z.object({
  question: z.string().trim().min(1).max(8000),
  /** Only documents with all of these labels are looked at. */
  labels: labelsInput.default([]),
  /** The tools that the model's scripts may call; default all that the limb has for them. */
  grants: z.array(z.string().min(1).max(80)).max(100).optional(),
});

export interface ReasonParts {
  readonly memory: Memory;
  readonly embedder: Embedder;
  readonly models: ModelSource;
  readonly python: Python | undefined;
  /** What scripts may call besides looking up; default nothing. */
  readonly scriptTools?: readonly ScriptTool[];
}

/** Answers a question from what the limb remembers. */
export function reasonSkill({ memory, embedder, models, python, scriptTools = [] }: ReasonParts): Skill {
  return defineSkill({
    name: 'reason',
    input,
    work: ({ question, labels, grants }, context) =>
      models.use(({ model, fast }) =>
        model
          ? reasonWithModel({ question, labels, grants }, { model, fast, memory, python, scriptTools }, context)
          : reasonWithoutModel({ question, labels }, memory, embedder, context),
      ),
  });
}
