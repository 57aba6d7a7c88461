import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { TestHub } from '../testing/hub.ts';
import { type Limb, startLimb } from './limb.ts';

let hub: TestHub;
let limb: Limb;
const log: string[] = [];

beforeAll(async () => {
  hub = await TestHub.open();
  const folder = join(hub.folder, 'limb');
  await mkdir(join(folder, 'documents/guide'), { recursive: true });
  await writeFile(
    join(folder, 'documents/guide/leases.md'),
    '# Leases\n\nA lease is a claim with an attempt number.\n\n## Loss\n\nA limb that lost its lease cannot report on the task.',
  );
  limb = await startLimb({
    folder,
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
});
