import type { NoteRequest } from '../egress/index.ts';
import { LimbError, messageOf } from '../errors.ts';
import { PythonTool } from '../mcp/index.ts';
import type { MemoryStats } from '../memory/memory.ts';
import type { Environment } from '../models/config/key.ts';
import { openPermissions } from '../reach/permissions.ts';
import { outwardSkills } from '../skills/outward.ts';
import { runPythonSkill } from '../skills/run-python.ts';
import type { Skill } from '../skills/skill.ts';
import { summariseSkill } from '../skills/summarise.ts';
import { awaitIt } from './awaited.ts';
import type { LimbFolder } from './folder.ts';
import type { Log } from './log.ts';
import { openModels } from './models.ts';
import { openRemembering, rememberingSkills } from './remembering.ts';

export interface MemoryFacts extends MemoryStats {
  readonly engine: string;
}

/** What a limb works with, for all its connections. */
export interface Equipment {
  /** What it can do now. */
  readonly skills: readonly Skill[];
  /** What it waits for, and what it cannot do until then, in words; nothing when all is there. */
  readonly lacks?: string;
  /** The language model, as it is now, and the sandbox in words; empty without one. */
  readonly model: string;
  readonly sandbox: string;
  /** What the memory holds of a tenant, and its engine in words; nothing while there is no memory. */
  memoryFacts(tenant: string): Promise<MemoryFacts | undefined>;
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
  /** Hears that there are other skills or models now, or that something else is waited for. */
  readonly onChange: () => void;
}

/** What a limb is asked to answer by the model that was configured for it, and by no other means. */
const modelSkills: readonly string[] = ['reason', 'summarise'];

/**
 * Opens memory, models and the sandbox. A server that cannot be reached is waited for, without the skills that need it; no
 * sandbox is no error. Throws `LimbError` for a setting that does not work.
 */
export async function openEquipment(options: EquipmentOptions): Promise<Equipment> {
  const { folder, env, log, onChange, onMemory } = options;
  const closers: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const closer of closers.reverse()) await closer();
  };
  try {
    const pythonOpening = openPython(log);
    const watched = await openModels({ ...options, file: folder.config });
    const { models } = watched;
    closers.push(() => watched.close());
    const { python, sandbox } = await pythonOpening;
    if (python) closers.push(() => python.close());
    const memoryUrl = env['HELIX_MEMORY_URL'] || undefined;
    const means = { folder, memoryUrl, models, python, onMemory };
    const remembering = await awaitIt({
      open: (signal, answered) => openRemembering(means, signal, answered),
      onLack(lack) {
        log('warn', `The memory is waited for, and until then there is no ${listed(rememberingSkills)}: ${lack}`);
        onChange();
      },
      onThere() {
        log('info', `The memory is there now, and with it ${listed(rememberingSkills)}`);
        onChange();
      },
    });
    closers.push(() => remembering.close());
    const permissions = await openPermissions(folder.config, log);
    const lasting = [
      summariseSkill(models, { permissions, note: options.note }),
      ...(python ? [runPythonSkill(python)] : []),
      ...(await outwardSkills(permissions, folder.readers, options.note)),
    ];
    const wanted = options.skills ?? [...rememberingSkills, ...lasting.map(({ name }) => name)];
    requireKnown(wanted, [...rememberingSkills, ...lasting.map(({ name }) => name)]);
    const lackOf = (needed: readonly string[], lack: string) => {
      const without = needed.filter((name) => wanted.includes(name));
      return lack === '' || without.length === 0 ? [] : [`No ${listed(without)} yet: ${lack}`];
    };
    return {
      get skills() {
        const there = [...(remembering.value?.skills ?? []), ...lasting];
        return there.filter(
          ({ name }) => wanted.includes(name) && !(watched.lack !== '' && modelSkills.includes(name)),
        );
      },
      get lacks() {
        return [...lackOf(rememberingSkills, remembering.lack), ...lackOf(modelSkills, watched.lack)].join(' ');
      },
      get model() {
        return models.name;
      },
      sandbox,
      async memoryFacts(tenant) {
        const memory = remembering.value?.memory;
        return memory && { ...(await memory.stats(tenant)), engine: memory.description };
      },
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

function requireKnown(names: readonly string[], known: readonly string[]): void {
  for (const name of names) {
    if (known.includes(name)) continue;
    throw new LimbError('no-such-skill', `This limb has no skill ${name}; here there are ${known.join(', ')}.`);
  }
}

function listed(names: readonly string[]): string {
  return new Intl.ListFormat('en', { type: 'disjunction' }).format(names);
}
