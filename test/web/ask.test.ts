import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, inChromium } from '../support/chromium.ts';
import { violationsOf } from './axe.ts';
import { TestFace } from './face.ts';

describe.skipIf(!hasChromium)(inChromium('a conversation'), { timeout: 120_000 }, () => {
  let face: TestFace;
  let page: Page;
  /** Somebody else of the same tenant. */
  let other: Page;
  let viewer: Page;

  beforeAll(async () => {
    face = await TestFace.start();
    await face.startLimb('attic');
    page = await face.signIn('Owner', { permissions: ['clipboard-read', 'clipboard-write'] });
    other = await face.signIn('Operator');
    viewer = await face.signIn('Viewer');
  }, 240_000);

  afterAll(async () => face?.close(), 60_000);

  const task = (on: Page) => on.getByRole('region', { name: 'Task', exact: true });
  const followUp = (on: Page) => on.getByRole('textbox', { name: 'Ask a follow-up' });

  async function ask(question: string): Promise<void> {
    await page.getByRole('textbox', { name: 'Ask', exact: true }).fill(question);
    await page.keyboard.press('Control+Enter');
    await task(page).getByRole('heading', { name: question, level: 2 }).waitFor();
  }

  it('opens what an answer rests on', async () => {
    await ask('What is a limb?');
    await task(page).getByRole('button', { name: 'Source 1' }).first().click();
    await task(page).getByText('A limb dials out to the hub.', { exact: true }).waitFor();
  });

  it('judges the open task, and goes on from it, from the command palette', async () => {
    await page.keyboard.press('Control+k');
    await page.getByRole('option', { name: 'This answer is bad' }).click();
    await page.getByRole('textbox', { name: /^What is wrong with it/ }).press('Escape');
    await task(page).locator('[data-feedback=Bad]').waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('option', { name: 'Take back that this answer is bad' }).click();
    await task(page).locator('[data-feedback=None]').waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('option', { name: 'Ask a follow-up' }).click();
    await expect.poll(() => followUp(page).evaluate((box) => box === document.activeElement)).toBe(true);
  });

  it('goes on from an answer, as a thread whose turns stay in sight', async () => {
    await followUp(page).fill('And why?');
    await page.getByRole('button', { name: 'Ask', exact: true }).click();
    await task(page).getByRole('heading', { name: 'And why?', level: 2 }).waitFor();
    await task(page).getByText('After “What is a limb?”, answered').waitFor();
    const earlier = page.getByRole('region', { name: 'Turn: What is a limb?' });
    await earlier.getByText('small summary').waitFor();
    await page.getByText('A conversation of 2 turns').waitFor();
    await page.locator('button[data-task-id]', { hasText: 'And why?' }).getByText('2 turns').waitFor();
    await followUp(page).fill('Is that all?');
    await followUp(page).press('Control+Enter');
    await task(page).getByText('After “And why?”, answered').waitFor();
    await page.getByText('A conversation of 3 turns').waitFor();
    expect(await violationsOf(page)).toEqual([]);
  });

  it('keeps a follow-up that is not sent over a reload, and shows the whole thread from any of its turns', async () => {
    await followUp(page).fill('Half a thou');
    await page.reload();
    await expect.poll(() => followUp(page).inputValue()).toBe('Half a thou');
    await followUp(page).fill('');
    await page.getByRole('region', { name: 'Turn: What is a limb?' }).getByRole('link', { name: /^Task/ }).click();
    await task(page).getByRole('heading', { name: 'What is a limb?', level: 2 }).waitFor();
    for (const later of ['And why?', 'Is that all?']) {
      await page.getByRole('region', { name: `Turn: ${later}` }).waitFor();
    }
  });

  it('is shared by a link that other members open', async () => {
    await task(page).getByRole('button', { name: 'Copy link' }).click();
    await task(page).getByText('Copied').waitFor();
    const link = await page.evaluate(() => navigator.clipboard.readText());
    await other.goto(link);
    await task(other).getByRole('heading', { name: 'What is a limb?', level: 2 }).waitFor();
    await other.getByRole('region', { name: 'Turn: Is that all?' }).waitFor();
    await task(page).getByRole('button', { name: 'Copy answer' }).click();
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toContain('**small summary**');
  });

  it('is judged good or bad, live for others, and taken back', async () => {
    await task(page).getByRole('button', { name: 'Good' }).click();
    await task(other)
      .getByText(/finds this answer good/)
      .waitFor();
    await task(page).getByRole('button', { name: 'Bad' }).click();
    await task(page)
      .getByRole('textbox', { name: /^What is wrong with it/ })
      .fill('It is too short');
    await task(page).getByRole('button', { name: 'Save' }).click();
    await task(other)
      .getByText(/finds this answer bad/)
      .waitFor();
    await task(other).getByText('It is too short').waitFor();
    await task(page).getByRole('button', { name: 'Bad', pressed: true }).click();
    await expect.poll(() => task(other).getByText('It is too short').count()).toBe(0);
  });

  it('is corrected, and follow-ups go on from the correction', async () => {
    await task(page).getByRole('button', { name: 'Correct it' }).click();
    const words = task(page).getByRole('textbox', { name: /^What should the answer have been/ });
    expect(await words.inputValue()).toContain('A limb is a worker process.');
    await words.fill('A limb is an arm.');
    expect(await violationsOf(page)).toEqual([]);
    await task(page).getByRole('button', { name: 'Save' }).click();
    await task(page)
      .getByText(/^Corrected by/)
      .waitFor();
    await page.getByRole('button', { name: 'Close task' }).click();
    await ask('What is an arm?');
    await task(page).getByRole('button', { name: 'Correct it' }).click();
    await words.fill('It is a limb.');
    await task(page).getByRole('button', { name: 'Save' }).click();
    await task(page).getByText('It is a limb.').waitFor();
    await followUp(page).fill('Sure?');
    await followUp(page).press('Control+Enter');
    await task(page).getByText('After “What is an arm?”, answered “It is a limb.”').waitFor();
  });

  it('lets a viewer read what was said, and say nothing', async () => {
    await viewer.goto(other.url());
    await task(viewer)
      .getByText(/^Corrected by/)
      .waitFor();
    await task(viewer).getByText('A limb is an arm.').waitFor();
    expect(await viewer.getByRole('button', { name: /^(Good|Bad|Correct it|Ask again)$/ }).count()).toBe(0);
    expect(await followUp(viewer).count()).toBe(0);
    expect(await violationsOf(viewer)).toEqual([]);
  });

  it('is stopped while it goes on, and asked again', async () => {
    await page.goto(`${face.url}/ask`);
    await ask('slowly think');
    await task(page).getByRole('button', { name: 'Cancel' }).click();
    await task(page).getByText('This task was cancelled.').waitFor();
    await task(page).getByRole('button', { name: 'Ask again' }).click();
    await expect.poll(() => page.getByRole('textbox', { name: 'Ask', exact: true }).inputValue()).toBe('slowly think');
    await ask('fail at this');
    await task(page).getByText('the model gave no answer').first().waitFor();
  });

  it('opens a link into another of the own tenants', async () => {
    await page.goto(`${face.url}/settings`);
    await page.getByRole('textbox', { name: 'Name of a new tenant' }).fill('Orchard');
    await page.getByRole('button', { name: 'Make', exact: true }).click();
    await page.getByRole('button', { name: 'Switch Orchard' }).click();
    await page.getByRole('button', { name: /^Tenant and account\s*Orchard/ }).waitFor();
    await page.goto(other.url());
    await task(page).getByRole('heading', { name: 'What is a limb?', level: 2 }).waitFor();
    await page.getByRole('button', { name: /^Tenant and account\s*local/ }).waitFor();
  });

  it('fits 390 px', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.getByRole('region', { name: 'Turn: Is that all?' }).waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    expect(await violationsOf(page)).toEqual([]);
  });

  it('raised no error in any page', () => {
    expect(face.errors).toEqual([]);
  });
});
