import { afterEach, expect, test } from 'vitest';
import { type Amounts, BudgetShort, type Spend } from '../spending.ts';
import { modelsConfig, type TestModel } from '../testing/models.ts';
import {
  calls,
  chunk,
  cutsAfter,
  type OpenAiServer,
  type Reply,
  refuses,
  says,
  sends,
  startOpenAiServer,
  stopsAfter,
} from '../testing/openai-server.ts';
import type { CallLimits } from './config/config.ts';
import type { LanguageModel, Turn, TurnRequest } from './language-model.ts';
import { Router } from './router.ts';

const closers: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

async function server(...replies: [Reply, ...Reply[]]): Promise<OpenAiServer> {
  const started = await startOpenAiServer(...replies);
  closers.push(() => started.close());
  return started;
}

function route(models: readonly TestModel[], limits: Partial<CallLimits> = {}): LanguageModel {
  const router = new Router(modelsConfig(models, limits));
  closers.unshift(() => router.close());
  const model = router.reason();
  if (!model) throw new Error('there is no model');
  return model;
}

function asking(more: Partial<TurnRequest> = {}): TurnRequest {
  return {
    messages: [{ role: 'user', text: 'What is a lease?' }],
    tools: [],
    tokensOutMax: 100,
    signal: new AbortController().signal,
    spend: (step) => step.take(),
    ...more,
  };
}

/** A purse as the hub keeps it: what is reserved, and what each step has cost in the end. */
function purse(bound = Number.POSITIVE_INFINITY): { spend: Spend; steps: Amounts[]; spent: () => number } {
  const steps: Amounts[] = [];
  const spent = () => steps.reduce((sum, { micros }) => sum + micros, 0);
  return {
    steps,
    spent,
    async spend(step) {
      if (spent() + step.most.micros > bound) throw new BudgetShort('the money is short', false);
      try {
        const result = await step.take();
        steps.push(step.spent(result));
        return result;
      } catch (error) {
        steps.push(step.spentInVain?.(error) ?? step.most);
        throw error;
      }
    },
  };
}

const price = { inMicros: 1, outMicros: 10 };
/** 10 tokens in and 5 out, as the server says. */
const priceOfAnswer = 60;

test('a server that asks to wait is waited for, and its answer is charged once', async () => {
  const { baseUrl, asked } = await server(refuses(429, 'slow down', { 'retry-after': '1' }), says('Fine.'));
  const { spend, steps, spent } = purse();
  const turn = await route([{ baseUrl, price }]).turn(asking({ spend }));
  expect(turn).toMatchObject({ text: 'Fine.', tokensIn: 10, tokensOut: 5, micros: priceOfAnswer, isEstimated: false });
  expect((asked[1]?.atMs ?? 0) - (asked[0]?.atMs ?? 0)).toBeGreaterThanOrEqual(1000);
  expect([steps.length, steps[0]?.tokens, spent()]).toEqual([2, 0, priceOfAnswer]);
});

test('a server that asks to wait for too long is not waited for', async () => {
  const { baseUrl, asked } = await server(refuses(429, 'come tomorrow', { 'retry-after': '86400' }));
  const model = route([{ baseUrl }]);
  await expect(model.turn(asking())).rejects.toMatchObject({ code: 'model-busy', isRetryable: true });
  await expect(model.turn(asking())).rejects.toThrow(
    /takes no requests for 86\d\d\d s, and more than 60 s are not waited/,
  );
  expect(asked).toHaveLength(1);
});

const ways: readonly (readonly [string, Reply, Partial<CallLimits>])[] = [
  ['asks to wait', refuses(429, 'slow down', { 'retry-after': '30' }), {}],
  ['fails', refuses(500, 'out of memory'), {}],
  ['is overloaded', refuses(503, 'later', { 'retry-after': '30' }), {}],
  ['refuses the key', refuses(401, 'wrong key'), {}],
  ['does not have the model', refuses(404, 'no such model'), {}],
  ['cuts the connection before the answer', (response) => void response.destroy(), {}],
  ['cuts its stream', cutsAfter('Half an ans'), {}],
  ['ends its stream before the answer ends', sends(chunk({ content: 'Half an ans' })), {}],
  ['sends JSON that is none', sends(`${chunk({ content: 'Half' })}data: {"choices":[{"delta\n\n`), {}],
  ['sends an error in its stream', sends('data: {"error":{"message":"overloaded"}}\n\n'), {}],
  ['is no such server', sends('<html>Welcome</html>', 'text/html'), {}],
  ['never begins to answer', stopsAfter(''), { firstTokenMs: 100 }],
  ['only shows signs of life', stopsAfter(chunk({ role: 'assistant', content: '' })), { firstTokenMs: 100 }],
  ['stops in the middle', stopsAfter(chunk({ content: 'Half an ans' })), { idleMs: 100 }],
  ['takes too long in all', slowly, { totalMs: 200 }],
];

