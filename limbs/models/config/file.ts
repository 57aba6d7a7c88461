import { readFile } from 'node:fs/promises';
import { parse, TomlError } from 'smol-toml';
import type { z } from 'zod';
import { LimbError } from '../../errors.ts';
import {
  type CallLimits,
  callLimits,
  type Key,
  type ModelConfig,
  type ModelsConfig,
  type ProviderConfig,
  type Purpose,
  withPath,
} from './config.ts';
import { type Environment, keyFromEnvironment, keyFromFile } from './key.ts';
import { lineOf } from './locate.ts';
import { isPresetName, type Preset, presets } from './presets.ts';
import { type LimbToml, limbToml, type ProviderToml } from './schema.ts';

const issuesShownMax = 5;

/**
 * The models that a limb.toml names; none when there is no such file. Throws `LimbError` for each thing in it that is not
 * as it should be, with file, line and key.
 */
export async function readModelsFile(file: string, env: Environment): Promise<ModelsConfig | undefined> {
  const text = await textOf(file);
  return text === undefined ? undefined : new Reader(file, text, env).config();
}

/** All that a limb.toml says, checked by itself; none when there is no such file. Throws `LimbError` as above. */
export async function readLimbToml(file: string): Promise<LimbToml | undefined> {
  const text = await textOf(file);
  return text === undefined ? undefined : new Reader(file, text, {}).toml();
}

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new LimbError('config-unreadable', `${file} cannot be read (${(error as NodeJS.ErrnoException).code}).`);
  }
}

class Reader {
  readonly #file: string;
  readonly #text: string;
  readonly #env: Environment;

  constructor(file: string, text: string, env: Environment) {
    this.#file = file;
    this.#text = text;
    this.#env = env;
  }

