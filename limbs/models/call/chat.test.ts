import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LLMock } from '@copilotkit/aimock';
import { afterEach, expect, test } from 'vitest';
import { LimbError } from '../../errors.ts';
import { modelAt as modelWithoutKeyAt } from '../../testing/models.ts';
import type { LanguageModel, ToolDefinition, TurnRequest } from '../language-model.ts';

const secret = 'sk-very-secret-key';
const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

const modelAt = (baseUrl: string) => modelWithoutKeyAt(baseUrl, { key: { value: secret } });

async function mocked(prepare: (mock: LLMock) => void): Promise<LanguageModel> {
  const mock = new LLMock({ port: 0 });
  prepare(mock);
  await mock.start();
  closers.push(() => mock.stop());
  return modelAt(`${mock.url}/v1`);
}

async function answering(answer: (response: ServerResponse) => void): Promise<LanguageModel> {
  const server: Server = createServer((_request, response) => answer(response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return modelAt(`http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`);
}

function asking(text: string, more: Partial<TurnRequest> = {}): TurnRequest {
  return {
    messages: [{ role: 'user', text }],
    tools: [],
    tokensOutMax: 100,
    spend: (step) => step.take(),
    signal: new AbortController().signal,
    ...more,
  };
}

async function failure(work: Promise<unknown>): Promise<LimbError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof LimbError)) throw new Error(`expected a LimbError, got ${String(error)}`);
  expect(error.message).not.toContain(secret);
  return error;
}

test('an answer arrives in pieces, and its tokens are counted', async () => {
  const model = await mocked((mock) =>
    mock.onMessage('hello', {
      content: 'Hi there, this is an answer!',
      usage: { prompt_tokens: 7, completion_tokens: 6 },
    }),
  );
  const pieces: string[] = [];
  const turn = await model.turn(asking('hello', { onText: (text) => pieces.push(text) }));
  expect(turn).toEqual({
    model: 'test-model',
    text: 'Hi there, this is an answer!',
    toolCalls: [],
    isCutOff: false,
    tokensIn: 7,
    tokensOut: 6,
    micros: 0,
    isEstimated: false,
  });
  expect(pieces.length).toBeGreaterThan(1);
  expect(pieces.join('')).toBe(turn.text);
});

test('streamed tool calls are put together', async () => {
  const tools: ToolDefinition[] = [
    {
      name: 'recall',
      description: 'Looks up',
      parameters: { type: 'object', properties: { query: { type: 'string' } } },
    },
  ];
  const model = await mocked((mock) =>
    mock.onMessage('look', {
      toolCalls: [
        { name: 'recall', arguments: '{"query":"leases and how they end"}' },
        { name: 'recall', arguments: '{"query":"other"}' },
      ],
    }),
  );
  const turn = await model.turn(asking('look', { tools }));
  expect(turn.toolCalls.map(({ name, argumentsJson }) => [name, JSON.parse(argumentsJson)])).toEqual([
    ['recall', { query: 'leases and how they end' }],
    ['recall', { query: 'other' }],
  ]);
  expect(new Set(turn.toolCalls.map((call) => call.id)).size).toBe(2);
});

test('a refused key says which variable to set and does not show the key', async () => {
  const model = await answering((response) => {
    response.writeHead(401, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { message: `Incorrect API key provided: ${secret}` } }));
  });
  const error = await failure(model.turn(asking('hello')));
  expect(error).toMatchObject({ code: 'model-unauthorized', isRetryable: false });
  expect(error.message).toContain('Set HELIX_LLM_API_KEY');
});

test('an unknown model says which variable to set', async () => {
  const model = await answering((response) => {
    response.writeHead(404, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ error: { message: `model not found (${secret})` } }));
  });
  const error = await failure(model.turn(asking('hello')));
  expect(error.code).toBe('model-not-found');
  expect(error.message).toContain('does not have the model test-model');
});

test('a server that is not there is retryable and says its address', async () => {
  const error = await failure(modelAt('http://user:pass@127.0.0.1:9/v1').turn(asking('hello')));
  expect(error).toMatchObject({ code: 'model-unreachable', isRetryable: true });
  expect(error.message).toContain('http://127.0.0.1:9/v1 cannot be reached');
  expect(error.message).not.toContain('pass');
});

test.each([
  ['no stream at all', '<html>hello</html>', 'text/html'],
  ['pieces that are not JSON', 'data: {"choices":[{"delta":{"content":"a"}\n\n', 'text/event-stream'],
  ['a stream that ends at once', 'data: [DONE]\n\n', 'text/event-stream'],
])('an answer of another protocol (%s) says so', async (_what, body, type) => {
  const model = await answering((response) => {
    response.writeHead(200, { 'content-type': type });
    response.end(body);
  });
  expect((await failure(model.turn(asking('hello')))).code).toBe('model-bad-answer');
});

test('a failing server may be tried again', async () => {
  const model = await answering((response) => {
    response.writeHead(500, { 'content-type': 'application/json', 'x-should-retry': 'false' });
    response.end('{"error":{"message":"out of memory"}}');
  });
  expect(await failure(model.turn(asking('hello')))).toMatchObject({ code: 'model-failed', isRetryable: true });
});

test('an abort in the middle of an answer ends it with the reason of the signal', async () => {
  const controller = new AbortController();
  const model = await answering((response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write('data: {"choices":[{"index":0,"delta":{"content":"a"},"finish_reason":null}]}\n\n');
  });
  const reason = new Error('cancelled by somebody');
  const work = model.turn(asking('hello', { signal: controller.signal, onText: () => controller.abort(reason) }));
  await expect(work).rejects.toBe(reason);
});
