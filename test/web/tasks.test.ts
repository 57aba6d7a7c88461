import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, inChromium } from '../support/chromium.ts';
import { violationsOf } from './axe.ts';
import { TestFace } from './face.ts';

const many = 10_000;

describe.skipIf(!hasChromium)(inChromium('the screens of tasks'), { timeout: 120_000 }, () => {
  let face: TestFace;
  let page: Page;

  beforeAll(async () => {
    face = await TestFace.start();
    for (let from = 0; from < many; from += 500) {
      await Promise.all(
        Array.from({ length: 500 }, (_, i) => face.submit('count', `Sheep ${from + i}`, { number: from + i })),
      );
    }
    await face.startLimb('attic');
    await face.ask('What is a limb?');
    await face.ask('fail at this');
    page = await face.signIn();
    await page.goto(`${face.url}/tasks`);
  }, 240_000);

  afterAll(async () => face?.close(), 60_000);

  const row = (title: string) =>
    page.getByRole('row').filter({ has: page.getByRole('link', { name: title, exact: true }) });
  const filterChip = (state: string) => page.locator(`[data-state-filter=${state}]`);

  it('draws few of 10,000 rows, and any of them when one scrolls there', async () => {
    await page.getByText(`${(many + 2).toLocaleString('en')} tasks, live`).waitFor();
    expect(await page.getByRole('row').count()).toBeLessThan(80);
    const body = page.getByRole('rowgroup', { name: 'Tasks' });
    await body.evaluate((element) => {
      element.scrollTop = element.scrollHeight / 2;
    });
    await page
      .getByRole('link', { name: /^Sheep (49|50)\d\d$/ })
      .first()
      .waitFor();
    await body.evaluate((element) => {
      element.scrollTop = element.scrollHeight;
    });
    await row('Sheep 0').waitFor();
  });

  it('keeps its filters in the address, with live counts', async () => {
    await page.getByRole('searchbox', { name: 'Words or number' }).fill('sheep 77');
    await page.getByText(`111 of ${(many + 2).toLocaleString('en')} tasks, live`).waitFor();
    await filterChip('waiting').click();
    await expect.poll(() => page.url()).toContain('q=sheep+77&state=waiting');
    await page.reload();
    await expect.poll(() => filterChip('waiting').textContent()).toMatch(/111/);
    await face.submit('count', 'Sheep 77 and a half', { number: 77 });
    await expect.poll(() => filterChip('waiting').textContent()).toMatch(/112/);
    await page.getByRole('button', { name: 'Show all tasks' }).click();
    await expect.poll(() => page.url()).toBe(`${face.url}/tasks`);
  });

  it('moves by j and k, selects by x, opens by Enter', async () => {
    await page.keyboard.press('Escape');
    for (const key of ['j', 'j', 'j', 'x', 'k', 'x']) await page.keyboard.press(key);
    await page.getByRole('toolbar', { name: '2 selected' }).waitFor();
    await page.keyboard.press('Escape');
    await expect.poll(() => page.getByRole('toolbar').count()).toBe(0);
    await expect.poll(() => page.evaluate(() => document.activeElement?.textContent)).toBe('fail at this');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'fail at this', level: 2 }).waitFor();
    await page.goBack();
  });

  it('cancels many at once, unless it is taken back', async () => {
    await page.goto(`${face.url}/tasks?q=sheep+123`);
    await row('Sheep 123').getByRole('checkbox').click();
    await row('Sheep 1234').getByRole('checkbox').click();
    await page.getByRole('button', { name: 'Cancel 2 tasks' }).click();
    await page.getByRole('button', { name: 'Undo' }).click();
    await expect.poll(() => page.getByRole('button', { name: 'Undo' }).count()).toBe(0);
    expect(await filterChip('cancelled').textContent()).toMatch(/\b0$/);
    await row('Sheep 123').getByRole('checkbox').click();
    await row('Sheep 1234')
      .getByRole('checkbox')
      .click({ modifiers: ['Shift'] });
    await page.getByRole('button', { name: /^Cancel \d+ tasks$/ }).click();
    await page.getByText(/^\d+ tasks cancelled$/).waitFor();
    await expect.poll(() => filterChip('cancelled').textContent()).toMatch(/[1-9]\d*$/);
    await row('Sheep 123').getByText('cancelled').waitFor();
  });

  it('queues failed tasks again', async () => {
    await page.goto(`${face.url}/tasks?state=failed`);
    await row('fail at this').getByRole('checkbox').click();
    await page.getByRole('button', { name: 'Redrive 1 task' }).click();
    await page.getByText('1 task queued again').waitFor();
  });

  it('shows the same as a board', async () => {
    await page.goto(`${face.url}/tasks`);
    await page.getByRole('button', { name: 'Board' }).click();
    const done = page.getByRole('region', { name: 'Done' });
    await done.getByRole('link', { name: /What is a limb/ }).waitFor();
    expect(page.url()).toContain('view=board');
    expect(await violationsOf(page)).toEqual([]);
    await page.getByRole('button', { name: 'Table' }).click();
    await page.getByRole('table', { name: 'Tasks' }).waitFor();
    expect(await violationsOf(page)).toEqual([]);
  });

  it('tells where the time of a task went, what it cost and what it answered', async () => {
    await page.goto(`${face.url}/tasks?q=limb`);
    await page.getByRole('link', { name: 'What is a limb?' }).click();
    const waterfall = page.getByRole('list', { name: 'Where the time went' });
    await expect
      .poll(() => waterfall.locator('[data-bar]').evaluateAll(barsOf))
      .toEqual(['wait wait', 'attempt done', 'step step', 'step step']);
    await page.getByText('620 in, 84 out').waitFor();
    await page.getByText('0.0019').waitFor();
    await page.getByText('small summary').waitFor();
    expect(await violationsOf(page)).toEqual([]);
  });

  it('says why a task waits', async () => {
    await page.goto(`${face.url}/tasks?q=sheep+9999`);
    await page.getByRole('link', { name: 'Sheep 9999', exact: true }).click();
    await page.locator('[data-wait-reason]', { hasText: /no limb/i }).waitFor();
  });

  it('cancels a task that is under way, live in another window', async () => {
    await face.ask('slowly think');
    const other = await face.signIn('Viewer');
    await other.goto(`${face.url}/tasks?q=slowly`);
    await other.getByRole('link', { name: 'slowly think' }).click();
    await other.locator('[data-bar=attempt][data-look=open]').waitFor();
    expect(await other.getByRole('button', { name: 'Cancel' }).count()).toBe(0);
    await page.goto(other.url());
    await page.getByRole('button', { name: 'Cancel' }).click();
    await other.getByText('This task was cancelled.').waitFor();
    await other.goto(`${face.url}/tasks`);
    await other.getByRole('row').nth(3).waitFor();
    expect(await other.getByRole('checkbox').count()).toBe(0);
    await other.context().close();
  });

  it('says that there is no such task', async () => {
    await page.goto(`${face.url}/tasks/999999`);
    await page.getByText('There is no such task').waitFor();
  });

  it('works at 390 px', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    await page.goto(`${face.url}/tasks`);
    await page.getByRole('row').nth(3).waitFor();
    expect(await page.getByRole('row').count()).toBeLessThan(80);
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    expect(await violationsOf(page)).toEqual([]);
  });

  it('raised no error in any page', () => {
    expect(face.errors).toEqual([]);
  });
});

function barsOf(bars: readonly Element[]): string[] {
  return bars.map((bar) => `${bar.getAttribute('data-bar')} ${bar.getAttribute('data-look')}`);
}
