import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { freePort } from './support/port.ts';
import { type HelixProcess, startHelix } from './support/process.ts';

const executablePath = '/usr/bin/chromium';
const hasChromium = existsSync(executablePath);
const title = hasChromium
  ? 'the web face in Chromium'
  : 'the web face in Chromium (skipped: /usr/bin/chromium is missing)';

describe.skipIf(!hasChromium)(title, { timeout: 240_000 }, () => {
  let home: string;
  let port: number;
  let helix: HelixProcess;
  let browser: Browser;
  let page: Page;
  const errors: string[] = [];

  beforeAll(async () => {
    home = mkdtempSync(join(tmpdir(), 'helix-browser-'));
    port = await freePort();
    helix = startHelix(['start', '--port', `${port}`], { HELIX_HOME: home });
    const [, link = ''] = await helix.line(/(http:\/\/\S+#code=\S+)/);
    browser = await chromium.launch({
      executablePath,
      args: [
        ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
        ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
      ],
    });
    const context = await browser.newContext({ viewport: { width: 1280, height: 860 } });
    page = await context.newPage();
    page.on('pageerror', (error) => errors.push(error.message));
    await page.goto(link);
  }, 240_000);

  afterAll(async () => {
    await browser?.close();
    await helix?.stop();
    rmSync(home, { recursive: true, force: true });
  }, 60_000);

  it('signs in by the one-time link and forgets the code', async () => {
    await page.getByRole('textbox', { name: 'Ask', exact: true }).waitFor();
    expect(page.url()).toBe(`http://127.0.0.1:${port}/ask`);
  });

  it('answers a question with citations, live in two windows', async () => {
    const second = await page.context().newPage();
    await second.goto(`http://127.0.0.1:${port}/`);
    await second.getByRole('textbox', { name: 'Ask', exact: true }).waitFor();
    const question = 'What is a limb?';
    await page.getByRole('textbox', { name: 'Ask', exact: true }).fill(question);
    await page.getByRole('button', { name: 'Send' }).click();
    for (const window of [page, second]) {
      const row = window.locator('button[data-task-id]', { hasText: question });
      await row.waitFor();
      await window.locator('button[data-task-id][data-state=done]', { hasText: question }).waitFor({ timeout: 60_000 });
    }
    await second.locator('button[data-task-id]', { hasText: question }).click();
    for (const window of [page, second]) {
      await window.getByRole('list', { name: 'Sources' }).getByRole('listitem').first().waitFor();
      await window.getByText('not a language model').first().waitFor();
      // The question that the README suggests is answered by the documentation's own definition.
      await window.getByText('A limb is an edge worker.').first().waitFor();
    }
    await second.close();
  });

  it('runs Python in the sandbox and says what came of it', async () => {
    await runPython('print(6 * 7)');
    await page.locator('[data-exit]').waitFor({ timeout: 60_000 });
    expect(await page.locator('pre[aria-label=Output]').textContent()).toContain('42');
  });

  it('says in plain words that an endless script timed out', async () => {
    await runPython('while True: pass');
    await page.getByText('timed out').first().waitFor({ timeout: 60_000 });
  });

  it('keeps what is being typed while the hub is killed, and sends it once when that is back', async () => {
    await page.getByRole('radio', { name: 'Question' }).check({ force: true });
    const box = page.getByRole('textbox', { name: 'Ask', exact: true });
    await box.pressSequentially('What is ');
    await helix.kill();
    await page.locator('[data-connection]:not([data-connection=live])').waitFor();
    await page.keyboard.type('a lease?');
    await page.keyboard.press('Control+Enter');
    await page.getByText(/^Your text is safe/).waitFor();
    expect(await box.inputValue()).toBe('What is a lease?');
    helix = startHelix(['start', '--port', `${port}`], { HELIX_HOME: home });
    await helix.line(/Helix is ready/);
    await page.locator('[data-connection=live]').waitFor({ timeout: 60_000 });
    await page
      .locator('button[data-task-id][data-state=done]', { hasText: 'What is a lease?' })
      .waitFor({ timeout: 60_000 });
    expect(await page.locator('button[data-task-id]', { hasText: 'What is a lease?' }).count()).toBe(1);
    expect(await box.inputValue()).toBe('');
  });

  it.each(['light', 'dark'] as const)('has no accessibility violation in the %s theme', async (colorScheme) => {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    // The page's own policy forbids code from elsewhere: axe comes in through the debugger.
    await page.evaluate(readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
    const violations = await page.evaluate(async () => {
      const { axe } = window as unknown as { axe: { run(): Promise<{ violations: { id: string }[] }> } };
      return (await axe.run()).violations.map(({ id }) => id);
    });
    expect(violations).toEqual([]);
  });

  it('raised no error in the page', () => {
    expect(errors).toEqual([]);
  });

  async function runPython(code: string): Promise<void> {
    await page.getByRole('radio', { name: 'Python' }).check({ force: true });
    await page.getByRole('textbox', { name: 'Python script' }).fill(code);
    await page.getByRole('button', { name: 'Run', exact: true }).click();
  }
});
