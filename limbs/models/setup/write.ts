import { chmod, copyFile, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parse, stringify } from 'smol-toml';
import type { Key } from '../config/config.ts';
import { readLimbToml, readModelsFile } from '../config/file.ts';
import { type Environment, keyFromEnvironment, keyFromFile } from '../config/key.ts';
import { isPresetName, type Preset, type PresetName, presets } from '../config/presets.ts';
import type { ProviderToml } from '../config/schema.ts';
import { editToml } from './edit.ts';

/** Where a model is to be asked. */
export interface NewProvider {
  readonly preset: PresetName;
  /** None: the usual address of the preset. */
  readonly baseUrl: string | undefined;
  readonly account: string | undefined;
}

/** What is to be added to limb.toml. */
export interface NewModel extends NewProvider {
  readonly model: string;
  /** Goes into a file of its own beside limb.toml, for its owner alone. */
  readonly key: string | undefined;
  /** The variable that holds the key; without it and a key, the provider keeps the one that it has. */
  readonly keyEnv: string | undefined;
  /** None: as it was, or else nothing. */
  readonly priceIn: number | undefined;
  readonly priceOut: number | undefined;
}

/**
 * Adds a model to limb.toml, first in the route for answers; what the file says besides stays, with its comments where
 * the file has its tables and settings one a line. Returns the copy of the earlier file beside it, if there was one. Throws `LimbError` when the earlier file is not as it should be.
 */
export async function addModel(file: string, added: NewModel): Promise<string | undefined> {
  const { preset, baseUrl, account, model, key, keyEnv } = added;
  await readModelsFile(file, process.env);
  const text = await textOf(file);
  const toml = parse(text) as Record<string, Record<string, unknown>>;
  const { routes = {} } = toml;
  const { providers = {}, models = {} } = toml as Record<string, Record<string, Settings>>;
  const provider = nameFor(added, providers);
  const keyFile = `${provider}.key`;
  const { key_file, key_env, ...kept } = providers[provider] ?? {};
  providers[provider] = {
    ...(isPresetName(provider) ? {} : { preset }),
    ...(baseUrl === undefined ? {} : { base_url: baseUrl }),
    ...(account === undefined ? {} : { account }),
    ...kept,
    ...(key !== undefined ? { key_file: keyFile } : keyEnv !== undefined ? { key_env: keyEnv } : { key_file, key_env }),
  };
  const name = models[model] && models[model]['provider'] !== provider ? `${model} at ${provider}` : model;
  const { price_in = 0, price_out = 0 } = models[name] ?? {};
  models[name] = { provider, model, price_in: added.priceIn ?? price_in, price_out: added.priceOut ?? price_out };
  const others = [routes['reason'] ?? []].flat().filter((other) => other !== name);
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  if (key !== undefined) await replace(join(dirname(file), keyFile), `${key}\n`);
  const old = await keptCopy(file);
  const reason = [name, ...others].slice(0, 8);
  const wanted = { ...toml, providers, models, routes: { ...routes, reason } };
  const edits = [
    { path: ['providers', provider], settings: providers[provider] },
    { path: ['models', name], settings: models[name] },
    { path: ['routes'], settings: { ...routes, reason } },
  ];
  await replace(file, editToml(text, edits, wanted) ?? `${stringify(wanted)}\n`);
  return old;
}

/**
 * The key of a provider for which none is given: the one that limb.toml has for it, or else the usual variable. Throws
 * `LimbError` when the file is not as it should be.
 */
export async function presentKey(file: string, provider: NewProvider, env: Environment): Promise<Key> {
  const known: Readonly<Record<string, ProviderToml>> = (await readLimbToml(file))?.providers ?? {};
  const { key_file, key_env } = known[nameFor(provider, known)] ?? {};
  if (key_file !== undefined) return keyFromFile(key_file, file, file);
  const preset: Preset = presets[provider.preset];
  const variable = key_env ?? preset.keyEnv;
  return variable === undefined ? { value: undefined } : keyFromEnvironment(env, variable, preset.title);
}

type Settings = Record<string, unknown>;

/** The copy of a file beside it, for its owner alone; none where there is no such file. */
async function keptCopy(file: string): Promise<string | undefined> {
  const old = `${file}.old`;
  try {
    await copyFile(file, old);
    return old;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/** The preset's own name, unless it names another server already. */
function nameFor(
  { preset, baseUrl, account }: NewProvider,
  providers: Readonly<Record<string, Settings | ProviderToml>>,
): string {
  for (let number = 1; ; number++) {
    const name = number === 1 ? preset : `${preset}-${number}`;
    const there = providers[name];
    if (!there || (there['base_url'] === baseUrl && there['account'] === account)) return name;
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
