import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, inChromium } from '../support/chromium.ts';
import { violationsOf } from './axe.ts';
import { TestFace } from './face.ts';

describe.skipIf(!hasChromium)(inChromium('the web face without its hub'), { timeout: 120_000 }, () => {
  let face: TestFace;
  let page: Page;

  beforeAll(async () => {
    face = await TestFace.start();
    await face.startLimb('attic');
    await face.ask('What is a limb?');
    page = await face.signIn();
    await page.goto(`${face.url}/tasks`);
    await page.getByRole('link', { name: 'What is a limb?' }).waitFor();
  }, 240_000);

  afterAll(async () => face?.close(), 60_000);

  it('can be installed: it has a manifest with icons, and a worker of its own', async () => {
    const address = await page.locator('link[rel=manifest]').getAttribute('href');
    const manifest = await (await fetch(new URL(address ?? '', face.url))).json();
    expect(manifest).toMatchObject({ name: 'Helix', display: 'standalone', start_url: '/ask' });
    for (const { src, type } of manifest.icons) {
      const response = await fetch(new URL(src, face.url));
      expect([response.status, response.headers.get('content-type')]).toEqual([200, type]);
    }
    await page.evaluate(() => navigator.serviceWorker.ready);
  });

  it('opens with the last known state, marked as such', async () => {
    const kept = (name: string) => page.evaluate((key) => localStorage.getItem(`helix.kept.${key}`) ?? '', name);
    await expect.poll(() => kept('tasks'), { timeout: 15_000 }).toContain('What is a limb?');
    await expect.poll(() => kept('limbs'), { timeout: 15_000 }).toContain('attic');
    await face.stopHub();
    await page.reload();
    await page.getByRole('link', { name: 'What is a limb?' }).waitFor();
    await page.locator('[data-stale-notice]', { hasText: /last known state, of / }).waitFor();
    expect(await page.locator('[data-connection=live]').count()).toBe(0);
    expect(await violationsOf(page)).toEqual([]);
  });

  it('goes from screen to screen, and counts down to the next try', async () => {
    await page.getByRole('navigation', { name: 'Screens' }).getByRole('link', { name: 'Limbs' }).click();
    await page.getByRole('article', { name: 'attic' }).waitFor();
    await page.getByText(/^Reconnecting in \d+ s$/).waitFor();
    await page.getByRole('button', { name: 'Retry now' }).waitFor();
  });
});
