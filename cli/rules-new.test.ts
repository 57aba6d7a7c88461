import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type OpenAiServer, says, startOpenAiServer } from '../limbs/testing/openai-server.ts';
import { runCli } from './testing/cli.fixture.ts';
import { type MeshHub, startMeshHub } from './testing/mesh-hub.fixture.ts';

let hub: MeshHub;
let model: OpenAiServer;
const keys = ['HELIX_LLM_BASE_URL', 'HELIX_LLM_MODEL'] as const;

const rule = (within: string) =>
  `name: failed twice\non: build.failed\ncount: { atLeast: 2, within: ${within} }\nthen: { notify: { title: Failed twice } }`;

beforeAll(async () => {
  model = await startOpenAiServer(says(rule('soon')), says(rule('1h')), says(rule('2h')));
  process.env['HELIX_LLM_BASE_URL'] = model.baseUrl;
  process.env['HELIX_LLM_MODEL'] = 'scripted';
  hub = await startMeshHub();
});

afterAll(async () => {
  for (const key of keys) delete process.env[key];
  await hub.close();
  await model.close();
});

it('helix rules new shows what a model wrote and what it would have done, and saves it only when told', async () => {
  for (let i = 0; i < 4; i++) await hub.told('events', 'emit', 'build.failed');
  const words = 'when a build fails twice in an hour, tell me';
  const shown = await hub.helix('rules', 'new', words);
  expect(shown).toMatchObject({ code: 1, stderr: expect.stringContaining('Try 1 is refused: ') });
  expect(shown.stderr).toContain('Save the rule failed twice? Add --yes to say yes');
  expect(shown.stdout).toContain('+count: { atLeast: 2, within: 1h }');
  expect(shown.stdout).toMatch(/4 events.*: 4 match, and it would have fired 2 times/);
  expect(await hub.told('rules', 'list')).toContain('There is no rule');

  expect(await hub.told('rules', 'new', words, '--yes')).toContain('failed twice is saved. It takes events after');
  const saved = await hub.told('rules', 'show', 'failed twice');
  expect(saved).toContain('within: 2h');
  expect(await hub.told('rules', 'new', words, '--yes')).not.toContain('+name');
}, 90_000);

it('without a model it gives a template, and says how to get one', async () => {
  const home = mkdtempSync(join(tmpdir(), 'helix-no-model-'));
  try {
    const env = { HELIX_HOME: home, HELIX_LLM_BASE_URL: '', HELIX_LLM_MODEL: '', OLLAMA_HOST: '127.0.0.1:9' };
    const { code, stdout, stderr } = await runCli(['rules', 'new', 'tell me of failed builds'], { env });
    expect([code, stdout]).toEqual([1, expect.stringContaining('description: "tell me of failed builds"')]);
    expect(stderr).toMatch(/No language model is configured.*`helix setup` adds one/s);
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}, 60_000);
