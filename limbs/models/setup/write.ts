import { chmod, copyFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'smol-toml';
import { readModelsFile } from '../config/file.ts';
import { isPresetName, type PresetName } from '../config/presets.ts';

/** What is to be added to limb.toml. */
export interface NewModel {
  readonly preset: PresetName;
  /** None: the usual address of the preset. */
  readonly baseUrl: string | undefined;
  readonly account: string | undefined;
  readonly model: string;
  /** Goes into a file of its own beside limb.toml, for its owner alone. */
  readonly key: string | undefined;
  /** The variable that holds the key. */
  readonly keyEnv: string | undefined;
  readonly priceIn: number;
  readonly priceOut: number;
}

/**
 * Adds a model to limb.toml, first in the route for answers. An earlier file stays beside it as `limb.toml.old`. Throws
 * `LimbError` when the earlier file is not as it should be.
 */
export async function addModel(file: string, added: NewModel): Promise<void> {
  const { preset, baseUrl, account, model, key, keyEnv } = added;
  await readModelsFile(file, process.env);
  const toml = parse(await textOf(file)) as Record<string, Record<string, unknown>>;
  const { providers = {}, models = {}, routes = {} } = toml;
  const provider = nameFor(preset, providers, { base_url: baseUrl, account });
  const keyFile = `${provider}.key`;
  providers[provider] = {
    ...(isPresetName(provider) ? {} : { preset }),
    ...(baseUrl === undefined ? {} : { base_url: baseUrl }),
    ...(account === undefined ? {} : { account }),
    ...(key === undefined ? {} : { key_file: keyFile }),
    ...(keyEnv === undefined ? {} : { key_env: keyEnv }),
  };
  models[model] = { provider, model, price_in: added.priceIn, price_out: added.priceOut };
  const others = [routes['reason'] ?? []].flat().filter((name) => name !== model);
  routes['reason'] = [model, ...others].slice(0, 8);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  if (key !== undefined) await replace(join(dirname(file), keyFile), `${key}\n`);
  await copyFile(file, `${file}.old`).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
  await replace(file, `${stringify({ ...toml, providers, models, routes })}\n`);
}

/** The preset's own name, unless it names another server already. */
function nameFor(preset: PresetName, providers: Record<string, unknown>, wanted: Record<string, unknown>): string {
  for (let number = 1; ; number++) {
    const name = number === 1 ? preset : `${preset}-${number}`;
    const there = providers[name] as Record<string, unknown> | undefined;
    if (!there || Object.entries(wanted).every(([setting, value]) => there[setting] === value)) return name;
  }
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** For its owner alone, and whole or not at all. */
async function replace(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text, { mode: 0o600 });
  await chmod(`${file}.new`, 0o600);
  await rename(`${file}.new`, file);
}
