import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, inChromium } from '../support/chromium.ts';
import { violationsOf } from './axe.ts';
import { TestFace } from './face.ts';

const shell = promisify(execFile);

const rule = (least: number) => `name: large orders
on: order.paid
when:
  payload.total: { gte: ${least} }
then:
  notify: { title: 'An order of {{event.payload.total}}' }
`;

describe.skipIf(!hasChromium)(inChromium('a rule, from its text to what it does'), { timeout: 120_000 }, () => {
  let face: TestFace;
  let page: Page;
  let curl = '';

  beforeAll(async () => {
    face = await TestFace.start();
    page = await face.signIn();
  }, 240_000);

  afterAll(async () => face?.close(), 60_000);

  /** As somebody who pastes it. */
  async function write(text: string): Promise<void> {
    const editor = page.getByRole('textbox', { name: 'Text of the rule' });
    await editor.click();
    await page.keyboard.press('Control+a');
    await page.keyboard.insertText(text);
  }

  async function send(total: number): Promise<string> {
    const command = curl.replace('curl ', 'curl -sS ').replace('{"hello": "world"}', JSON.stringify({ total }));
    const { stdout } = await shell('bash', ['-c', command]);
    return (JSON.parse(stdout) as { event: string }).event;
  }

  it('is told its mistakes while it is written', async () => {
    await page.getByRole('link', { name: 'Rules' }).click();
    await page.getByText('No rule yet').waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await page.getByRole('link', { name: 'New rule' }).click();
    const editor = page.getByRole('textbox', { name: 'Text of the rule' });
    await editor.waitFor();
    const ready = page.locator('[data-ready-rule="ask before cleaning up"]');
    await ready.getByText('not saved here yet').waitFor();
    await ready.getByRole('button', { name: 'Use' }).click();
    await expect.poll(() => editor.textContent()).toContain('on: disk.full');
    await page.getByText('No mistakes').waitFor();
    await write(rule(100).replace('when', 'whne'));
    await page.getByText('Line 3, column 1: a rule has no key whne; did you mean when?').waitFor();
    await page.locator('.cm-lintRange-error').first().waitFor();
    await page.getByRole('button', { name: 'Save' }).click();
    expect(page.url()).toBe(`${face.url}/rules/new`);
    expect(await violationsOf(page)).toEqual([]);
  });

  it('takes every key as text, also those that are shortcuts elsewhere', async () => {
    const editor = page.getByRole('textbox', { name: 'Text of the rule' });
    await editor.click();
    await page.keyboard.press('Control+End');
    await page.keyboard.type('# j/k? gt x');
    await expect.poll(() => editor.textContent()).toContain('# j/k? gt x');
    expect(await page.getByRole('dialog').count()).toBe(0);
    expect(page.url()).toBe(`${face.url}/rules/new`);
  });

  it('is not left unsaved without a question', async () => {
    await page.getByRole('link', { name: 'Tasks' }).click();
    const question = page.getByRole('alertdialog', { name: 'Leave without saving?' });
    await question.getByRole('button', { name: 'Cancel' }).click();
    await expect.poll(() => question.count()).toBe(0);
    expect(await page.getByRole('textbox', { name: 'Text of the rule' }).textContent()).toContain('# j/k? gt x');
    await page.getByRole('link', { name: 'Tasks' }).click();
    await question.getByRole('button', { name: 'Leave' }).click();
    await page.waitForURL(`${face.url}/tasks`);
    await page.goto(`${face.url}/rules/new`);
  });

  it('is rehearsed with what has come by a webhook, saved and activated', async () => {
    const other = await page.context().newPage();
    await other.goto(`${face.url}/events/hooks`);
    await other.getByRole('button', { name: 'New hook' }).click();
    await other.getByLabel('Name').fill('shop');
    await other.getByLabel('Kind of its events').fill('order.paid');
    await other.getByRole('button', { name: 'Make the hook' }).click();
    curl = (await other.locator('[data-shown="Try it from a terminal"]').textContent()) ?? '';
    await other.close();
    for (const total of [50, 120, 250]) await send(total);

    await write(rule(100));
    await page.getByText('No mistakes').waitFor();
    await page.getByRole('button', { name: 'Rehearse' }).click();
    await page.getByText('Of 3 events 2 match. It would have fired 2 times.').waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await page.getByRole('button', { name: 'Save' }).click();
    await page.waitForURL(/\/rules\/1$/);
    await page.getByText('It has not fired yet.').waitFor();
    await page.getByRole('button', { name: 'Activate version 1' }).click();
    await page.getByText('active: version 1').waitFor();
  });

  it('fires in the moment in which the webhook comes, and says why', async () => {
    const fired = await send(300);
    await page
      .getByRole('list', { name: 'Firings' })
      .getByRole('link', { name: `Event ${fired}` })
      .waitFor();
    await page.getByRole('link', { name: 'Notifications: 1 unread' }).waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await page.getByRole('link', { name: `Event ${fired}` }).click();
    const why = page.locator('[data-why="large orders"][data-fired=true]');
    await why.getByRole('link', { name: `Event ${fired}` }).waitFor();
    await why.getByRole('link', { name: 'notified' }).waitFor();
    expect(await violationsOf(page)).toEqual([]);
  });

  it('says which condition was the first that failed, and what was seen', async () => {
    const missed = await send(99);
    await page.goto(`${face.url}/events/${missed}`);
    const why = page.locator('[data-why="large orders"][data-fired=false]');
    await why.getByText('payload.total was 99').waitFor();
    await why.getByText(/^Line 4, column \d+$/).waitFor();
    expect(await violationsOf(page)).toEqual([]);
  });

  it('keeps its versions, and is turned on and off in the list', async () => {
    await page.goto(`${face.url}/rules/1`);
    await page.getByRole('textbox', { name: 'Text of the rule' }).waitFor();
    await write(rule(500));
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('button', { name: 'Activate version 2' }).waitFor();
    await page.getByRole('combobox', { name: 'Version' }).selectOption('1 (active)');
    await page.getByText('gte: 100').waitFor();
    await page.goto(`${face.url}/rules`);
    const row = page.locator('[data-rule="large orders"]');
    await row.getByText('active: version 1').waitFor();
    await row.getByRole('img', { name: 'Fired once in the last 24 hours' }).waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await row.getByRole('button', { name: 'Deactivate large orders' }).click();
    await row.getByText('not active').waitFor();
    await row.getByRole('button', { name: 'Activate large orders' }).click();
    await row.getByText('active: version 2').waitFor();
  });

  it('is not written over by what somebody else saves meanwhile', async () => {
    await page.goto(`${face.url}/rules/1`);
    const editor = page.getByRole('textbox', { name: 'Text of the rule' });
    await editor.getByText('gte: 500').waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('option', { name: 'Rehearse the rule' }).waitFor();
    await page.keyboard.press('Escape');
    await editor.click();
    await page.keyboard.press('Control+End');
    await page.keyboard.type('# mine');
    await face.owner.reducers.saveRule({ tenantId: 1n, text: rule(900) });
    await page.getByRole('option', { name: '3', exact: true }).waitFor({ state: 'attached' });
    expect(await editor.textContent()).toContain('# mine');
    await page.getByRole('combobox', { name: 'Version' }).selectOption('2 (active)');
    await editor.getByText('gte: 500').waitFor();
  });

  it('is shown to a viewer, who changes nothing', async () => {
    const viewer = await face.signIn('Viewer');
    await viewer.goto(`${face.url}/rules/1`);
    await viewer.getByText('gte: 900').waitFor();
    for (const name of ['Save', 'Deactivate', 'Delete']) {
      expect(await viewer.getByRole('button', { name, exact: true }).count()).toBe(0);
    }
    expect(await viewer.getByRole('button', { name: 'Rehearse' }).isDisabled()).toBe(true);
    await viewer.context().close();
  });

  it('fits a screen of 390 px', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    for (const path of ['rules', 'rules/1', 'rules/new']) {
      await page.goto(`${face.url}/${path}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      await expect.poll(async () => [path, await overflow()]).toEqual([path, 0]);
    }
    expect(face.errors).toEqual([]);
  });
});