  async config(): Promise<ModelsConfig> {
    const toml = this.toml();
    const providers = new Map<string, ProviderConfig>();
    for (const [name, settings] of Object.entries(toml.providers)) {
      providers.set(name, await this.#provider(name, settings));
    }
    const models = new Map<string, ModelConfig>();
    for (const [name, { provider: providerName, model, price_in, price_out }] of Object.entries(toml.models)) {
      const provider = providers.get(providerName);
      if (!provider) throw this.#unknown(['models', name, 'provider'], 'provider', providerName, [...providers.keys()]);
      const setting = `models.${name}.model in ${this.#file}`;
      models.set(name, { name, model, provider, price: { inMicros: price_in, outMicros: price_out }, setting });
    }
    const route = (purpose: Purpose): ModelConfig[] =>
      (toml.routes[purpose] ?? []).map((name) => {
        const model = models.get(name);
        if (!model) throw this.#unknown(['routes', purpose], 'model', name, [...models.keys()]);
        return model;
      });
    const routes = { reason: route('reason'), fast: route('fast'), embed: route('embed') };
    const [first, ...others] = routes.embed;
    if (others.some(({ model }) => model !== first?.model)) {
      throw this.#error(
        ['routes', 'embed'],
        'expected the same model at several providers: vectors of different models do not compare',
      );
    }
    return { source: this.#file, routes, models: [...models.values()], limits: limitsOf(toml.limits) };
  }

  toml(): LimbToml {
    let value: unknown;
    try {
      value = parse(this.#text);
    } catch (error) {
      if (!(error instanceof TomlError)) throw error;
      const [reason] = error.message.split('\n');
      throw new LimbError('invalid-config', `${this.#file}:${error.line}:${error.column}: ${reason}`);
    }
    const parsed = limbToml.safeParse(value);
    if (parsed.success) return parsed.data;
    const messages = parsed.error.issues.slice(0, issuesShownMax).map((issue) => this.#issue(issue));
    const more = parsed.error.issues.length - messages.length;
    throw new LimbError('invalid-config', [...messages, ...(more > 0 ? [`… and ${more} more`] : [])].join('\n'));
  }

  #issue(issue: z.core.$ZodIssue): string {
    if (issue.code !== 'unrecognized_keys') return this.#at(issue.path, issue.message);
    return issue.keys
      .map((key) => this.#at([...issue.path, key], isSecretName(key) ? noSecrets : `there is no such setting`))
      .join('\n');
  }

  async #provider(name: string, settings: ProviderToml): Promise<ProviderConfig> {
    const path = ['providers', name];
    const preset: Preset = presets[settings.preset ?? (isPresetName(name) ? name : 'custom')];
    if (settings.key_env !== undefined && settings.key_file !== undefined) {
      throw this.#error([...path, 'key_file'], 'expected key_env or key_file, not both');
    }
    return {
      name,
      baseUrl: this.#baseUrl(path, settings, preset),
      key: await this.#key(path, settings, preset),
      baseUrlSetting: `${path.join('.')}.base_url in ${this.#file}`,
      keySetting:
        settings.key_file === undefined
          ? (settings.key_env ?? preset.keyEnv ?? `${path.join('.')}.key_env in ${this.#file}`)
          : `${settings.key_file}, which ${this.#file} names,`,
      requestsPerMinute: settings.requests_per_minute,
      tokensPerMinute: settings.tokens_per_minute,
    };
  }

  #baseUrl(path: readonly string[], { base_url, account }: ProviderToml, preset: Preset): string {
    const template = base_url ?? preset.baseUrl;
    if (template === undefined) throw this.#error(path, `base_url is missing: ${preset.hint}`);
    if (template.includes('{account}') && account === undefined) {
      throw this.#error(path, `account is missing for ${preset.title}: ${preset.hint}`);
    }
    const address = template.replace('{account}', account ?? '');
    if (!/^https?:\/\//i.test(address) || !URL.canParse(address)) {
      throw this.#error([...path, 'base_url'], 'expected an address such as http://127.0.0.1:8080/v1');
    }
    const { username, password } = new URL(address);
    if (username !== '' || password !== '') throw this.#error([...path, 'base_url'], noSecrets);
    return base_url === undefined ? address : withPath(address);
  }

  async #key(path: readonly string[], { key_env, key_file }: ProviderToml, preset: Preset): Promise<Key> {
    const setting = `${path.join('.')} in ${this.#file}`;
    if (key_file !== undefined) return keyFromFile(key_file, this.#file, setting);
    const name = key_env ?? preset.keyEnv;
    return name === undefined ? { value: undefined } : keyFromEnvironment(this.#env, name, setting);
  }

  #unknown(path: readonly string[], what: string, name: string, known: readonly string[]): LimbError {
    const there = known.length === 0 ? `there is no [${what}s.${name}]` : `there is ${known.join(', ')}`;
    return this.#error(path, `no ${what} is called ${JSON.stringify(name)}; ${there}`);
  }

  #error(path: readonly string[], message: string): LimbError {
    return new LimbError('invalid-config', this.#at(path, message));
  }

  #at(path: readonly PropertyKey[], message: string): string {
    const where = `${this.#file}:${lineOf(this.#text, path)}`;
    return path.length === 0 ? `${where}: ${message}` : `${where}: ${path.map(String).join('.')}: ${message}`;
  }
}

const noSecrets =
  'a key must not stand here in clear. Put it alone into a file of mode 0600 and name that by key_file, or into an environment variable and name that by key_env';

function isSecretName(key: string): boolean {
  return /key|token|secret|password/i.test(key);
}

function limitsOf(toml: LimbToml['limits']): CallLimits {
  const ms = (seconds: number | undefined, usualMs: number): number =>
    seconds === undefined ? usualMs : Math.ceil(seconds * 1000);
  return {
    connectMs: ms(toml.connect_seconds, callLimits.connectMs),
    firstTokenMs: ms(toml.first_token_seconds, callLimits.firstTokenMs),
    idleMs: ms(toml.idle_seconds, callLimits.idleMs),
    totalMs: ms(toml.total_seconds, callLimits.totalMs),
    retriesMax: toml.retries ?? callLimits.retriesMax,
    waitMs: ms(toml.wait_seconds, callLimits.waitMs),
  };
}
