import { text as readAll } from 'node:stream/consumers';
import pc from 'picocolors';
import { LimbError } from '../../limbs/index.ts';
import {
  addModel,
  findLocalServers,
  firstForChat,
  isPresetName,
  presets,
  providerAt,
  Router,
  testLanguageModel,
  timeModel,
  trial,
} from '../../limbs/models/index.ts';
import { Failure } from '../lib/failure.ts';
import { findHome } from '../lib/home.ts';
import { interruption } from '../lib/interruption.ts';
import { askForSetup, type SetupChoice } from '../lib/setup-choice.ts';
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
  readonly priceIn: number;
  readonly priceOut: number;
  /** Write it even when the model does not answer. */
  readonly force?: boolean;
}

/** Chooses a model, tries it, and writes limb.toml. Asks on a terminal; options answer without one. */
export async function setup(options: SetupOptions): Promise<void> {
  const file = findHome().limb.config;
  try {
    const choice = await choose(options);
    const { preset, baseUrl, account, key, model } = choice;
    const address = baseUrl ?? presets[preset].baseUrl?.replace('{account}', account ?? '') ?? '';
    const tried = key ?? (options.keyEnv === undefined ? undefined : process.env[options.keyEnv]);
    await tryOut(address, tried, model, options.force === true);
    const { keyEnv, priceIn, priceOut } = options;
    await addModel(file, { preset, baseUrl, account, model, key, keyEnv, priceIn, priceOut });
  } catch (error) {
    if (error instanceof LimbError) throw new Failure(error.message, { cause: error });
    throw error;
  }
  const needs = options.keyEnv === undefined ? '' : `, if it was started with ${options.keyEnv}`;
  console.log(`Wrote ${file}. A limb that runs takes it for its next task${needs}.`);
}

async function choose(options: SetupOptions): Promise<SetupChoice> {
  const { provider, baseUrl, account } = options;
  if (provider === undefined) {
    if (process.stdin.isTTY) return askForSetup(await findLocalServers());
    const [server] = await findLocalServers();
    const model = server && (options.model ?? firstForChat(server.models));
    if (!server || model === undefined) {
      throw new Failure('No language model answers on this machine: name a server by --provider, and --model');
    }
    return { preset: server.preset, baseUrl: undefined, account: undefined, key: undefined, model };
  }
  if (!isPresetName(provider)) {
    throw new Failure(`There is no provider ${provider}; there is ${Object.keys(presets).join(', ')}`);
  }
  if (options.model === undefined) throw new Failure('Name the model by --model, as the server calls it');
  const key = options.keyStdin ? (await readAll(process.stdin)).trim() : undefined;
  return { preset: provider, baseUrl, account, key, model: options.model };
}

/** Asks the model for what a limb needs, and measures it. @throws Failure when it does not answer, unless `force` */
async function tryOut(address: string, key: string | undefined, model: string, force: boolean): Promise<void> {
  if (!URL.canParse(address)) throw new Failure('The server has no address: give one by --base-url or --account');
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
