import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, inChromium } from '../support/chromium.ts';
import { violationsOf } from './axe.ts';
import { TestFace } from './face.ts';

/** A screen, the table that its rows come from, and what the screen calls them. */
const screens = [
  ['/ask', 'tasks'],
  ['/tasks', 'tasks'],
  ['/tasks/1', 'tasks'],
  ['/tasks/1', 'summaries'],
  ['/limbs', 'limbs'],
  ['/memory', 'memories'],
  ['/events', 'events'],
  ['/events/1', 'events'],
  ['/events/hooks', 'hooks'],
  ['/rules', 'rule_counts'],
  ['/rules/1', 'rule_versions'],
  ['/recipes', 'recipes'],
  ['/recipes/1', 'recipe_versions'],
  ['/runs', 'runs'],
  ['/runs/1', 'steps'],
  ['/approvals', 'approvals'],
  ['/notifications', 'notifications'],
  ['/budget', 'spendings'],
  ['/settings', 'policies'],
] as const;

describe.skipIf(!hasChromium)(inChromium('rows that the hub refuses'), { timeout: 120_000 }, () => {
  let face: TestFace;
  let page: Page;
  /** The table that the hub is asked for by a name that it does not have. */
  let misnamed = '';

  beforeAll(async () => {
    face = await TestFace.start();
    await face.startLimb('attic');
    await face.ask('Where is the key?');
    const recipe = 'name: one\nsteps:\n  - id: only\n    output: 1\n';
    await face.owner.reducers.saveRecipe({ tenantId: 1n, text: recipe, notation: { tag: 'Yaml' } });
    await face.owner.reducers.startRecipe({ tenantId: 1n, recipe: 'one', payload: '{}', reference: 'first' });
    await face.owner.reducers.saveRule({
      tenantId: 1n,
      text: 'name: any\non: any.thing\nthen:\n  notify: { title: Something }\n',
    });
    await face.owner.reducers.emit({
      tenantId: 1n,
      ...{ kind: 'any.thing', source: 'test', subject: '', payload: '{}', dedupeKey: '', dedupeMs: 0 },
    });
    page = await face.signIn();
    // What a page that goes away has seen last is not kept by this one.
    await page.addInitScript(() => {
      for (const name of ['tasks', 'limbs']) localStorage.removeItem(`helix.kept.${name}`);
    });
    await page.routeWebSocket(/\/v1\/database\//, (to) => {
      const hub = to.connectToServer();
      to.onMessage((message) => hub.send(misname(message)));
      hub.onMessage((message) => to.send(message));
    });
  }, 240_000);

  afterAll(async () => face?.close(), 60_000);

  /** The same message with another name of the same length, so that it stays well formed. */
  function misname(message: string | Buffer): string | Buffer {
    if (misnamed === '' || typeof message === 'string') return message;
    const wrong = `${misnamed.slice(0, -1)}q`;
    const text = message.toString('latin1').replaceAll(new RegExp(`(FROM "?)${misnamed}(?!\\w)`, 'g'), `$1${wrong}`);
    return Buffer.from(text, 'latin1');
  }

  async function open(path: string, table: string): Promise<void> {
    misnamed = table;
    await page.goto(`${face.url}${path}`);
  }

  it.each(screens)('%s says that it does not get %s, why, and what to do', async (path, table) => {
    await open(path, table);
    const told = page.locator(`[data-refused*="${table.replaceAll('_', ' ')}"]`);
    await told.waitFor();
    expect(await told.textContent()).toMatch(/no such table.*different versions/is);
    await expect.poll(() => page.locator('.skeleton').count()).toBe(0);
    misnamed = '';
    await told.getByRole('button', { name: 'Try again' }).click();
    await told.waitFor({ state: 'detached' });
  });

  it('is readable by everybody', async () => {
    await open('/recipes', 'recipes');
    await page.locator('[data-refused]').waitFor();
    expect(await violationsOf(page)).toEqual([]);
  });

  it('says before anybody is inside why nobody gets in', async () => {
    misnamed = '';
    const stranger = await (await face.browser.newContext()).newPage();
    await stranger.routeWebSocket(/\/v1\/database\//, (to) => {
      const hub = to.connectToServer();
      to.onMessage((message) => hub.send(misname(message)));
      hub.onMessage((message) => to.send(message));
    });
    misnamed = 'tenants';
    await stranger.goto(face.url);
    await stranger.locator('[data-refused=tenants]').waitFor();
    misnamed = '';
    await stranger.getByRole('button', { name: 'Try again' }).click();
    await stranger.getByRole('heading', { name: 'Open the sign-in link' }).waitFor();
    await stranger.context().close();
  });

  it('says of a screen that this browser has never seen that the hub is away', async () => {
    misnamed = '';
    await page.goto(`${face.url}/settings`);
    await page.locator('[data-usage]').first().waitFor();
    await page.evaluate(() => navigator.serviceWorker.ready);
    await face.stopHub();
    await page.getByRole('navigation', { name: 'Screens' }).getByRole('link', { name: 'Budget' }).click();
    await page.getByText('Not known here yet').waitFor();
    expect(await page.locator('.skeleton').count()).toBe(0);
  });
});
