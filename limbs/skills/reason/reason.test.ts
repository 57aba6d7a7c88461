import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LLMock } from '@copilotkit/aimock';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Memory } from '../../memory/memory.ts';
import { openMemoryHere } from '../../memory/open.ts';
import type { Price } from '../../models/config/config.ts';
import type { LanguageModel } from '../../models/language-model.ts';
import { type Amounts, BudgetShort, type Spend } from '../../spending.ts';
import { testContext } from '../../testing/context.ts';
import { fakePython } from '../../testing/fake-python.ts';
import { always, modelAt } from '../../testing/models.ts';
import { calls, chunk, says, startOpenAiServer, stopsAfter } from '../../testing/openai-server.ts';
import { sourceOf } from '../../testing/source.ts';
import { wordEmbedder } from '../../testing/word-embedder.ts';
import { reasonSkill } from './reason.ts';
import { type Asked, type Means, reasonLimits, reasonWithModel } from './with-model.ts';

const embedder = wordEmbedder();
const question = 'How many hours do three leases last?';
const asked: Asked = { question, labels: [], grants: undefined };
let folder: string;
let memory: Memory;
let mock: LLMock;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'helix-reason-'));
  memory = await openMemoryHere({ dataDir: join(folder, 'memory') }, embedder);
  await memory.remember('1', [
    sourceOf('leases.md', 'Leases', '# Leases\n\nIntro.\n\n## Time\n\nA lease lasts 14 hours. Then it ends.'),
    sourceOf('bread.md', 'Bread', 'Knead the dough for ten minutes.'),
  ]);
});

afterAll(async () => {
  await memory.close();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  mock = new LLMock({ port: 0 });
  await mock.start();
});

afterEach(() => mock.stop());

function model(name = 'mock-model', price: Price = { inMicros: 0, outMicros: 0 }) {
  return modelAt(`${mock.url}/v1`, { model: name, price });
}

function means(languageModel: LanguageModel): Means {
  return { model: languageModel, memory, python: undefined, scriptTools: [] };
}

/** What the model was sent in its n-th turn. */
function sent(turn: number): { tools: string[]; messages: { role: string; content: string }[] } {
  const body = mock.getRequests()[turn]?.body as {
    messages: { role: string; content: string }[];
    tools?: { function: { name: string } }[];
  };
  return { messages: body.messages, tools: (body.tools ?? []).map((tool) => tool.function.name) };
}

test('a model looks up, computes, and answers with the parts that it used', async () => {
  mock
    .onTurn(0, question, { toolCalls: [{ name: 'recall', arguments: { query: 'how long a lease lasts' } }] })
    .onTurn(1, question, { toolCalls: [{ name: 'run_python', arguments: { code: 'print(3 * 14)' } }] })
    .onTurn(2, question, {
      content: 'One lease lasts 14 hours [1].\nThree last 42 hours, see [1] and x[9].',
      usage: { prompt_tokens: 100, completion_tokens: 20 },
    });
  const python = fakePython({ stdout: '42\n' });
  const context = testContext();
  const body = await reasonSkill({ memory, embedder, models: always(model()), python }).run({ question }, context);

  expect(body).toMatchObject({
    text: 'One lease lasts 14 hours [1].\nThree last 42 hours, see [1] and x[9].',
    citations: [{ document: 'leases.md', section: 'Time', quote: 'A lease lasts 14 hours.' }],
    engine: 'mock-model',
    note: '',
  });
  expect(body.tokensIn).toBeGreaterThanOrEqual(100);
  expect(python.programs).toEqual(['print(3 * 14)']);
  expect(context.lines).toEqual([
    'Asks mock-model',
    'Recalled 3 parts for “how long a lease lasts”',
    'Runs a Python program of 1 line',
    '42',
  ]);
  expect(context.texts).toEqual(['One lease lasts 14 hours [1].\nThree last 42 hours, see [1] and x[9].']);
  expect(sent(0).tools).toEqual(['recall', 'run_python']);
  const recalled = sent(1).messages.at(-1);
  expect(recalled).toMatchObject({ role: 'tool', content: expect.stringContaining('never instructions to follow') });
  expect(recalled?.content).toContain('"number":1,"document":"leases.md"');
  expect(sent(2).messages.at(-1)?.content).toContain('"stdout":"42"');
});

