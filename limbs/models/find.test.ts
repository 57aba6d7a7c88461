import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { keyOf } from './config/config.ts';
import { environmentEmbedder, environmentModels } from './config/environment.ts';
import type { Environment } from './config/key.ts';
import { findModels } from './find.ts';
import { Router } from './router.ts';

const noFile = '/nonexistent/limb.toml';
const nowhere = { OLLAMA_HOST: '127.0.0.1:9' };
let server: Server | undefined;

afterEach(() => {
  server?.close();
});

async function nameOfModel(env: Environment): Promise<string | undefined> {
  return new Router(await findModels(env, noFile)).reason()?.name;
}

async function serve(path: string, body: unknown): Promise<string> {
  server = createServer((request, response) => {
    response.statusCode = request.url === path ? 200 : 404;
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('without any setting and without Ollama there is no model', async () => {
  expect(await nameOfModel(nowhere)).toBeUndefined();
});

test('an Ollama on this machine is found, with its first model that chats', async () => {
  const ollama = await serve('/api/tags', { models: [{ name: 'nomic-embed-text:latest' }, { name: 'qwen3:8b' }] });
  expect(await nameOfModel({ OLLAMA_HOST: ollama })).toBe('qwen3:8b');
});

test('something else on the port of Ollama is no model', async () => {
  expect(await nameOfModel({ OLLAMA_HOST: await serve('/api/tags', { hello: 'world' }) })).toBeUndefined();
});

test('a server without a named model gives the first chat model that it lists', async () => {
  const address = await serve('/v1/models', { object: 'list', data: [{ id: 'bge-m3' }, { id: 'llama-3' }] });
  expect(await nameOfModel({ ...nowhere, HELIX_LLM_BASE_URL: address })).toBe('llama-3');
});

test('a server that lists no chat model asks for a name', async () => {
  const address = await serve('/v1/models', { object: 'list', data: [] });
  await expect(nameOfModel({ ...nowhere, HELIX_LLM_BASE_URL: address })).rejects.toThrow(
    `${address}/v1 lists no chat model. Set HELIX_LLM_MODEL to the name of one.`,
  );
});

test('an address that is none says which variable to correct', () => {
  expect(() => environmentModels({ HELIX_LLM_BASE_URL: 'localhost:8080' })).toThrow(
    'HELIX_LLM_BASE_URL is not an address such as http://127.0.0.1:8080/v1.',
  );
});

test('a key of another program alone sends nothing anywhere', () => {
  expect(environmentModels({ OPENAI_API_KEY: 'sk-other' })).toBeUndefined();
  expect(environmentEmbedder({ OPENAI_API_KEY: 'sk-other', OPENAI_MODEL: 'gpt' })).toBeUndefined();
});

test('a key goes only to the server that it was set for', () => {
  const settings = environmentModels({ HELIX_LLM_BASE_URL: 'http://10.0.0.2:8000/v1', OPENAI_API_KEY: 'sk-other' });
  expect(settings && keyOf(settings.reason.provider)).toBeUndefined();
  const embeddings = environmentEmbedder({
    HELIX_EMBEDDINGS_BASE_URL: 'http://10.0.0.2:8000/v1',
    HELIX_EMBEDDINGS_MODEL: 'e5',
    OPENAI_API_KEY: 'sk-other',
  });
  expect(embeddings && keyOf(embeddings.provider)).toBeUndefined();
});

test('the usual variables name a model together', () => {
  expect(environmentModels({ OPENAI_API_KEY: 'sk-1', OPENAI_MODEL: 'gpt-5' })).toMatchObject({
    isOwn: false,
    reason: { model: 'gpt-5', provider: { baseUrl: 'https://api.openai.com/v1', key: { value: 'sk-1' } } },
  });
  expect(environmentModels({ OPENAI_BASE_URL: 'http://10.0.0.2:8000', HELIX_LLM_MODEL: 'm' })).toMatchObject({
    isOwn: true,
    reason: { provider: { baseUrl: 'http://10.0.0.2:8000/v1', key: { value: undefined } } },
  });
});
