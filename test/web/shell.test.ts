import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, inChromium } from '../support/chromium.ts';
import { violationsOf } from './axe.ts';
import { TestFace } from './face.ts';

describe.skipIf(!hasChromium)(inChromium('the frame around every screen'), { timeout: 120_000 }, () => {
  let face: TestFace;
  let page: Page;

  beforeAll(async () => {
    face = await TestFace.start();
    page = await face.signIn();
  }, 240_000);

  afterAll(async () => face?.close(), 60_000);

  it('opens on the question, with the code gone from the address', async () => {
    await page.getByRole('textbox', { name: 'Ask', exact: true }).waitFor();
    expect(page.url()).toBe(`${face.url}/ask`);
  });

  it('loads less than 150 KB at first, signed in or not', async () => {
    const size = async (address: string): Promise<number> => {
      const sizes: Promise<number>[] = [];
      const fresh = await (await face.browser.newContext()).newPage();
      fresh.on('requestfinished', (request) => {
        if (request.resourceType() === 'script') sizes.push(request.sizes().then((all) => all.responseBodySize));
      });
      await fresh.goto(address);
      await fresh.locator('[data-connection=live]').waitFor();
      await fresh.waitForLoadState('networkidle');
      await fresh.context().close();
      return (await Promise.all(sizes)).reduce((sum, bytes) => sum + bytes, 0);
    };
    const outside = await size(face.url);
    const inside = await size(`${face.url}/#code=${await face.invite('Member')}`);
    for (const bytes of [outside, inside]) {
      expect(bytes).toBeGreaterThan(10 * 1024);
      expect(bytes).toBeLessThan(150 * 1024);
    }
  });

  it('finds commands by words, shows their keys, and does them', async () => {
    await page.keyboard.press('Control+k');
    const palette = page.getByRole('dialog', { name: 'Commands' });
    await palette.getByRole('combobox').fill('go to tasks');
    expect(await palette.getByText('Go to Tasks').locator('..').textContent()).toContain('g');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Tasks', level: 1 }).waitFor();
    await page.keyboard.press('g');
    await page.keyboard.press('a');
    await page.getByRole('textbox', { name: 'Ask', exact: true }).waitFor();
  });

  it('is clean to axe with all of its commands', async () => {
    await page.keyboard.press('Control+k');
    await page.getByRole('option', { name: 'Go to Settings' }).waitFor({ state: 'attached' });
    expect(await violationsOf(page)).toEqual([]);
    await page.keyboard.press('Escape');
  });

  it('says that there is no such thing, on every screen of one thing', async () => {
    for (const path of ['tasks', 'events', 'rules', 'recipes', 'runs']) {
      await page.goto(`${face.url}/${path}/999`);
      await page
        .getByText(/^There is no such/)
        .first()
        .waitFor();
      expect([path, await violationsOf(page)]).toEqual([path, []]);
    }
  });

  it('finds a task by its words', async () => {
    await face.ask('Where do the geese fly?');
    await page.keyboard.press('Control+k');
    await page.getByRole('combobox').fill('geese');
    await page.getByRole('option', { name: /Where do the geese fly/ }).waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Where do the geese fly?', level: 2 }).waitFor();
  });

  it('opens a deep link after a reload', async () => {
    expect(page.url()).toMatch(/\/tasks\/\d+$/);
    await page.reload();
    await page.getByRole('heading', { name: 'Where do the geese fly?', level: 2 }).waitFor();
  });

  it('keeps a chosen theme over a reload', async () => {
    await page.getByRole('button', { name: /^Tenant and account/ }).click();
    await page.getByRole('menuitemradio', { name: 'Dark' }).click();
    expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark');
    await page.reload();
    expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark');
  });

  it('has a bar with everything at 390 px and scrolls nowhere sideways', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    const bar = page.getByRole('navigation', { name: 'Screens' });
    await bar.getByRole('link', { name: 'Limbs' }).click();
    await page.getByRole('heading', { name: 'Limbs', level: 1 }).waitFor();
    await bar.getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).waitFor();
    await page.keyboard.press('Escape');
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    await page.setViewportSize({ width: 1280, height: 860 });
  });

  it('asks before it signs out, in all of its windows, and leaves nothing behind', async () => {
    const other = await page.context().newPage();
    await other.goto(`${face.url}/tasks`);
    await other.getByText('geese').first().waitFor();
    await page.getByRole('button', { name: /^Tenant and account/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: /^Tenant and account/ }).click();
    await page.getByRole('menuitem', { name: 'Sign out' }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Open the sign-in link' }).waitFor();
    expect(await page.getByText('geese').count()).toBe(0);
    const kept = await page.evaluate(() => Object.values(localStorage).join());
    expect(kept).not.toContain('geese');
    await other.getByRole('heading', { name: 'Open the sign-in link' }).waitFor();
    await other.close();
  });

  it('raised no error in any page', () => {
    expect(face.errors).toEqual([]);
  });
});
