import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LLMock } from '@copilotkit/aimock';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, launchChromium } from './support/chromium.ts';
import { freePort } from './support/port.ts';
import { type HelixProcess, startHelix } from './support/process.ts';

// The model is a server that speaks the OpenAI protocol and answers by a script: a paid model's API cannot be had offline.
// Everything else is real: hub, limb process, memory, sandbox, command, page.

describe('the whole mesh with a language model', { timeout: 180_000 }, () => {
  const question = 'How many seconds is the silent limit of five leases?';
  let home: string;
  let model: LLMock;
  let helix: HelixProcess;
  let link = '';

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'helix-model-'));
    model = new LLMock({ port: 0 });
    await model.start();
    helix = startHelix(['start', '--port', `${await freePort()}`], {
      HELIX_HOME: home,
      HELIX_LLM_BASE_URL: `${model.url}/v1`,
      HELIX_LLM_MODEL: 'scripted-model',
    });
    [, link = ''] = await helix.line(/(http:\/\/\S+#code=\S+)/);
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

  it('lets scripts call what the question grants them, and nothing else', async () => {
    const granting = 'Which tools may a script call?';
    const code = `import os, tools
print(sorted(os.listdir('/tools')))
try: print('found', len(tools.recall(query='what is a lease')) > 0)
except tools.ToolError as error: print(error)`;
    model
      .onTurn(0, granting, { toolCalls: [{ name: 'run_python', arguments: { code } }] })
      .onTurn(1, granting, { content: 'It was tried.' });
    const printed = async (...options: string[]): Promise<string> => {
      const ask = startHelix(['ask', ...options, granting], { HELIX_HOME: home });
      await ask.exited;
      expect(ask.output()).toContain('It was tried.');
      const sent = model.getRequests().at(-1)?.body as { messages: { content: string }[] } | undefined;
      return sent?.messages.at(-1)?.content ?? '';
    };
    expect(await printed('--grant', 'recall')).toMatch(/README\.md', 'recall\.md'[\s\S]*found True/);
    const refused = await printed('--no-grants');
    expect(refused).toMatch(/\['README\.md'\][\s\S]*recall is not granted to this task/);
    expect(refused).not.toContain('found');
    const unknown = startHelix(['ask', '--grant', 'mail', granting], { HELIX_HOME: home });
    await unknown.exited;
    expect(unknown.output()).toContain('No tool for scripts is called mail; this limb has recall.');
  });

  it('goes on with a conversation, on what was corrected in it', async () => {
    const helix = async (...args: string[]) => {
      const run = startHelix(args, { HELIX_HOME: home });
      await run.exited;
      return run.output();
    };
    model.onMessage('Which colour?', { content: 'Blue.' }).onMessage('And why?', { content: 'Because of iron.' });
    const first = JSON.parse((await helix('ask', '--json', 'Which colour?')).replace(/^· .*\n/gm, ''));
    expect(await helix('feedback', first.taskId, 'corrected', 'Red, not blue.')).toContain('as corrected');
    expect(await helix('ask', '-c', 'And why?')).toContain('Because of iron.');
    const sent = model.getRequests().at(-1)?.body as { messages: { role: string; content: string }[] } | undefined;
    const messages = sent?.messages ?? [];
    expect(messages.slice(1).map(({ content }) => content)).toEqual(['Which colour?', 'Red, not blue.', 'And why?']);
    expect(await helix('ask', '--follow', '999999', 'And why?')).toMatch(/no-such-task|there is no task/);
  });

  /** It takes the model about three seconds to say this. */
  const slowly = { chunkSize: 6, latency: 60 };
  const lines = Array.from({ length: 10 }, (_, i) => `Here is sentence ${i} of it.`);

  it('is heard in the terminal while it speaks', async () => {
    model.onMessage('Speak slowly.', { content: lines.join('\n') }, slowly);
    const ask = startHelix(['ask', 'Speak slowly.'], { HELIX_HOME: home });
    await ask.line(/^· Here is sentence 2 of it\.$/);
    expect(ask.output()).not.toContain('sentence 9');
    await ask.exited;
    expect(ask.output()).toContain(`${lines.join('\n')}\n`);
  });

  it.skipIf(!hasChromium)('is read in the page while it writes, also by who opens it later', async () => {
    model.onMessage('Write slowly.', { content: lines.join('\n') }, slowly);
    const browser = await launchChromium();
    const page = await (await browser.newContext()).newPage();
    await page.goto(link);
    await page.getByRole('textbox', { name: 'Ask', exact: true }).fill('Write slowly.');
    await page.getByRole('button', { name: 'Send' }).click();
    const answer = page.locator('[data-answer-so-far]');
    await answer.getByText('sentence 1 of it').waitFor();
    expect(await answer.textContent()).not.toContain('sentence 9');
    const later = await page.context().newPage();
    await later.goto(page.url());
    await later.locator('[data-answer-so-far]').getByText('Here is sentence 0').waitFor();
    for (const window of [page, later]) {
      await window.getByText('Here is sentence 9 of it.').waitFor();
      await window.locator('[data-answer-so-far]').waitFor({ state: 'detached' });
    }
    await browser.close();
  });
});
