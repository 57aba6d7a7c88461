import pc from 'picocolors';
import { LimbError } from '../../limbs/index.ts';
import {
  findModels,
  type ModelCheck,
  type ModelConfig,
  type ModelsConfig,
  type ModelTiming,
  Router,
  shownAddress,
  testEmbeddingModel,
  testLanguageModel,
  timeModel,
} from '../../limbs/models/index.ts';
import { Failure } from '../lib/failure.ts';
import { findHome } from '../lib/home.ts';
import { interruption } from '../lib/interruption.ts';
import { formatDuration } from '../lib/summary.ts';
import { oneLine } from '../lib/terminal.ts';
import { textTable } from '../lib/text-table.ts';

export interface JsonOption {
  readonly json?: boolean;
}

export interface TimeOptions extends JsonOption {
  readonly rounds: number;
  readonly tokens: number;
}

/** Lists the models and what each is for. */
export async function modelsList({ json }: JsonOption): Promise<void> {
  const config = await readModels();
  const rows = config.models.map((model) => ({
    name: model.name,
    model: model.model,
    server: shownAddress(model.provider),
    for: purposesOf(model, config),
    price: { inPerMillion: model.price.inMicros, outPerMillion: model.price.outMicros },
    key: 'missing' in model.provider.key ? 'missing' : model.provider.key.value === undefined ? 'none' : 'set',
  }));
  if (json) return console.log(JSON.stringify({ source: config.source, models: rows }, undefined, 2));
  if (rows.length === 0) return console.log(noModel());
  console.log(
    textTable(
      ['NAME', 'MODEL', 'FOR', 'PRICE IN/OUT', 'KEY', 'SERVER'],
      rows.map(({ name, model, server, for: purposes, price, key }) => [
        name,
        model,
        purposes.join(', ') || '-',
        price.inPerMillion + price.outPerMillion === 0 ? 'free' : `${price.inPerMillion}/${price.outPerMillion}`,
        key,
        server,
      ]),
    ),
  );
  console.log(pc.dim(`Named by ${config.source}. Prices are per million tokens.`));
  for (const { name, provider } of config.models) {
    if ('missing' in provider.key) console.log(pc.yellow(`${name} cannot be used: ${provider.key.missing}`));
  }
}

/** Asks models for what a limb needs of them. Fails when one does not answer. */
export async function modelsTest(names: readonly string[], { json }: JsonOption): Promise<void> {
  const results: { name: string; model: string; checks: readonly ModelCheck[] }[] = [];
  await withModels(names, async (router, model, config, signal) => {
    if (!json) console.log(`${pc.bold(model.name)} ${pc.dim(`${model.model} at ${shownAddress(model.provider)}`)}`);
    const show = (check: ModelCheck): void => {
      if (!json) console.log(checkLine(check));
    };
    let checks: ModelCheck[];
    if (isForVectors(model, config)) {
      checks = await testEmbeddingModel(router, model);
      checks.forEach(show);
    } else checks = await testLanguageModel(router.only(model), signal, show);
    results.push({ name: model.name, model: model.model, checks });
  });
  if (json) console.log(JSON.stringify(results, undefined, 2));
  const silent = results.filter(({ checks }) => checks[0]?.passed !== true);
  if (silent.length > 0) throw new Failure(`No answer from ${silent.map(({ name }) => name).join(', ')}`);
}

/** Measures how fast models answer. */
export async function modelsTime(names: readonly string[], options: TimeOptions): Promise<void> {
  const timings: ({ name: string; model: string } & ModelTiming)[] = [];
  await withModels(names, async (router, model, config, signal) => {
    if (isForVectors(model, config)) {
      if (names.length > 0) throw new Failure(`${model.name} makes vectors: only models that write can be timed`);
      return;
    }
    if (!options.json && process.stderr.isTTY) console.error(pc.dim(`· asks ${model.name}`));
    const timing = await timeModel(router.only(model), {
      rounds: options.rounds,
      tokensOutMax: options.tokens,
      signal,
    });
    timings.push({ name: model.name, model: model.model, ...timing });
  });
  if (options.json) return console.log(JSON.stringify(timings, undefined, 2));
  console.log(
    textTable(
      ['NAME', 'MODEL', 'FIRST TOKEN', 'TOKENS/S', 'WHOLE ANSWER', 'COST'],
      timings.map(({ name, model, firstTokenMs, tokensPerSecond, totalMs, micros }) => [
        name,
        model,
        formatDuration(firstTokenMs),
        tokensPerSecond.toFixed(1),
        formatDuration(totalMs),
        micros === 0 ? 'free' : String(micros / 1e6),
      ]),
    ),
  );
}

type Work = (router: Router, model: ModelConfig, config: ModelsConfig, signal: AbortSignal) => Promise<void>;

/** Runs `work` with each of the named models, or with all. */
async function withModels(names: readonly string[], work: Work): Promise<void> {
  const config = await readModels();
  if (config.models.length === 0) throw new Failure(noModel());
  const chosen = names.length === 0 ? config.models : names.map((name) => findModel(config, name));
  // One try a model: what is measured is the server, not the patience.
  const router = new Router({ ...config, limits: { ...config.limits, retriesMax: 0 } });
  const { signal, stop } = interruption();
  try {
    for (const model of chosen) await work(router, model, config, signal);
  } catch (error) {
    if (error instanceof LimbError) throw new Failure(error.message, { cause: error });
    throw error;
  } finally {
    stop();
    await router.close();
  }
}

async function readModels(): Promise<ModelsConfig> {
  try {
    return await findModels(process.env, findHome().limb.config);
  } catch (error) {
    if (error instanceof LimbError) throw new Failure(error.message, { cause: error });
    throw error;
  }
}

function findModel({ models }: ModelsConfig, name: string): ModelConfig {
  const model = models.find((one) => one.name === name) ?? models.find((one) => one.model === name);
  if (model) return model;
  throw new Failure(`There is no model ${name}; there is ${models.map((one) => one.name).join(', ')}`);
}

function purposesOf(model: ModelConfig, { routes }: ModelsConfig): string[] {
  return (['reason', 'fast', 'embed'] as const).flatMap((purpose) => {
    const place = routes[purpose].indexOf(model);
    if (place === -1) return [];
    return [routes[purpose].length === 1 ? purpose : `${purpose} ${place + 1}`];
  });
}

function isForVectors(model: ModelConfig, { routes }: ModelsConfig): boolean {
  return routes.embed.includes(model);
}

function checkLine({ what, passed, seen }: ModelCheck): string {
  const mark = passed ? pc.green('yes') : pc.red('NO ');
  return `  ${mark}  ${what.padEnd(16)} ${pc.dim(oneLine(seen))}`;
}

function noModel(): string {
  return `There is no language model. Name one in ${findHome().limb.config}, or by HELIX_LLM_BASE_URL and HELIX_LLM_MODEL; \`helix setup\` asks and does it`;
}
