import { afterEach, expect, test } from 'vitest';
import { Router } from '../models/router.ts';
import { modelsConfig } from '../testing/models.ts';
import { type OpenAiServer, type Reply, refuses, startOpenAiServer } from '../testing/openai-server.ts';
import { endpointEmbedder } from './endpoint.ts';

let server: OpenAiServer;
let router: Router;

afterEach(async () => {
  await router.close();
  await server.close();
});

/** A model with vectors of a size, which makes shorter ones where `canShorten` says so. */
function vectorsOf(size: number, canShorten: boolean): Reply {
  return (response, { body }) => {
    const { input, dimensions } = body as { input: string[]; dimensions?: number };
    const length = canShorten ? (dimensions ?? size) : size;
    const data = input.map((text, index) => ({ index, embedding: Array.from({ length }, (_, i) => text.length + i) }));
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ data, usage: { prompt_tokens: 1 } }));
  };
}

async function embedderOf(reply: Reply) {
  server = await startOpenAiServer(reply);
  const config = modelsConfig([{ baseUrl: server.baseUrl }], { retriesMax: 0 });
  router = new Router(config);
  const [model] = config.models;
  if (!model) throw new Error('there is no model');
  return endpointEmbedder(router.onlyEmbed(model));
}

test('vectors that can be indexed are asked for as the model makes them', async () => {
  const embedder = await embedderOf(vectorsOf(1024, true));
  expect(embedder.dimensions).toBe(1024);
  expect((await embedder.embed(['a', 'b'])).map(({ length }) => length)).toEqual([1024, 1024]);
  expect(server.asked.some(({ body }) => 'dimensions' in body)).toBe(false);
});

test('of a model whose vectors are too large to index shorter ones are asked for', async () => {
  const embedder = await embedderOf(vectorsOf(3072, true));
  expect(embedder.dimensions).toBe(1536);
  expect((await embedder.embed(['a'])).map(({ length }) => length)).toEqual([1536]);
});

test('a model that makes no shorter ones is refused, with what to do', async () => {
  await expect(embedderOf(vectorsOf(3072, false))).rejects.toMatchObject({
    code: 'embeddings-size',
    message: expect.stringMatching(/makes vectors of 3072 numbers; from 1 to 2000 can be indexed\. Set \S+ to another/),
  });
  await router.close();
  await server.close();
  const refusing: Reply = (response, asked) =>
    ('dimensions' in asked.body ? refuses(400, 'dimensions are not supported') : vectorsOf(3072, false))(
      response,
      asked,
    );
  await expect(embedderOf(refusing)).rejects.toThrow(/shorter ones it did not make: .*dimensions are not supported/);
});
