import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { tables } from '../../bindings/index.ts';
import type { Budget } from '../../bindings/types.ts';
import { lockFile } from '../../engine/index.ts';
import type { Memory } from '../memory/memory.ts';
import { Router } from '../models/router.ts';
import { reasonSkill } from '../skills/reason/reason.ts';
import { TestHub } from '../testing/hub.ts';
import { always, modelsConfig } from '../testing/models.ts';
import { type OpenAiServer, refuses, says, startOpenAiServer } from '../testing/openai-server.ts';
import { wordEmbedder } from '../testing/word-embedder.ts';
import { type Limb, startLimb } from './limb.ts';

// A real hub, a real limb over its socket, and a server that speaks the OpenAI protocol and counts what it is owed.

let hub: TestHub;
let server: OpenAiServer;
let router: Router;
let limb: Limb;
/** What the server would put on a bill. */
let owed = 0;
/** Requests wait for their answers until this is called. */
let release = () => {};

const price = { inMicros: 1, outMicros: 10 };

beforeEach(async () => {
  owed = 0;
  hub = await TestHub.open();
  server = await startHoldingServer();
  router = new Router(modelsConfig([{ baseUrl: server.baseUrl, price }], { retriesMax: 1 }));
  const embedder = wordEmbedder();
  limb = await startLimb(
    {
      folder: join(hub.folder, 'limb'),
      lockFile,
      hub: hub.address,
      name: 'thinker',
      version: 'test',
      pairCode: await hub.pairCode(),
      env: {},
      capacity: 200,
      log: () => {},
    },
    async () => ({
      skills: [reasonSkill({ memory: {} as Memory, embedder, models: always(router.reason()), python: undefined })],
      model: 'test-model',
      sandbox: '',
      memoryFacts: async () => ({ documentCount: 0, chunkCount: 0, byteCount: 0, engine: 'none' }),
      close: async () => {},
    }),
  );
  await new Promise<void>((resolve) =>
    hub.owner
      .subscriptionBuilder()
      .onApplied(() => resolve())
      .subscribe([tables.budgets]),
  );
});

afterEach(async () => {
  await limb.stop(0);
  await router.close();
  await server.close();
  await hub.close();
});

test('200 calls at once on a budget for 10 overspend nothing, and each answer is charged once', async () => {
  await bind(1_000_000_000n);
  const probe = await hub.submit('reason', { question: 'Number 0?' });
  const most = await hub.until(() => budget()?.reserved || undefined);
  release();
  await hub.reaches(probe, 'Done');
  const bound = (budget()?.spent ?? 0n) + 10n * most + most / 2n;
  await bind(bound);

  hold();
  const ids = await Promise.all(
    Array.from({ length: 200 }, (_, at) => hub.submit('reason', { question: `Number ${at + 100}?` })),
  );
  const unfinished = () =>
    ids.filter((id) => hub.summary(id)?.body.note.startsWith("Unfinished: the tenant's money, in millionths"));
  await hub.until(() => unfinished().length >= 190 || undefined);
  release();
  for (const id of ids) await hub.reaches(id, 'Done');

  const answered = ids.filter((id) => hub.summary(id)?.body.text === 'It is a claim.');
  expect([answered.length, unfinished().length]).toEqual([10, 190]);
  // Each was refused once before it was answered.
  expect(server.asked.length).toBe(2 * 11);
  expect(budget()).toMatchObject({ spent: BigInt(owed), reserved: 0n, bound });
  const told = [probe, ...answered].map((id) => hub.summary(id)?.body.costMicros ?? 0n);
  expect(told.reduce((sum, cost) => sum + cost, 0n)).toBe(BigInt(owed));
}, 60_000);

/** Answers once it may, and refuses each question once before, for free. */
function startHoldingServer(): Promise<OpenAiServer> {
  hold();
  const refused = new Set<string>();
  return startOpenAiServer(async (response, asked) => {
    await held;
    const question = JSON.stringify(asked.body['messages']);
    const isFirst = !refused.has(question);
    refused.add(question);
    if (isFirst) return refuses(429, 'slow down', { 'retry-after-ms': '20' })(response, asked);
    const usage = { prompt_tokens: 100 + (asked.index % 7), completion_tokens: 20 + (asked.index % 3) };
    owed += usage.prompt_tokens * price.inMicros + usage.completion_tokens * price.outMicros;
    return says('It is a claim.', usage)(response, asked);
  });
}

let held = Promise.resolve();

function hold(): void {
  held = new Promise((resolve) => {
    release = resolve;
  });
}

function budget(): Budget | undefined {
  return [...hub.owner.db.budgets.iter()][0];
}

async function bind(bound: bigint): Promise<void> {
  const tags = { scope: { tag: 'Tenant' }, unit: { tag: 'Micros' }, period: { tag: 'Total' } } as const;
  await hub.owner.reducers.setBudget({ tenantId: 1n, subject: '', ...tags, bound });
  await hub.until(() => budget()?.bound === bound || undefined);
}
