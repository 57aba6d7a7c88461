import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { lockFile } from '../../engine/index.ts';
import { readEntries } from '../egress/index.ts';
import { TestHub } from '../testing/hub.ts';
import { type OpenAiServer, says, startOpenAiServer } from '../testing/openai-server.ts';
import { type Limb, startLimb } from './limb.ts';

let hub: TestHub;
let limb: Limb;
const log: string[] = [];

beforeAll(async () => {
  hub = await TestHub.open();
  const folder = join(hub.folder, 'limb');
  await mkdir(join(folder, 'documents/1/guide'), { recursive: true });
  await writeFile(
    join(folder, 'documents/1/guide/leases.md'),
    '# Leases\n\nA lease is a claim with an attempt number.\n\n## Loss\n\nA limb that lost its lease cannot report on the task.',
  );
  limb = await startLimb({
    folder,
    lockFile,
    hub: hub.address,
    name: 'whole',
    version: 'test',
    pairCode: await hub.pairCode(),
    env: { OLLAMA_HOST: '127.0.0.1:9' },
    log: (level, message) => log.push(`${level} ${message}`),
  });
}, 180_000);

afterAll(async () => {
  await limb.stop();
  await hub.close();
});

test('a whole limb remembers, recalls and answers from its documents', { timeout: 120_000 }, async () => {
  const ask = async (skill: string, input: unknown) => {
    const id = await hub.submit(skill, input);
    const task = await hub.reaches(id, 'Done', 'Failed');
    expect(task.error).toBe('');
    return (await hub.until(() => hub.summary(id))).body;
  };
  const remembered = await ask('remember', { paths: ['guide'] });
  expect(remembered).toMatchObject({ text: 'Remembered 1 document (2 chunks)', engine: 'memory' });
  const row = () => [...hub.owner.db.limbs.iter()].find((limb) => limb.chunkCount === 2);
  expect(await hub.until(row)).toMatchObject({ documentCount: 1, model: '' });

  const place = { document: 'guide/leases.md', section: 'Loss' };
  const recalled = await ask('recall', { query: 'limb without its lease', limit: 1 });
  expect(recalled.citations).toMatchObject([place]);

  const answer = await ask('reason', { question: 'What is a lease?' });
  expect(answer.engine).toBe('extractive');
  expect(answer.text).toContain('A lease is a claim with an attempt number. [1]');
  expect(answer.citations[0]).toMatchObject({ document: 'guide/leases.md', section: '' });
});

test('what a limb has is told when it starts', () => {
  expect(log).toContain('info No language model: answers are quoted from the documents; `helix setup` adds one');
  expect(log.join('\n')).toMatch(/info Connected to http:\S+ as whole, with reason, recall, remember/);
  const { skills } = [...hub.owner.db.limbs.iter()][0] ?? { skills: [] };
  // Nobody has allowed it to reach beyond its folder.
  const unasked = ['forget', 'reason', 'recall', 'remember', 'summarise'];
  expect(skills.filter((skill) => skill !== 'run_python')).toEqual(unasked);
});

test('limb.toml is read again when it changes: for the next task, while what runs goes on as it began', async () => {
  let answer = () => {};
  const held = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const slow = await startOpenAiServer(async (response, asked) => {
    await held;
    return says('It was the old model.')(response, asked);
  });
  const quick = await startOpenAiServer(says('It is the new model.'));
  const toml = join(hub.folder, 'limb/limb.toml');
  const naming = ({ baseUrl }: OpenAiServer, model: string) => `
    [providers.here]
    preset = "custom"
    base_url = "${baseUrl}"
    [models.main]
    provider = "here"
    model = "${model}"
    [routes]
    reason = "main"`;
  const announced = (model: string) =>
    hub.until(() => [...hub.owner.db.limbs.iter()].find((limb) => limb.model === model));
  const answerOf = async (id: bigint) => {
    await hub.reaches(id, 'Done');
    return (await hub.until(() => hub.summary(id))).body;
  };
  try {
    await writeFile(toml, naming(slow, 'old-model'));
    await announced('old-model');
    const running = await hub.submit('reason', { question: 'Which model is it?' });
    await hub.until(() => slow.asked[0]);

    await writeFile(toml, naming(quick, 'new-model'));
    await announced('new-model');
    const next = await hub.submit('reason', { question: 'Which model is it now?' });
    expect(await answerOf(next)).toMatchObject({ text: 'It is the new model.', engine: 'new-model' });
    answer();
    expect(await answerOf(running)).toMatchObject({ text: 'It was the old model.', engine: 'old-model' });
    expect(hub.task(running)).toMatchObject({ attempt: 1 });
    // What a model is asked leaves this process as well.
    const asked: [string, string][] = [];
    for await (const { entry, damage } of readEntries(join(hub.folder, 'limb/egress'))) {
      expect(damage).toBeUndefined();
      if (entry && 'to' in entry) asked.push([entry.task, `${entry.request} ${entry.to}`]);
    }
    const chat = ({ baseUrl }: OpenAiServer) => `POST /v1/chat/completions ${new URL(baseUrl).origin}`;
    expect(asked).toEqual([
      [`${running}`, chat(slow)],
      [`${next}`, chat(quick)],
    ]);

    await writeFile(toml, `${naming(quick, 'new-model')}\n    fast = "mian"`);
    const told = await hub.until(() => log.find((line) => line.startsWith('error')));
    expect(told).toMatch(
      /limb\.toml has changed and was not taken; the limb goes on with what it had: .*limb\.toml:10: routes\.fast: no model is called "mian"; there is main/,
    );
    const still = await hub.submit('reason', { question: 'Which model is it still?' });
    expect(await answerOf(still)).toMatchObject({ engine: 'new-model' });

    await writeFile(toml, `${naming(quick, 'new-model')}\n    embed = "main"`);
    await hub.until(() => log.find((line) => /error .*was made with vectors of the model that comes with/.test(line)));
  } finally {
    await slow.close();
    await quick.close();
  }
}, 120_000);
