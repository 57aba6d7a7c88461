import { join } from 'node:path';
import { openDocumentsRoot } from '../documents/root.ts';
import { findEmbedder } from '../embeddings/find.ts';
import type { Memory } from '../memory/memory.ts';
import { openMemory } from '../memory/open.ts';
import type { LiveModels } from '../models/live.ts';
import { forgetSkill } from '../skills/forget.ts';
import { reasonSkill } from '../skills/reason/reason.ts';
import { recallSkill } from '../skills/recall.ts';
import { rememberSkill } from '../skills/remember.ts';
import type { Python } from '../skills/run-python.ts';
import type { Skill } from '../skills/skill.ts';
import type { LimbFolder } from './folder.ts';

/** The skills that cannot work without a memory. */
export const rememberingSkills: readonly string[] = ['reason', 'recall', 'remember', 'forget'];

/** A memory, and what can be done with one. */
export interface Remembering {
  readonly memory: Memory;
  readonly skills: readonly Skill[];
  close(): Promise<void>;
}

export interface RememberingMeans {
  readonly folder: LimbFolder;
  /** Of a PostgreSQL server; none for the embedded database. */
  readonly memoryUrl: string | undefined;
  readonly models: LiveModels;
  readonly python: Python | undefined;
  /** Hears whose memory has changed. */
  readonly onMemory: (tenant: string) => void;
}

/**
 * Opens the memory with the embedding model of now; `answered` is called when that has answered. Throws `LimbError`, a
 * retryable one while a server cannot be reached.
 */
export async function openRemembering(
  { folder, memoryUrl, models, python, onMemory }: RememberingMeans,
  signal: AbortSignal,
  answered: () => void,
): Promise<Remembering> {
  const embedder = await findEmbedder(models.embed(), signal);
  try {
    if (memoryUrl === undefined) answered();
    const memory = await openMemory({ dataDir: folder.memory, url: memoryUrl }, embedder);
    return {
      memory,
      skills: [
        reasonSkill({ memory, embedder, models, python }),
        recallSkill(memory),
        rememberSkill(memory, (tenant) => openDocumentsRoot(join(folder.documents, tenant)), onMemory),
        forgetSkill(memory, onMemory),
      ],
      async close() {
        await memory.close();
        await embedder.close();
      },
    };
  } catch (error) {
    await embedder.close();
    throw error;
  }
}