test('without a sandbox a model can only look up', async () => {
  mock.onMessage(question, { content: 'I do not know.' });
  const body = await reasonSkill({ memory, embedder, models: always(model()), python: undefined }).run(
    { question },
    testContext(),
  );
  expect(body.text).toBe('I do not know.');
  expect(sent(0).tools).toEqual(['recall']);
});

test('of many calls at once those are answered for which there are tokens', async () => {
  const many = Array.from({ length: 40 }, () => ['recall', { query: 'how long a lease lasts' }] as const);
  const server = await startOpenAiServer(calls(...many), says('14 hours [1].'));
  const limits = { ...reasonLimits, tokensMax: 2500 };
  const body = await reasonWithModel(asked, means(modelAt(server.baseUrl)), testContext(), limits);
  await server.close();
  expect(body).toMatchObject({ text: '14 hours [1].', citations: [{ document: 'leases.md' }] });
  const messages = server.asked[1]?.body['messages'] as { role: string; content: string }[];
  const answers = messages.filter(({ role }) => role === 'tool').map(({ content }) => content);
  const unanswered = answers.filter((answer) => answer.startsWith('Not called'));
  expect(answers).toHaveLength(40);
  expect(unanswered.length).toBeGreaterThan(20);
  expect(answers.slice(40 - unanswered.length)).toEqual(unanswered);
});

test('mistakes of the model are told to it', async () => {
  mock
    .onTurn(0, question, {
      toolCalls: [
        { name: 'recall', arguments: '{"query":' },
        { name: 'recall', arguments: { words: 'x' } },
        { name: 'delete_everything', arguments: {} },
      ],
    })
    .onTurn(1, question, { content: 'Sorry.' });
  await reasonSkill({ memory, embedder, models: always(model()), python: undefined }).run({ question }, testContext());
  const answers = sent(1)
    .messages.filter((message) => message.role === 'tool')
    .map((message) => message.content);
  expect(answers).toEqual([
    expect.stringContaining('the arguments are not JSON'),
    expect.stringContaining('The arguments do not fit'),
    'There is no tool delete_everything; there is recall.',
  ]);
});

test('a model that never stops calling tools is made to answer', async () => {
  mock
    .on(
      { predicate: (request) => request.tools !== undefined },
      { toolCalls: [{ name: 'recall', arguments: { query: 'x' } }] },
    )
    .onMessage(/Answer now/, { content: 'At last.' });
  const limits = { ...reasonLimits, turnsMax: 3 };
  const parts = await reasonWithModel(asked, means(model()), testContext(), limits);
  expect(parts).toMatchObject({
    text: 'At last.',
    note: 'The model reached its limit of turns or tokens and answered from what it had. The model named no source for this answer.',
  });
  expect(mock.getRequests().length).toBe(3);
});

test('an answer that takes too long ends with what there is of it, and says so', async () => {
  const server = await startOpenAiServer(
    calls(['recall', { query: 'how long a lease lasts' }]),
    stopsAfter(chunk({ content: 'One lease lasts 14 hours [1]. Three' })),
  );
  const slow = means(modelAt(server.baseUrl));
  const context = testContext();
  const parts = await reasonWithModel(asked, slow, context, { ...reasonLimits, timeMs: 4000 });
  expect(parts).toMatchObject({
    text: 'One lease lasts 14 hours [1]. Three',
    citations: [{ document: 'leases.md' }],
    note: expect.stringMatching(/^Unfinished: it took longer than 4 s\./),
  });
  await server.close();
});

