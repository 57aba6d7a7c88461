import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, inChromium } from '../support/chromium.ts';
import { type EndlessModel, startEndlessModel } from '../support/endless-model.ts';
import { subscribe } from '../support/hub.ts';
import { type HelixProcess, startHelix } from '../support/process.ts';
import { violationsOf } from './axe.ts';
import { TestFace } from './face.ts';

// A real limb process writes an answer by a real streaming protocol and is killed in the middle of a sentence.

describe.skipIf(!hasChromium)(inChromium('an answer whose limb is killed'), { timeout: 120_000 }, () => {
  let face: TestFace;
  let model: EndlessModel;
  let limb: HelixProcess;
  let page: Page;
  let beside: Page;

  beforeAll(async () => {
    face = await TestFace.start();
    model = await startEndlessModel();
    limb = startHelix(['limb', 'start', '--hub', face.url, '--name', 'doomed', '--skills', 'reason'], {
      HELIX_HOME: join(face.hub.folder, 'doomed'),
      HELIX_PAIR_CODE: await face.invite('Limb'),
      HELIX_LLM_BASE_URL: model.url,
      HELIX_LLM_MODEL: 'endless',
    });
    await limb.line(/Connected to/);
    page = await face.signIn();
    beside = await face.signIn('Viewer');
  }, 240_000);

  afterAll(async () => {
    await limb?.kill();
    await model?.close();
    await face?.close();
  }, 60_000);

  const brokenOff = (on: Page) => on.locator('[data-answer-so-far]', { hasText: /^Broken off: what attempt 1 had/ });

  it('is seen as it is written, in two windows side by side', async () => {
    await page.getByRole('textbox', { name: 'Ask', exact: true }).fill('tell The second limb goes on.');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.locator('[data-answer-so-far][aria-busy=true]', { hasText: 'and so on and so on' }).waitFor();
    await beside.locator('button[data-task-id]', { hasText: 'tell The second' }).click();
    await beside.locator('[data-answer-so-far][aria-busy=true]', { hasText: 'and so on and so on' }).waitFor();
  });

  it('is kept for those who come later', async () => {
    await subscribe(face.owner, 'SELECT * FROM progress');
    const kept = () => [...face.owner.db.progress.iter()].map(({ text }) => text).join('');
    await expect.poll(kept).toContain('and so on');
  });

  it('keeps what was written, marked as broken off, when the limb is killed', async () => {
    await limb.kill();
    for (const window of [page, beside]) {
      await brokenOff(window).waitFor();
      expect(await brokenOff(window).textContent()).toContain('and so on and so on');
      expect(await window.locator('[aria-busy=true]').count()).toBe(0);
      await window.getByText(/^Why it waits: /).waitFor();
    }
    expect(await violationsOf(page)).toEqual([]);
  });

  it('goes on at another limb, beside what was broken off, also for who opens it later', async () => {
    await face.startLimb('attic');
    const late = await face.signIn('Operator');
    await late.goto(page.url());
    for (const window of [page, beside, late]) {
      await window.locator('[data-answer-so-far][aria-busy=true]', { hasText: 'The second limb goes on.' }).waitFor();
      await brokenOff(window).waitFor();
    }
    expect(await late.getByText('doomed').count()).toBeGreaterThan(0);
  });

  it('raised no error in any page', () => {
    expect(face.errors).toEqual([]);
  });
});
