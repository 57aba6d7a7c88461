import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ModelsConfig } from './config.ts';
import { readModelsFile } from './file.ts';
import { presets } from './presets.ts';

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'helix-toml-'));
  file = join(folder, 'limb.toml');
});

afterEach(() => rm(folder, { recursive: true }));

async function reading(toml: string, env: Record<string, string> = {}): Promise<ModelsConfig> {
  await writeFile(file, toml);
  const config = await readModelsFile(file, env);
  if (!config) throw new Error('there is no file');
  return config;
}

async function refusal(toml: string, env: Record<string, string> = {}): Promise<string> {
  const error = await reading(toml, env).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toMatchObject({ name: 'LimbError' });
  return error instanceof Error ? error.message.replaceAll(file, 'limb.toml') : '';
}

describe('limb.toml', () => {
  it('names providers, models and routes', async () => {
    const toml = `
[providers.openai]
requests_per_minute = 60
tokens_per_minute = 100_000

[providers.home]
preset = "ollama"
base_url = "http://10.0.0.2:11434"

[models.big]
provider = "openai"
model = "gpt-5"
price_in = 2.5
price_out = 10

[models.small]
provider = "home"
model = "qwen3:8b"

[routes]
reason = ["big", "small"]
fast = "small"

[limits]
first_token_seconds = 20
retries = 1`;
    const config = await reading(toml, { OPENAI_API_KEY: 'sk-1' });
    expect(config.routes.reason).toMatchObject([
      {
        name: 'big',
        model: 'gpt-5',
        price: { inMicros: 2.5, outMicros: 10 },
        provider: {
          baseUrl: 'https://api.openai.com/v1',
          key: { value: 'sk-1' },
          requestsPerMinute: 60,
          tokensPerMinute: 100_000,
        },
      },
      {
        model: 'qwen3:8b',
        price: { inMicros: 0, outMicros: 0 },
        provider: { baseUrl: 'http://10.0.0.2:11434/v1', key: { value: undefined } },
      },
    ]);
    expect(config.routes.fast).toEqual([config.routes.reason[1]]);
    expect(config.limits).toMatchObject({ firstTokenMs: 20_000, retriesMax: 1, idleMs: 60_000 });
  });

  it('is optional', async () => {
    expect(await readModelsFile(file, {})).toBeUndefined();
  });

  it('has every preset in its description, and no other', async () => {
    const readme = await readFile(new URL('../README.md', import.meta.url), 'utf8');
    const [, list = ''] = /Presets: ([\s\S]*?)\.\n/.exec(readme) ?? [];
    const named = list.replace(/\(with[^)]*\)/g, '').match(/`\w+`/g) ?? [];
    expect(named.map((name) => name.slice(1, -1)).sort()).toEqual(Object.keys(presets).sort());
  });

  it.each(Object.keys(presets))('knows how to reach %s', async (name) => {
    const needs = ['bedrock', 'custom'].includes(name) ? 'base_url = "https://gateway.example.com/v1"' : '';
    const account = ['cloudflare', 'azure'].includes(name) ? 'account = "acme-1"' : '';
    const config = await reading(
      `[providers.${name}]\n${needs}\n${account}\n[models.m]\nprovider = "${name}"\nmodel = "x"\n[routes]\nreason = "m"`,
    );
    const { baseUrl } = config.routes.reason[0]?.provider ?? {};
    expect(baseUrl).toMatch(/^https?:\/\/[a-z0-9.-]+(:\d+)?(\/[a-z0-9/._-]+)?$/);
    if (account !== '') expect(baseUrl).toContain('acme-1');
  });

  it('reads a key from a file that is for its owner alone', async () => {
    const toml =
      '[providers.openai]\nkey_file = "openai.key"\n[models.m]\nprovider = "openai"\nmodel = "x"\n[routes]\nreason = "m"';
    await writeFile(join(folder, 'openai.key'), 'sk-2\n', { mode: 0o600 });
    expect((await reading(toml)).models[0]?.provider.key).toEqual({ value: 'sk-2' });
    await chmod(join(folder, 'openai.key'), 0o644);
    expect(await refusal(toml)).toMatch(/openai\.key may be read by others on this machine\. Run: chmod 600/);
    await rm(join(folder, 'openai.key'));
    expect((await reading(toml)).models[0]?.provider.key).toMatchObject({
      missing: expect.stringMatching(/openai\.key cannot be read \(ENOENT\)/),
    });
  });

  it('says what to set where a key is missing', async () => {
    const config = await reading('[providers.mistral]\n[models.m]\nprovider = "mistral"\nmodel = "x"');
    expect(config.models[0]?.provider.key).toMatchObject({
      missing: expect.stringMatching(/^MISTRAL_API_KEY is not set/),
    });
  });

  it.each([
    ['a = = 1', /^limb\.toml:1:5: /],
    [
      '[providers.openai]\n\napi_key = "sk-secret"',
      /^limb\.toml:3: providers\.openai\.api_key: a key must not stand here/,
    ],
    [
      '[providers.x]\nbase_url = "http://me:sk-secret@host/v1"',
      /^limb\.toml:2: providers\.x\.base_url: a key must not/,
    ],
    [
      '[providers.openai]\nbase_uri = "http://x"',
      /^limb\.toml:2: providers\.openai\.base_uri: there is no such setting/,
    ],
    [
      '[providers.x]\nbase_url = "localhost:8080"',
      /^limb\.toml:2: providers\.x\.base_url: expected an address such as/,
    ],
    ['\n[providers.x]', /^limb\.toml:2: providers\.x: base_url is missing/],
    ['[providers.azure]', /^limb\.toml:1: providers\.azure: account is missing for Azure OpenAI/],
    ['[providers.openai]\nkey_env = "A"\nkey_file = "b"', /^limb\.toml:3: .* expected key_env or key_file, not both/],
    [
      '[providers.ollama]\n[models.m]\nprovider = "ollama"\nmodel = "x"\n"price_in" = "cheap"',
      /^limb\.toml:5: models\.m\.price_in: .*expected number, received string/,
    ],
    [
      '[models.m]\nprovider = "openia"\nmodel = "x"\n[providers.openai]',
      /^limb\.toml:2: .*no provider is called "openia"; there is openai/,
    ],
    [
      '[routes]\nreason = ["big"]',
      /^limb\.toml:2: routes\.reason: no model is called "big"; there is no \[models\.big\]/,
    ],
    ['[routes]\nreason = 5', /^limb\.toml:2: routes\.reason: expected the name of a model, or a list/],
    [
      '[providers.ollama]\n[models]\na = { provider = "ollama", model = "e5" }\nb = { provider = "ollama", model = "bge" }\n[routes]\nembed = ["a", "b"]',
      /^limb\.toml:6: routes\.embed: expected the same model at several providers/,
    ],
  ])('says where %j is wrong and what was expected', async (toml, message) => {
    const text = await refusal(toml);
    expect(text).toMatch(message);
    expect(text).not.toContain('sk-secret');
  });
});
