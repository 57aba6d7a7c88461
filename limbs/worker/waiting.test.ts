import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockFile } from '../../engine/index.ts';
import type { Environment } from '../models/config/key.ts';
import { TestHub } from '../testing/hub.ts';
import {
  type OpenAiServer,
  type Reply,
  says,
  startOpenAiServer,
  startOpenAiServerAt,
} from '../testing/openai-server.ts';
import { type Limb, startLimb } from './limb.ts';

let hub: TestHub;
let limb: Limb | undefined;
let servers: OpenAiServer[];
let log: string[];

beforeEach(async () => {
  hub = await TestHub.open();
  [limb, servers, log] = [undefined, [], []];
});

afterEach(async () => {
  await limb?.stop(0);
  for (const server of servers) await server.close();
  await hub.close();
});

/** Answers as a server with one model does, for vectors, for talk, or for both. */
const serving: Reply = (response, asked) => {
  if (asked.path.endsWith('/chat/completions')) return says('It is here.')(response, asked);
  const body = asked.path.endsWith('/models')
    ? { object: 'list', data: [{ id: 'late-model', object: 'model' }] }
    : { data: (asked.body['input'] as string[]).map((_, index) => ({ index, embedding: [1, 2, 3] })) };
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
};

/** A port where nothing listens, and where a server may come. */
async function emptyPort(): Promise<number> {
  const gone = await startOpenAiServer(serving);
  await gone.close();
  return Number(new URL(gone.baseUrl).port);
}

async function start(env: Environment): Promise<void> {
  limb = await startLimb({
    folder: join(hub.folder, 'limb'),
    lockFile,
    hub: hub.address,
    name: 'early',
    version: 'test',
    pairCode: await hub.pairCode(),
    env: { OLLAMA_HOST: '127.0.0.1:9', ...env },
    log: (level, message) => log.push(`${level} ${message}`),
  });
}

const row = () => [...hub.owner.db.limbs.iter()].find(({ online }) => online);
const skills = () => row()?.skills.filter((skill) => skill !== 'run_python');

test('a limb whose servers come later starts without what needs them, says so, and then offers it', async () => {
  const [vectorsPort, answersPort] = [await emptyPort(), await emptyPort()];
  const [vectors, answers] = [`http://127.0.0.1:${vectorsPort}/v1`, `http://127.0.0.1:${answersPort}/v1`];
  await mkdir(join(hub.folder, 'limb/documents/1'), { recursive: true });
  await writeFile(join(hub.folder, 'limb/documents/1/note.md'), 'A lease is a claim.');
  await start({
    HELIX_EMBEDDINGS_BASE_URL: vectors,
    HELIX_EMBEDDINGS_MODEL: 'late-vectors',
    HELIX_LLM_BASE_URL: answers,
  });
  await hub.until(row);
  expect(skills()).toEqual([]);
  const noVectors = `${vectors} cannot be reached (connection refused). Start the server or correct HELIX_EMBEDDINGS_BASE_URL.`;
  const noAnswers = `${answers} cannot be reached (connection refused). Start the server or correct HELIX_LLM_BASE_URL.`;
  expect(row()).toMatchObject({
    model: '',
    lacks: `No reason, recall, remember, or forget yet: ${noVectors} No reason or summarise yet: ${noAnswers}`,
  });
  expect(log).toContain(
    `warn The memory is waited for, and until then there is no reason, recall, remember, or forget: ${noVectors}`,
  );
  expect(log).toContain(`warn The language model is waited for: ${noAnswers}`);

  const remembered = await hub.submit('remember', { paths: ['note.md'] });
  servers.push(await startOpenAiServerAt(vectorsPort, serving));
  expect((await hub.reaches(remembered, 'Done', 'Failed')).error).toBe('');
  expect(skills()).toEqual(['forget', 'recall', 'remember']);
  expect(row()?.lacks).toBe(`No reason or summarise yet: ${noAnswers}`);
  await hub.until(() => row()?.documentCount === 1 || undefined);

  const asked = await hub.submit('reason', { question: 'Is it here?' });
  servers.push(await startOpenAiServerAt(answersPort, serving));
  expect((await hub.reaches(asked, 'Done', 'Failed')).error).toBe('');
  expect((await hub.until(() => hub.summary(asked))).body).toMatchObject({ text: 'It is here.', engine: 'late-model' });
  expect(row()).toMatchObject({ model: 'late-model', lacks: '' });
  expect(skills()).toEqual(['forget', 'reason', 'recall', 'remember', 'summarise']);
}, 120_000);
