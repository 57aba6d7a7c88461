import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, inChromium, launchChromium } from '../support/chromium.ts';
import { freePort } from '../support/port.ts';
import { Example, type Going } from './example.ts';
import { buildTypes } from './installed.ts';

let example: Example;
beforeAll(() => {
  example = new Example('react-board');
  buildTypes(`${example.folder}/node_modules/helix`);
}, 120_000);
afterAll(() => example.remove());

describe.skipIf(!hasChromium)(inChromium('react-board'), { timeout: 120_000 }, () => {
  let browser: Browser;
  let backend: Going;
  let listen = '';
  let ada: Page;
  let bob: Page;
  const errors: string[] = [];

  beforeAll(async () => {
    listen = `127.0.0.1:${await freePort()}`;
    backend = example.start('npm run backend', `--listen ${listen}`);
    await backend.says(/created board/);
    const port = await freePort();
    const site = example.start('npm run dev', `--port ${port} --strictPort --host 127.0.0.1`);
    await site.says(/ready in/);
    browser = await launchChromium();
    const open = async () => {
      const page = await (await browser.newContext()).newPage();
      page.on('pageerror', ({ message }) => errors.push(message));
      await page.goto(`http://127.0.0.1:${port}/?server=${encodeURIComponent(`http://${listen}`)}`);
      return page;
    };
    [ada, bob] = [await open(), await open()];
  }, 120_000);
  afterAll(() => browser?.close());

  const column = (page: Page, title: string) => page.getByRole('region', { name: title, exact: true });
  const titles = (page: Page, title: string) => column(page, title).locator('li strong').allTextContents();
  const add = async (page: Page, title: string, card: string) => {
    await column(page, title).getByRole('textbox').fill(card);
    await column(page, title).getByRole('button', { name: 'Add' }).click();
    await column(page, title).getByText(card).waitFor();
  };

  it('says that it is live, that it is empty, and who is there', async () => {
    await example.expectCurrentBindings('src/bindings');
    await ada.getByText('Live · 2 here').waitFor();
    await ada.getByText('The board is empty').waitFor();
    await ada.getByRole('textbox', { name: 'Your name' }).fill('Ada');
    await ada.getByRole('button', { name: 'Rename' }).click();
    await ada.getByPlaceholder('You are Ada').waitFor();
  });

  it('adds, drags, moves by keys, assigns and removes cards, live in two windows', async () => {
    for (const card of ['Plan', 'Write', 'Test']) await add(ada, 'To do', card);
    await expect.poll(() => titles(bob, 'To do')).toEqual(['Plan', 'Write', 'Test']);

    await ada.locator('li strong', { hasText: 'Test' }).dragTo(column(ada, 'Doing').getByRole('list'));
    await column(bob, 'Doing').getByText('Test').waitFor();

    const handle = bob.getByRole('button', { name: 'Move Plan', exact: true });
    await handle.focus();
    await handle.press('ArrowDown');
    await expect.poll(() => titles(ada, 'To do')).toEqual(['Write', 'Plan']);
    await bob.keyboard.press('ArrowRight');
    await expect.poll(() => titles(ada, 'Doing')).toEqual(['Test', 'Plan']);
    // It is another element now, and still the one that the keys move.
    await bob.getByText('Plan: Doing, place 2').waitFor();
    await bob.keyboard.press('ArrowUp');
    await expect.poll(() => titles(ada, 'Doing')).toEqual(['Plan', 'Test']);

    await bob.getByRole('combobox', { name: 'Who does Plan' }).selectOption('Ada');
    await expect
      .poll(() => ada.getByRole('combobox', { name: 'Who does Plan' }).locator('option:checked').textContent())
      .toBe('Ada');

    await ada.getByRole('button', { name: 'Remove Write' }).click();
    await column(bob, 'To do').getByText('Nothing here').waitFor();
  });

  it('says in the module’s words what cannot be done', async () => {
    await column(bob, 'Done').getByRole('button', { name: 'Add' }).click();
    await bob.getByRole('alert').filter({ hasText: 'Write a title first' }).waitFor();
  });

  it('shows the rows that the terminal writes, and the terminal those of the page', async () => {
    example.run(`npx helix call add_card "Write the docs" '{"ToDo": {}}'`);
    await column(ada, 'To do').getByText('Write the docs').waitFor();
    expect(example.run('npx helix sql "SELECT title, assignee FROM card"')).toMatch(/^Plan +c200/m);
  });

  it('has no accessibility violation, in either theme', async () => {
    await ada.evaluate(readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8'));
    for (const colorScheme of ['light', 'dark'] as const) {
      await ada.emulateMedia({ colorScheme });
      const violations = await ada.evaluate(async () => {
        const { axe } = window as unknown as { axe: { run(): Promise<{ violations: { id: string }[] }> } };
        return (await axe.run()).violations.map(({ id }) => id);
      });
      expect(violations).toEqual([]);
    }
  });

  it('says that it waits while the backend is away, and is live again by itself with its cards', async () => {
    await backend.stop();
    await ada.getByText('Reconnecting…').waitFor();
    await ada.getByText('Start it with npm run backend').waitFor();
    backend = example.start('npm run backend', `--listen ${listen}`);
    await ada.getByText('Live · 2 here').waitFor();
    await expect.poll(() => titles(ada, 'Doing')).toEqual(['Plan', 'Test']);
    expect(errors).toEqual([]);
  });
});

describe('react-board', () => {
  it('passes its own tests, compiles and builds, and nothing of its README is left', () => {
    expect(example.run('npm test')).toMatch(/3 passed/);
    example.run('npm run build');
    if (hasChromium) expect(example.notFollowed).toEqual([]);
  }, 60_000);
});