/** Goes on and on. */
function slowly(response: Parameters<Reply>[0]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' });
  const timer = setInterval(() => response.write(chunk({ content: 'and ' })), 20);
  response.once('close', () => clearInterval(timer));
}

test.each(ways)('where a server %s the next one answers in one hop', async (_what, reply, limits) => {
  const first = await server(reply);
  const second = await server(says('Fine.'));
  const failures: string[] = [];
  let heard = '';
  const models = [{ baseUrl: first.baseUrl }, { baseUrl: second.baseUrl, model: 'second' }];
  const turn = await route(models, limits).turn(
    asking({
      onText: (text) => {
        heard += text;
      },
      onFailure: (model) => {
        failures.push(model);
        heard = '';
      },
    }),
  );
  expect(turn).toMatchObject({ text: 'Fine.', model: 'second' });
  expect([first.asked.length, second.asked.length, failures, heard]).toEqual([1, 1, ['test-model'], 'Fine.']);
});

test('a server that is not there is left for the next one', async () => {
  const { baseUrl } = await server(says('Fine.'));
  const turn = await route([{ baseUrl: 'http://127.0.0.1:9/v1' }, { baseUrl }]).turn(asking());
  expect(turn.text).toBe('Fine.');
});

test('what failed without a token costs nothing; a broken answer costs what it has probably used, and that is said', async () => {
  const failing = await server(refuses(500, 'no'), refuses(500, 'no'), refuses(500, 'no'));
  const free = purse();
  await expect(route([{ baseUrl: failing.baseUrl, price }]).turn(asking({ spend: free.spend }))).rejects.toThrow();
  expect([free.steps.length, free.spent()]).toEqual([3, 0]);

  const cut = await server(cutsAfter('Half an ans'), says('Fine.'));
  const { spend, steps, spent } = purse();
  const turn = await route([{ baseUrl: cut.baseUrl, price }]).turn(asking({ spend }));
  expect(turn.isEstimated).toBe(true);
  expect(turn.micros).toBe(spent());
  expect(steps[1]?.micros).toBe(priceOfAnswer);
  expect(steps[0]?.micros).toBeGreaterThan(0);
  expect(steps[0]?.micros).toBeLessThan(priceOfAnswer);
});

test('tokens that a server does not count are estimated', async () => {
  const { baseUrl } = await server(says('x'.repeat(40), null));
  const turn = await route([{ baseUrl, price }]).turn(asking());
  expect(turn).toMatchObject({ isEstimated: true, tokensOut: 10 });
  expect(turn.tokensIn).toBeGreaterThan(5);
});

test('a budget that is short asks no server', async () => {
  const { baseUrl, asked } = await server(says('Fine.'));
  const { spend } = purse(10);
  await expect(route([{ baseUrl, price }]).turn(asking({ spend }))).rejects.toBeInstanceOf(BudgetShort);
  expect(asked).toHaveLength(0);
});

test('a server that fails again and again is left alone, and others are asked instead', async () => {
  const bad = await server(refuses(500, 'no'));
  const good = await server(says('Fine.'));
  const model = route([{ baseUrl: bad.baseUrl }, { baseUrl: good.baseUrl }]);
  for (let i = 0; i < 8; i++) await model.turn(asking());
  expect([bad.asked.length, good.asked.length]).toEqual([5, 8]);

  const alone = await server(refuses(500, 'no'));
  const only = route([{ baseUrl: alone.baseUrl }], { retriesMax: 10 });
  await expect(only.turn(asking())).rejects.toMatchObject({ code: 'model-failed', isRetryable: true });
  await expect(only.turn(asking())).rejects.toMatchObject({
    code: 'model-paused',
    message: expect.stringMatching(/failed 5 times in a row and is left alone for a while\. .*status 500/),
  });
  expect(alone.asked).toHaveLength(5);
}, 20_000);

