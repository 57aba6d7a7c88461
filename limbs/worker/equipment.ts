import { join } from 'node:path';
import { openDocumentsRoot } from '../documents/root.ts';
import type { NoteRequest } from '../egress/index.ts';
import { findEmbedder } from '../embeddings/find.ts';
import { LimbError, messageOf } from '../errors.ts';
import { PythonTool } from '../mcp/index.ts';
import type { MemoryStats } from '../memory/memory.ts';
import { openMemory } from '../memory/open.ts';
import type { Environment } from '../models/config/key.ts';
import { openPermissions } from '../reach/permissions.ts';
import { forgetSkill } from '../skills/forget.ts';
import { outwardSkills } from '../skills/outward.ts';
import { reasonSkill } from '../skills/reason/reason.ts';
import { recallSkill } from '../skills/recall.ts';
import { rememberSkill } from '../skills/remember.ts';
import { runPythonSkill } from '../skills/run-python.ts';
import type { Skill } from '../skills/skill.ts';
import { summariseSkill } from '../skills/summarise.ts';
import type { LimbFolder } from './folder.ts';
import type { Log } from './log.ts';
import { openModels } from './models.ts';

export interface MemoryFacts extends MemoryStats {
  readonly engine: string;
}

/** What a limb works with, for all its connections. */
export interface Equipment {
  readonly skills: readonly Skill[];
  /** The language model, as it is now, and the sandbox in words; empty without one. */
  readonly model: string;
  readonly sandbox: string;
  /** What the memory holds of a tenant, and its engine in words. */
  memoryFacts(tenant: string): Promise<MemoryFacts>;
  close(): Promise<void>;
}

export interface EquipmentOptions {
  readonly folder: LimbFolder;
  readonly env: Environment;
  /** The skills to offer; default all that work here. */
  readonly skills: readonly string[] | undefined;
  readonly log: Log;
  /** Writes down what is sent to anybody but the hub. */
  readonly note: NoteRequest;
  /** Hears whose memory has changed. */
  readonly onMemory: (tenant: string) => void;
  /** Hears every key that the configuration names. */
  readonly onSecret: (secret: string) => void;
  /** Hears that there are other models now. */
  readonly onModels: () => void;
}

/** Opens memory, models and the sandbox. Throws `LimbError` for a setting that does not work; no sandbox is no error. */
export async function openEquipment(options: EquipmentOptions): Promise<Equipment> {
  const { folder, env, log } = options;
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const closer of closers.reverse()) await closer();
  };
  try {
    const pythonOpening = openPython(log);
    const { models, close: closeModels } = await openModels({ ...options, file: folder.config });
    closers.push(closeModels);
    const embedder = await findEmbedder(models.embed());
    closers.push(() => embedder.close());
    const memory = await openMemory({ dataDir: folder.memory, url: env['HELIX_MEMORY_URL'] || undefined }, embedder);
    closers.push(() => memory.close());
    const { python, sandbox } = await pythonOpening;
    if (python) closers.push(() => python.close());
    const permissions = await openPermissions(folder.config, log);
    const skills = [
      reasonSkill({ memory, embedder, models, python }),
      recallSkill(memory),
      rememberSkill(memory, (tenant) => openDocumentsRoot(join(folder.documents, tenant)), options.onMemory),
      forgetSkill(memory, options.onMemory),
      summariseSkill(models, { permissions, note: options.note }),
      ...(python ? [runPythonSkill(python)] : []),
      ...(await outwardSkills(permissions, folder.readers, options.note)),
    ];
    return {
      skills: chosen(skills, options.skills),
      get model() {
        return models.name;
      },
      sandbox,
      memoryFacts: async (tenant) => ({ ...(await memory.stats(tenant)), engine: memory.description }),
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function openPython(log: Log): Promise<{ python: PythonTool | undefined; sandbox: string }> {
  const python = new PythonTool();
  try {
    const { engine, level } = await python.describe();
    log('info', `Sandbox: ${engine} (${level})`);
    return { python, sandbox: `${engine} (${level})` };
  } catch (error) {
    await python.close();
    if (!(error instanceof LimbError)) throw error;
    log('warn', `No run_python on this limb: ${messageOf(error)}`);
    return { python: undefined, sandbox: '' };
  }
}

function chosen(skills: readonly Skill[], names: readonly string[] | undefined): Skill[] {
  if (!names) return [...skills];
  return names.map((name) => {
    const skill = skills.find((other) => other.name === name);
    if (skill) return skill;
    throw new LimbError(
      'no-such-skill',
      `This limb has no skill ${name}; here there are ${skills.map((other) => other.name).join(', ')}.`,
    );
  });
}