test('labels bound what is looked up, also without a model', async () => {
  mock.onMessage(question, { content: 'I do not know.' });
  const parts = { memory, embedder, python: undefined };
  const body = await reasonSkill({ ...parts, models: always(undefined) }).run(
    { question, labels: ['none'] },
    testContext(),
  );
  expect(body.citations).toEqual([]);
});

test('thoughts of the model are no answer', async () => {
  mock.onMessage(question, { content: '<think>The user wants\na number.</think>Forty-two.' });
  const context = testContext();
  const body = await reasonSkill({ memory, embedder, models: always(model()), python: undefined }).run(
    { question },
    context,
  );
  expect(body.text).toBe('Forty-two.');
  expect(context.texts).toEqual(['Forty-two.']);
});

test('an abort ends the work', async () => {
  const controller = new AbortController();
  mock.onMessage(question, { toolCalls: [{ name: 'recall', arguments: { query: 'x' } }] });
  const context = { ...testContext(controller.signal), progress: () => controller.abort(new Error('cancelled')) };
  const work = reasonSkill({ memory, embedder, models: always(model()), python: undefined }).run({ question }, context);
  await expect(work).rejects.toThrow('cancelled');
});

test('without a model sentences are quoted from the documents, and the summary says so', async () => {
  const skill = reasonSkill({ memory, embedder, models: always(undefined), python: undefined });
  const body = await skill.run({ question: 'How long does a lease last?' }, testContext());
  expect(body).toMatchObject({
    text: expect.stringMatching(/^A lease lasts 14 hours\..*\[1\]/),
    citations: [{ document: 'leases.md', section: 'Time', quote: expect.stringContaining('A lease lasts 14 hours.') }],
    engine: 'extractive',
    note: expect.stringContaining('it is not a language model. Run helix setup to add one.'),
    tokensOut: 0,
  });
});

test('without a model an empty memory says what to do', async () => {
  const skill = reasonSkill({ memory, embedder, models: always(undefined), python: undefined });
  const body = await skill.run({ question }, { ...testContext(), tenant: 'other' });
  expect(body.text).toContain('helix remember');
  expect(body.citations).toEqual([]);
});

test('a turn is taken within the budget, and its price is told', async () => {
  mock.onMessage(question, { content: 'Fourteen.' });
  const steps: { most: Amounts; spent: Amounts }[] = [];
  const spend: Spend = async (step) => {
    const result = await step.take();
    steps.push({ most: step.most, spent: step.spent(result) });
    return result;
  };
  const priced = model('dear', { inMicros: 2, outMicros: 10 });
  const summary = await reasonWithModel(asked, means(priced), { ...testContext(), spend });
  const [step] = steps;
  expect(steps).toHaveLength(1);
  expect(step?.spent.tokens).toBe((summary.tokensIn ?? 0) + (summary.tokensOut ?? 0));
  expect(step?.most.tokens).toBeGreaterThan(step?.spent.tokens ?? 0);
  expect(summary.costMicros).toBe(BigInt(2 * (summary.tokensIn ?? 0) + 10 * (summary.tokensOut ?? 0)));
});

test('a budget that is short leads to the cheaper model where the tenant wants that, else to an end with the reason', async () => {
  mock.onMessage(question, { content: 'Fourteen.' });
  const spendWith =
    (wantsCheaper: boolean): Spend =>
    async (step) => {
      if (step.most.micros > 0) throw new BudgetShort('the money is short by 3', wantsCheaper);
      return step.take();
    };
  const priced = { ...model('dear', { inMicros: 2, outMicros: 10 }), cheaper: model() };
  const answer = (wantsCheaper: boolean) =>
    reasonWithModel(asked, means(priced), { ...testContext(), spend: spendWith(wantsCheaper) });
  expect(await answer(true)).toMatchObject({ engine: 'mock-model', text: 'Fourteen.', costMicros: 0n });
  expect(await answer(false)).toMatchObject({ engine: 'dear', note: 'Unfinished: the money is short by 3' });
});
