import { mkdir, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { tables } from '../../bindings/index.ts';
import type { Budget } from '../../bindings/types.ts';
import { lockFile } from '../../engine/index.ts';
import { openDocumentsRoot } from '../documents/root.ts';
import { endpointEmbedder } from '../embeddings/endpoint.ts';
import type { Memory } from '../memory/memory.ts';
import { openMemoryHere } from '../memory/open.ts';
import { Router } from '../models/router.ts';
import { reasonSkill } from '../skills/reason/reason.ts';
import { recallSkill } from '../skills/recall.ts';
import { rememberSkill } from '../skills/remember.ts';
import { TestHub } from '../testing/hub.ts';
import { always, modelsConfig } from '../testing/models.ts';
import { type Asked, calls, type OpenAiServer, refuses, says, startOpenAiServer } from '../testing/openai-server.ts';
import { type Limb, startLimb } from './limb.ts';

// A real hub, a real limb with a memory, and a server that makes vectors and counts what it is owed.

let hub: TestHub;
let server: OpenAiServer;
let router: Router;
let memory: Memory;
let limb: Limb;
let documents: string;
/** What the server would put on a bill. */
let owed = 0;
let refusals = 0;

const price = { inMicros: 3, outMicros: 0 };

beforeAll(async () => {
  hub = await TestHub.open();
  server = await startOpenAiServer((response, asked) => {
    if (refusals > 0) {
      refusals -= 1;
      return refuses(429, 'slow down', { 'retry-after-ms': '5' })(response, asked);
    }
    return asked.path.endsWith('/embeddings') ? embed(response, asked) : answer(response, asked);
  });
  const config = modelsConfig([{ baseUrl: server.baseUrl, price }], { retriesMax: 1 });
  router = new Router({ ...config, routes: { reason: config.models, fast: [], embed: config.models } });
  const route = router.embed();
  if (!route) throw new Error('there is no route for vectors');
  const embedder = await endpointEmbedder(route);
  memory = await openMemoryHere({ dataDir: join(hub.folder, 'memory') }, embedder);
  documents = join(hub.folder, 'documents');
  await mkdir(documents);
  limb = await startLimb(
    {
      folder: join(hub.folder, 'limb'),
      lockFile,
      hub: hub.address,
      name: 'reader',
      version: 'test',
      pairCode: await hub.pairCode(),
      env: {},
      log: () => {},
    },
    async () => ({
      skills: [
        recallSkill(memory),
        rememberSkill(memory, () => openDocumentsRoot(documents)),
        reasonSkill({ memory, embedder, models: always(router.reason()), python: undefined }),
      ],
      model: '',
      sandbox: '',
      memoryFacts: async (tenant) => ({ ...(await memory.stats(tenant)), engine: memory.description }),
      close: async () => {},
    }),
  );
  await new Promise<void>((resolve) =>
    hub.owner
      .subscriptionBuilder()
      .onApplied(() => resolve())
      .subscribe([tables.budgets]),
  );
  owed = 0;
}, 60_000);

afterAll(async () => {
  await limb.stop(0);
  await memory.close();
  await router.close();
  await server.close();
  await hub.close();
});

test('each request for vectors is paid from the budgets of its task, once, and a refused one costs nothing', async () => {
  await bind(1_000_000_000n);
  await writeFile(
    join(documents, 'leases.md'),
    '# Leases\n\nA lease ends with its limb.\n\n## Renewal\n\nIt is renewed.',
  );
  refusals = 1;
  const tasks = [await hub.submit('remember', { paths: ['leases.md'] })];
  for (const id of tasks) await hub.reaches(id, 'Done');
  tasks.push(await hub.submit('recall', { query: 'who renews it?' }));
  for (const id of tasks) await hub.reaches(id, 'Done');

  expect(owed).toBeGreaterThan(0);
  await hub.until(() => budget()?.reserved === 0n || undefined);
  expect(budget()?.spent).toBe(BigInt(owed));
  const told = tasks.map((id) => hub.summary(id)?.body);
  expect(told.reduce((sum, body) => sum + (body?.costMicros ?? 0n), 0n)).toBe(BigInt(owed));
  expect(told.every((body) => (body?.tokensIn ?? 0) > 0)).toBe(true);
}, 60_000);

test('an answer is charged with its own tokens and with the vectors that it looked up by', async () => {
  const before = owed;
  const id = await hub.submit('reason', { question: 'Who renews it?' });
  await hub.reaches(id, 'Done');
  await hub.until(() => budget()?.reserved === 0n || undefined);
  // Two turns of 10 tokens, and the vector of four words.
  expect(owed - before).toBe((2 * 10 + 4) * price.inMicros);
  expect(budget()?.spent).toBe(BigInt(owed));
  expect(hub.summary(id)?.body).toMatchObject({ text: 'The limb.', costMicros: BigInt(owed - before) });
}, 60_000);

test('what the budget has too little for is not asked, and what was remembered until then stays', async () => {
  const words = (count: number) => Array.from({ length: count }, (_, i) => `word${i}`).join(' ');
  await writeFile(join(documents, 'a.md'), 'Short.');
  await writeFile(join(documents, 'b.md'), words(100));
  // Enough for the short document, at most a token a byte, and not for the long one.
  await bind((budget()?.spent ?? 0n) + 100n * BigInt(price.inMicros));
  const asked = server.asked.length;
  const id = await hub.submit('remember', { paths: ['a.md', 'b.md'] });
  await hub.reaches(id, 'Done');
  expect(hub.summary(id)?.body).toMatchObject({
    text: 'Remembered 1 document (1 chunk)',
    note: expect.stringMatching(/^Unfinished: the tenant's money, in millionths/),
  });
  expect(server.asked.length).toBe(asked + 1);
  expect(await memory.stats('1')).toMatchObject({ documentCount: 2 });

  const query = await hub.submit('recall', { query: words(60) });
  const task = await hub.reaches(query, 'Failed');
  expect(task.error).toContain("the tenant's money, in millionths");
  expect(server.asked.length).toBe(asked + 1);
  expect(budget()).toMatchObject({ spent: BigInt(owed), reserved: 0n });
}, 60_000);

/** Looks up before it answers. */
function answer(response: ServerResponse, asked: Asked): void | Promise<void> {
  owed += 10 * price.inMicros;
  const { length } = asked.body['messages'] as unknown[];
  return (length === 2 ? calls(['recall', { query: 'who renews a lease' }]) : says('The limb.'))(response, asked);
}

function embed(response: ServerResponse, { body }: Asked): void {
  const texts = body['input'] as string[];
  const tokens = texts.reduce((sum, text) => sum + text.split(/\s+/).length, 0);
  owed += tokens * price.inMicros;
  const data = texts.map((text, index) => ({ index, embedding: [text.length, 1, 2, 3] }));
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ data, usage: { prompt_tokens: tokens, total_tokens: tokens } }));
}

function budget(): Budget | undefined {
  return [...hub.owner.db.budgets.iter()][0];
}

async function bind(bound: bigint): Promise<void> {
  const tags = { scope: { tag: 'Tenant' }, unit: { tag: 'Micros' }, period: { tag: 'Total' } } as const;
  await hub.owner.reducers.setBudget({ tenantId: 1n, subject: '', ...tags, bound });
  await hub.until(() => budget()?.bound === bound || undefined);
}
