import { text as readAll } from 'node:stream/consumers';
import pc from 'picocolors';
import { LimbError } from '../../limbs/index.ts';
import {
  addModel,
  environmentModels,
  findLocalServers,
  firstForChat,
  isPresetName,
  type Key,
  type NewProvider,
  type Preset,
  presentKey,
  presets,
  providerAt,
  Router,
  testLanguageModel,
  timeModel,
  trial,
  withPath,
} from '../../limbs/models/index.ts';
import { Failure } from '../lib/failure.ts';
import { findHome } from '../lib/home.ts';
import { interruption } from '../lib/interruption.ts';
import { askForSetup, isHttp, placeOf, type SetupChoice } from '../lib/setup-choice.ts';
import { formatDuration } from '../lib/summary.ts';
import { oneLine } from '../lib/terminal.ts';

export interface SetupOptions {
  readonly provider?: string;
  readonly baseUrl?: string;
  readonly account?: string;
  readonly model?: string;
  /** The key comes on standard input. */
  readonly keyStdin?: boolean;
  readonly keyEnv?: string;
  readonly priceIn?: number;
  readonly priceOut?: number;
  /** Write it even when the model does not answer. */
  readonly force?: boolean;
}

/** Chooses a model, tries it, and writes limb.toml. Asks on a terminal; options answer without one. */
export async function setup(options: SetupOptions): Promise<void> {
  const { keyEnv, priceIn, priceOut } = options;
  if (options.keyStdin && keyEnv !== undefined) throw new Failure('Give the key by --key-stdin or --key-env, not both');
  const file = findHome().limb.config;
  let old: string | undefined;
  try {
    const choice = await choose(options, file);
    const { model } = choice;
    await tryOut(addressOf(choice), await keyFor(choice, options, file), model, options.force === true);
    old = await addModel(file, { ...choice, keyEnv, priceIn, priceOut });
  } catch (error) {
    if (error instanceof LimbError) throw new Failure(error.message, { cause: error });
    throw error;
  }
  const needs = keyEnv === undefined ? '' : `, if it was started with ${keyEnv}`;
  console.log(`Wrote ${file}. A limb that runs takes it for its next task${needs}.`);
  if (old !== undefined) console.log(pc.dim(`The file before is ${old}.`));
  if (environmentModels(process.env)?.isOwn) {
    console.log(pc.yellow('HELIX_LLM_* is set here: in a limb that is started with it, it counts before this file.'));
  }
}

async function choose(options: SetupOptions, file: string): Promise<SetupChoice> {
  const { provider, baseUrl, account } = options;
  if (provider === undefined) {
    const keyThere = async (chosen: NewProvider) => usable(await presentKey(file, chosen, process.env));
    if (process.stdin.isTTY) return askForSetup(await findLocalServers(process.env), keyThere);
    const [server] = await findLocalServers(process.env);
    const model = server && (options.model ?? firstForChat(server.models));
    if (!server || model === undefined) {
      throw new Failure('No language model answers on this machine: name a server by --provider, and --model');
    }
    return { ...placeOf(server), key: undefined, model };
  }
  if (!isPresetName(provider)) {
    throw new Failure(`There is no provider ${provider}; there is ${Object.keys(presets).join(', ')}`);
  }
  if (options.model === undefined) throw new Failure('Name the model by --model, as the server calls it');
  const choice = { preset: provider, baseUrl, account, model: options.model };
  addressOf(choice);
  const key = options.keyStdin ? (await readAll(process.stdin)).trim() : undefined;
  if (key === '') throw new Failure('Standard input holds no key; expected it alone, on one line');
  return { ...choice, key };
}

/** @throws Failure when it lacks a part or is none */
function addressOf({ preset, baseUrl, account }: NewProvider): string {
  const { title, baseUrl: usual, hint }: Preset = presets[preset];
  if (baseUrl !== undefined) {
    if (isHttp(baseUrl)) return withPath(baseUrl);
    throw new Failure(`${baseUrl} is no address; expected one such as http://127.0.0.1:8000/v1`);
  }
  if (usual === undefined) throw new Failure(`Give the address of ${title} by --base-url: ${hint}`);
  if (usual.includes('{account}') && account === undefined) {
    throw new Failure(`${title} has an address for each account, give yours by --account: ${hint}`);
  }
  return usual.replace('{account}', account ?? '');
}

/** The key that a limb will ask with. @throws Failure when there is none where one is needed, unless forced */
async function keyFor(choice: SetupChoice, options: SetupOptions, file: string): Promise<string | undefined> {
  const { keyEnv, force } = options;
  if (choice.key !== undefined) return choice.key;
  const key = keyEnv === undefined ? await presentKey(file, choice, process.env) : { value: process.env[keyEnv] };
  const value = usable(key);
  if (value !== undefined || force) return value;
  if (keyEnv !== undefined)
    throw new Failure(`${keyEnv} is not set here; --force writes it without a trial of the key`);
  if ('missing' in key) throw new Failure(`${key.missing} Or give the key by --key-stdin`);
  return undefined;
}

function usable(key: Key): string | undefined {
  return 'value' in key ? key.value : undefined;
}

/** Asks the model for what a limb needs, and measures it. @throws Failure when it does not answer, unless `force` */
async function tryOut(address: string, key: string | undefined, model: string, force: boolean): Promise<void> {
  const config = trial(providerAt('trial', address, key), model);
  const router = new Router({ ...config, limits: { ...config.limits, retriesMax: 0 } });
  const { signal, stop } = interruption();
  try {
    const [entry] = config.models;
    if (!entry) return;
    const tested = router.only(entry);
    const [answers] = await testLanguageModel(tested, signal, ({ what, passed, seen }) => {
      console.log(`  ${passed ? pc.green('yes') : pc.red('NO ')}  ${what.padEnd(16)} ${pc.dim(oneLine(seen))}`);
    });
    if (answers?.passed !== true) {
      if (force) return;
      throw new Failure(`${model} does not answer, so nothing was written; --force writes it nevertheless`);
    }
    const timing = await timeModel(tested, { rounds: 1, tokensOutMax: 128, signal });
    const speed = `${timing.tokensPerSecond.toFixed(1)} tokens/s, the first after ${formatDuration(timing.firstTokenMs)}`;
    console.log(`  ${model}: ${speed}`);
  } finally {
    stop();
    await router.close();
  }
}
