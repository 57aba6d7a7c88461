import { afterEach, beforeEach, expect, test } from 'vitest';
import { unpaid } from '../spending.ts';
import { modelsConfig } from '../testing/models.ts';
import { type OpenAiServer, says, startOpenAiServer } from '../testing/openai-server.ts';
import type { ModelsConfig } from './config/config.ts';
import type { LanguageModel } from './language-model.ts';
import { LiveModels } from './live.ts';

let server: OpenAiServer;

beforeEach(async () => {
  server = await startOpenAiServer(says('Yes.'));
});

afterEach(() => server.close());

function named(model: string, embed?: string): ModelsConfig {
  const config = modelsConfig([{ baseUrl: server.baseUrl, model }], { retriesMax: 0 });
  const vectors = embed === undefined ? [] : modelsConfig([{ baseUrl: server.baseUrl, model: embed }]).models;
  return { ...config, models: [...config.models, ...vectors], routes: { ...config.routes, embed: vectors } };
}

async function answerOf(model: LanguageModel | undefined): Promise<string> {
  if (!model) throw new Error('there is no model');
  const { signal } = new AbortController();
  const messages = [{ role: 'user', text: 'Well?' } as const];
  return (await model.turn({ messages, tools: [], tokensOutMax: 10, signal, spend: unpaid })).model;
}

test('work that goes on keeps its models until its end, and other work has the new ones', async () => {
  const models = new LiveModels(named('old'));
  let kept: LanguageModel | undefined;
  await models.use(async ({ model }) => {
    kept = model;
    await models.replace(named('new'));
    expect(await answerOf(model)).toBe('old');
    expect(await models.use(({ model }) => answerOf(model))).toBe('new');
    expect(await answerOf(model)).toBe('old');
  });
  // The connections of models that nobody uses are closed.
  await expect(answerOf(kept)).rejects.toMatchObject({ code: 'model-unreachable' });
  expect(models.name).toBe('new');
  await models.close();
});

test('models that nobody works with are closed at once, and those of work that failed too', async () => {
  const models = new LiveModels(named('old'));
  const old = await models.use(async ({ model }) => model);
  const failing = models.use(async () => {
    await models.replace(named('new'));
    throw new Error('no');
  });
  await expect(failing).rejects.toThrow('no');
  await expect(answerOf(old)).rejects.toMatchObject({ code: 'model-unreachable' });
  const second = await models.use(async ({ model }) => model);
  await models.replace(named('third'));
  await expect(answerOf(second)).rejects.toMatchObject({ code: 'model-unreachable' });
  await models.close();
});

test('another model for vectors is refused, and nothing is changed', async () => {
  const models = new LiveModels(named('old', 'e5'));
  await expect(models.replace(named('new', 'bge'))).rejects.toMatchObject({
    code: 'memory-embedder-differs',
    message: expect.stringContaining('was made with vectors of e5, and now those of bge'),
  });
  await expect(models.replace(named('new'))).rejects.toThrow('and now those of the model that comes with the package');
  expect(models.name).toBe('old');
  expect(await models.use(({ model }) => answerOf(model))).toBe('old');
  await models.close();
});
