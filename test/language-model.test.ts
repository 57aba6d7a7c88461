import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LLMock } from '@copilotkit/aimock';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from './support/port.ts';
import { type HelixProcess, startHelix } from './support/process.ts';

// The model is a server that speaks the OpenAI protocol and answers by a script: a paid model's API cannot be had offline.
// Everything else is real: hub, limb process, memory, sandbox, command.

describe('the whole mesh with a language model', { timeout: 180_000 }, () => {
  const question = 'How many seconds is the silent limit of five leases?';
  let home: string;
  let model: LLMock;
  let helix: HelixProcess;

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'helix-model-'));
    model = new LLMock({ port: 0 });
    await model.start();
    helix = startHelix(['start', '--port', `${await freePort()}`], {
      HELIX_HOME: home,
      HELIX_LLM_BASE_URL: `${model.url}/v1`,
      HELIX_LLM_MODEL: 'scripted-model',
    });
    await helix.line(/Helix is ready/);
  }, 180_000);

  afterAll(async () => {
    await helix?.stop();
    await model?.stop();
    rmSync(home, { recursive: true, force: true });
  }, 60_000);

  it('looks up, runs Python in the sandbox, and answers with what it used', async () => {
    model
      .onTurn(0, question, { toolCalls: [{ name: 'recall', arguments: { query: 'what is a lease' } }] })
      .onTurn(1, question, { toolCalls: [{ name: 'run_python', arguments: { code: 'print(5 * 6)' } }] })
      .onTurn(2, question, { content: 'A lease is a claim with an attempt number [1]. Five make 30 seconds.' });
    const ask = startHelix(['ask', '--json', question], { HELIX_HOME: home });
    await ask.exited;
    const summary = ask.output();
    expect(summary).toContain('Five make 30 seconds.');
    expect(summary).toContain('scripted-model');
    expect(summary).toContain('ARCHITECTURE.md');
    const tools = model.getRequests().map(({ body }) => {
      const { messages } = body as { messages: { role: string; content: unknown }[] };
      return messages.filter(({ role }) => role === 'tool').map(({ content }) => String(content));
    });
    expect(tools.at(-1)?.at(-1)).toContain('30');
  });
});
