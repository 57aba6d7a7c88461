import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Role } from '../../bindings/types.ts';
import { terms } from '../hub/mesh.ts';
import { hasChromium, inChromium } from '../support/chromium.ts';
import { violationsOf } from './axe.ts';
import { TestFace } from './face.ts';

type RoleTag = Role['tag'];

/** What is there to press on each screen, by the least role that may, once a text of it is there. */
const screens: Record<string, { readonly text: string } & Partial<Record<RoleTag, readonly string[]>>> = {
  ask: { text: 'Recent tasks', Operator: ['Send'] },
  'ask?task=1': { text: 'small summary', Operator: ['Good', 'Bad', 'Correct it', 'Ask again', 'Ask'] },
  tasks: { text: 'fail at this', Operator: ['Select “fail at this”'] },
  'tasks/2': { text: 'This task failed', Operator: ['Queue again'] },
  'tasks/3': { text: 'Why it waits', Operator: ['Cancel'] },
  limbs: { text: '12 documents, 340 chunks', Owner: ['Enrol a limb', 'Drain', 'Revoke'] },
  memory: { text: '84.0 KiB', Operator: ['Search'] },
  budget: { text: 'limit of 1,000 tokens a day', Owner: ['Set limit', 'Remove'] },
  activity: { text: 'Activity', Owner: ['Export'] },
  settings: { text: 'Unfinished tasks', Owner: ['Invite a member', 'Save', 'Change', 'Make', 'Remove'] },
};
const roles: readonly RoleTag[] = ['Viewer', 'Operator', 'Owner'];

describe.skipIf(!hasChromium)(inChromium('what each role may press'), { timeout: 120_000 }, () => {
  let face: TestFace;
  const pages = new Map<RoleTag, Page>();

  beforeAll(async () => {
    face = await TestFace.start();
    await face.startLimb('attic');
    await face.ask('What is a limb?');
    await face.submit('reason', 'fail at this', { question: 'fail at this' }, terms({ attemptsMax: 1 }));
    await face.submit('count', 'Count the sheep', { number: 1 });
    await face.owner.reducers.setBudget({
      tenantId: 1n,
      scope: { tag: 'Tenant' },
      subject: '',
      unit: { tag: 'Tokens' },
      period: { tag: 'Day' },
      bound: 1000n,
    });
    for (const role of roles) pages.set(role, await face.signIn(role));
  }, 240_000);

  afterAll(async () => face?.close(), 60_000);

  describe.each(roles)('%s', (role) => {
    it.each(Object.entries(screens))('on /%s', async (path, { text, ...least }) => {
      const page = pages.get(role);
      if (!page) throw new Error(`nobody is signed in as ${role}`);
      await page.goto(`${face.url}/${path}`);
      await page.locator('[data-connection=live]').waitFor();
      if (path === 'budget') await page.getByRole('button', { name: 'Tokens' }).click();
      await page.getByText(text).first().waitFor();
      for (const [needed, names] of Object.entries(least)) {
        for (const name of names) {
          const actionsOf = (kind: 'button' | 'checkbox') =>
            page.getByRole('main').getByRole(kind, { name, exact: name !== 'Remove' });
          const action = actionsOf('button').or(actionsOf('checkbox'));
          if (roles.indexOf(role) >= roles.indexOf(needed as RoleTag))
            await action.first().waitFor({ state: 'attached' });
          else expect([name, await action.and(page.locator(':enabled')).count()]).toEqual([name, 0]);
        }
      }
    });
  });

  it.each(roles)('%s finds in the command palette only what that role may do', async (role) => {
    const page = pages.get(role);
    if (!page) throw new Error(`nobody is signed in as ${role}`);
    await page.goto(`${face.url}/settings`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.keyboard.press('Control+k');
    await page.getByRole('option', { name: 'Go to Tasks' }).waitFor();
    expect(await page.getByRole('option', { name: 'Ask a question' }).count()).toBe(role === 'Viewer' ? 0 : 1);
    expect(await page.getByRole('option', { name: 'Invite a member' }).count()).toBe(role === 'Owner' ? 1 : 0);
    await page.keyboard.press('Escape');
  });

  it('says to a viewer why there is nothing to press', async () => {
    const page = pages.get('Viewer');
    await page?.goto(`${face.url}/ask`);
    await page?.getByText(/^You are a viewer here/).waitFor();
    if (page) expect(await violationsOf(page)).toEqual([]);
    await page?.goto(`${face.url}/activity`);
    await page?.getByText('Only owners see this').waitFor();
  });

  it('raised no error in any page', () => {
    expect(face.errors).toEqual([]);
  });
});