test('when no model answers, each says why', async () => {
  const first = await server(refuses(401, 'wrong key'));
  const second = await server(refuses(404, 'no such model'));
  const failing = route([{ baseUrl: first.baseUrl }, { baseUrl: second.baseUrl, model: 'other' }]).turn(asking());
  await expect(failing).rejects.toMatchObject({
    code: 'models-failed',
    isRetryable: false,
    message: expect.stringMatching(
      /^No model answered\. test-model: .*refused the key.* other: .*does not have the model/,
    ),
  });
});

test('a missing key leads to the next model, and is told where there is none', async () => {
  const { baseUrl, asked } = await server(says('Fine.'));
  const keyless = { baseUrl, key: { missing: 'OPENAI_API_KEY is not set.' } };
  expect((await route([keyless, { baseUrl, model: 'second' }]).turn(asking())).model).toBe('second');
  await expect(route([keyless]).turn(asking())).rejects.toThrow('OPENAI_API_KEY is not set.');
  expect(asked).toHaveLength(1);
});

test('settings that a server does not know are left out from then on', async () => {
  const picky: Reply = (response, asked) => {
    const { body } = asked;
    const refused = ['max_tokens', 'stream_options'].find((name) => name in body);
    const hint = refused === 'max_tokens' ? ', use max_completion_tokens' : '';
    return refused ? refuses(400, `unsupported: ${refused}${hint}`)(response, asked) : says('Fine.')(response, asked);
  };
  const { baseUrl, asked } = await server(picky);
  const model = route([{ baseUrl }]);
  for (let i = 0; i < 2; i++) expect((await model.turn(asking())).text).toBe('Fine.');
  expect(asked).toHaveLength(4);
  expect(asked[3]?.body).toMatchObject({ max_completion_tokens: 100 });
});

test('an answer in JSON is checked, and asked for again when it does not fit', async () => {
  const { baseUrl, asked } = await server(says('I would rather not.'), says('{"answer":41}'), says('{"answer":42}'));
  const output = {
    name: 'answer',
    schema: { type: 'object', properties: { answer: { const: 42 } } },
    check: (value: unknown) => expect(value).toEqual({ answer: 42 }),
  };
  const turn = await route([{ baseUrl }]).turn(asking({ output }));
  expect(JSON.parse(turn.text)).toEqual({ answer: 42 });
  expect(asked[0]?.body).toMatchObject({ response_format: { type: 'json_schema', json_schema: { name: 'answer' } } });
});

test('calls of tools are the same after a fallback', async () => {
  const bad = await server(cutsAfter('I will'));
  const good = await server(calls(['recall', { query: 'leases' }]));
  const turn = await route([{ baseUrl: bad.baseUrl }, { baseUrl: good.baseUrl }]).turn(asking());
  expect(turn).toMatchObject({ text: '', toolCalls: [{ name: 'recall', argumentsJson: '{"query":"leases"}' }] });
});

test('a provider with a limit is passed over while another is free', async () => {
  const limited = await server(says('first'));
  const other = await server(says('second'));
  const model = route([{ baseUrl: limited.baseUrl, requestsPerMinute: 2 }, { baseUrl: other.baseUrl }]);
  const texts: string[] = [];
  for (let i = 0; i < 4; i++) texts.push((await model.turn(asking())).text);
  expect(texts).toEqual(['first', 'first', 'second', 'second']);
});

test('an abort ends a call and every wait in it', async () => {
  const { baseUrl } = await server(refuses(429, 'wait', { 'retry-after': '50' }));
  const controller = new AbortController();
  const failing = route([{ baseUrl }]).turn(
    asking({ signal: controller.signal, onFailure: () => controller.abort(new Error('cancelled')) }),
  );
  await expect(failing).rejects.toThrow('cancelled');
});

test('calls at once spend no more than there is', async () => {
  const { baseUrl } = await server(says('Fine.'));
  let reserved = 0;
  let spentMicros = 0;
  const bound = 10_000;
  const spend: Spend = async (step) => {
    if (spentMicros + reserved + step.most.micros > bound) throw new BudgetShort('short', false);
    reserved += step.most.micros;
    try {
      const result = await step.take();
      spentMicros += step.spent(result).micros;
      return result;
    } finally {
      reserved -= step.most.micros;
    }
  };
  const model = route([{ baseUrl, price }]);
  const turns = await Promise.allSettled(Array.from({ length: 100 }, () => model.turn(asking({ spend }))));
  const answered = turns.filter((turn): turn is PromiseFulfilledResult<Turn> => turn.status === 'fulfilled');
  expect(answered.length).toBeGreaterThan(0);
  expect(answered.length).toBeLessThan(100);
  expect(spentMicros).toBe(answered.length * priceOfAnswer);
});
