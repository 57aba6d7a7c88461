import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { addModel, type NewModel, presentKey } from './write.ts';

let folder: string;
let file: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'helix-write-'));
  file = join(folder, 'limb.toml');
});

afterEach(() => rm(folder, { recursive: true }));

const openai = { preset: 'openai', baseUrl: undefined, account: undefined } as const;
const nothingElse = { key: undefined, keyEnv: undefined, priceIn: undefined, priceOut: undefined };

async function added(model: Partial<NewModel> & { model: string }) {
  const old = await addModel(file, { ...openai, ...nothingElse, ...model });
  return { old, toml: parse(await readFile(file, 'utf8')) };
}

test('what limb.toml says of a provider and a model stays when it is set up again', async () => {
  expect((await added({ model: 'm-1', key: 'sk-1', priceIn: 2 })).old).toBeUndefined();
  const limited = (await readFile(file, 'utf8')).replace(/^key_file/m, 'requests_per_minute = 60\nkey_file');
  await writeFile(file, `# mine\n${limited}\n[limits]\nretries = 1\n`);
  const { old, toml } = await added({ model: 'm-1', priceOut: 9 });
  expect(await readFile(old ?? '', 'utf8')).toContain('# mine');
  expect(toml).toEqual({
    providers: { openai: { requests_per_minute: 60, key_file: 'openai.key' } },
    models: { 'm-1': { provider: 'openai', model: 'm-1', price_in: 2, price_out: 9 } },
    routes: { reason: ['m-1'] },
    limits: { retries: 1 },
  });
  expect((await added({ model: 'm-1', keyEnv: 'MY_KEY' })).toml).toMatchObject({
    providers: { openai: { requests_per_minute: 60, key_env: 'MY_KEY' } },
  });
});

test('of a file with comments only the lines are touched whose settings change', async () => {
  await writeFile(
    file,
    [
      '# What this limb asks.',
      '[limits] # patient',
      'retries = 1',
      '',
      '[providers.openai] # the account of the lab',
      'requests_per_minute = 60 # as agreed',
      "key_env = 'LAB_KEY' # in the vault",
      '',
      '# Bought for a year.',
      "[models.'m-1']",
      'provider = "openai"',
      'model = "m-1"',
      'price_in = 2 # until May',
      '',
      '[routes]',
      'reason = "m-1" # the good one',
      'fast = [ "m-1" ]',
      '# The end.',
      '',
    ].join('\n'),
  );
  await added({ model: 'm-2', key: 'sk-2', priceOut: 9 });
  expect(await readFile(file, 'utf8')).toBe(
    [
      '# What this limb asks.',
      '[limits] # patient',
      'retries = 1',
      '',
      '[providers.openai] # the account of the lab',
      'requests_per_minute = 60 # as agreed',
      'key_file = "openai.key"',
      '',
      '# Bought for a year.',
      "[models.'m-1']",
      'provider = "openai"',
      'model = "m-1"',
      'price_in = 2 # until May',
      '',
      '[routes]',
      'reason = [ "m-2", "m-1" ] # the good one',
      'fast = [ "m-1" ]',
      '# The end.',
      '',
      '[models.m-2]',
      'provider = "openai"',
      'model = "m-2"',
      'price_in = 0',
      'price_out = 9',
      '',
    ].join('\n'),
  );
});

test('a file that is written in another way is written anew, and says the same', async () => {
  const written = [
    'routes = { reason = ["m-1"] }',
    '[models]',
    'm-1 = { provider = "openai", model = "m-1" }',
    '[providers.openai]',
    'requests_per_minute = 60',
  ];
  await writeFile(file, written.join('\n'));
  const { old, toml } = await added({ model: 'm-2' });
  expect(await readFile(old ?? '', 'utf8')).toBe(written.join('\n'));
  expect(toml).toEqual({
    providers: { openai: { requests_per_minute: 60 } },
    models: {
      'm-1': { provider: 'openai', model: 'm-1' },
      'm-2': { provider: 'openai', model: 'm-2', price_in: 0, price_out: 0 },
    },
    routes: { reason: ['m-2', 'm-1'] },
  });
  const lists =
    '[providers.openai]\n[models.m-1]\nprovider = "openai"\nmodel = "m-1"\n[routes]\nreason = [\n  "m-1",\n]\n';
  await writeFile(file, lists);
  expect((await added({ model: 'm-2' })).toml).toMatchObject({ routes: { reason: ['m-2', 'm-1'] } });
});

test('a model of the same name at another server takes no place of the first', async () => {
  await added({ model: 'm-1' });
  const { toml } = await added({ model: 'm-1', baseUrl: 'http://127.0.0.1:9/v1' });
  expect(toml).toMatchObject({
    providers: { openai: {}, 'openai-2': { preset: 'openai', base_url: 'http://127.0.0.1:9/v1' } },
    models: { 'm-1': { provider: 'openai' }, 'm-1 at openai-2': { provider: 'openai-2', model: 'm-1' } },
    routes: { reason: ['m-1 at openai-2', 'm-1'] },
  });
});

test('the key that a provider has is the one of limb.toml, or else of the usual variable', async () => {
  expect(await presentKey(file, openai, { OPENAI_API_KEY: 'sk-usual' })).toEqual({ value: 'sk-usual' });
  expect(await presentKey(file, openai, {})).toEqual({ missing: expect.stringContaining('OPENAI_API_KEY is not set') });
  expect(await presentKey(file, { ...openai, preset: 'ollama' }, {})).toEqual({ value: undefined });
  await added({ model: 'm-1', key: 'sk-file' });
  expect(await presentKey(file, openai, { OPENAI_API_KEY: 'sk-usual' })).toEqual({ value: 'sk-file' });
  const elsewhere = { ...openai, baseUrl: 'http://127.0.0.1:9/v1' };
  expect(await presentKey(file, elsewhere, { OPENAI_API_KEY: 'sk-usual' })).toEqual({ value: 'sk-usual' });
});
