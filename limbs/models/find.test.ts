import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { findLanguageModel } from './find.ts';
import { embeddingModelSettings, languageModelSettings } from './settings.ts';

const nowhere = { OLLAMA_HOST: '127.0.0.1:9' };
let server: Server | undefined;

afterEach(() => {
  server?.close();
});

async function serve(path: string, body: unknown): Promise<string> {
  server = createServer((request, response) => {
    response.statusCode = request.url === path ? 200 : 404;
    response.setHeader('content-type', 'application/json').end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('without any setting and without Ollama there is no model', async () => {
  expect(await findLanguageModel(nowhere)).toBeUndefined();
});

test('an Ollama on this machine is found, with its first model that chats', async () => {
  const ollama = await serve('/api/tags', { models: [{ name: 'nomic-embed-text:latest' }, { name: 'qwen3:8b' }] });
  expect((await findLanguageModel({ OLLAMA_HOST: ollama }))?.name).toBe('qwen3:8b');
});

test('something else on the port of Ollama is no model', async () => {
  expect(await findLanguageModel({ OLLAMA_HOST: await serve('/api/tags', { hello: 'world' }) })).toBeUndefined();
});

test('a server without a named model gives the first chat model that it lists', async () => {
  const address = await serve('/v1/models', { object: 'list', data: [{ id: 'bge-m3' }, { id: 'llama-3' }] });
  expect((await findLanguageModel({ ...nowhere, HELIX_LLM_BASE_URL: address }))?.name).toBe('llama-3');
});

test('a server that lists no chat model asks for a name', async () => {
  const address = await serve('/v1/models', { object: 'list', data: [] });
  await expect(findLanguageModel({ ...nowhere, HELIX_LLM_BASE_URL: address })).rejects.toThrow(
    `${address}/v1 lists no chat model. Set HELIX_LLM_MODEL to the name of one.`,
  );
});

test('an address that is none says which variable to correct', () => {
  expect(() => languageModelSettings({ HELIX_LLM_BASE_URL: 'localhost:8080' })).toThrow(
    'HELIX_LLM_BASE_URL is not an address such as http://127.0.0.1:8080/v1.',
  );
});

test('a key of another program alone sends nothing anywhere', () => {
  expect(languageModelSettings({ OPENAI_API_KEY: 'sk-other' })).toBeUndefined();
  expect(embeddingModelSettings({ OPENAI_API_KEY: 'sk-other', OPENAI_MODEL: 'gpt' })).toBeUndefined();
});

test('a key goes only to the server that it was set for', () => {
  const settings = languageModelSettings({ HELIX_LLM_BASE_URL: 'http://10.0.0.2:8000/v1', OPENAI_API_KEY: 'sk-other' });
  expect(settings?.endpoint.apiKey).toBeUndefined();
  const embeddings = embeddingModelSettings({
    HELIX_EMBEDDINGS_BASE_URL: 'http://10.0.0.2:8000/v1',
    HELIX_EMBEDDINGS_MODEL: 'e5',
    OPENAI_API_KEY: 'sk-other',
  });
  expect(embeddings?.endpoint.apiKey).toBeUndefined();
});

test('the usual variables name a model together', () => {
  expect(languageModelSettings({ OPENAI_API_KEY: 'sk-1', OPENAI_MODEL: 'gpt-5' })).toMatchObject({
    model: 'gpt-5',
    endpoint: { baseUrl: 'https://api.openai.com/v1', apiKey: 'sk-1' },
  });
  expect(languageModelSettings({ OPENAI_BASE_URL: 'http://10.0.0.2:8000', HELIX_LLM_MODEL: 'm' })).toMatchObject({
    endpoint: { baseUrl: 'http://10.0.0.2:8000/v1', apiKey: undefined },
  });
});
