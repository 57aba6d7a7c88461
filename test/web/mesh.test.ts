import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, inChromium } from '../support/chromium.ts';
import { violationsOf } from './axe.ts';
import { TestFace } from './face.ts';

describe.skipIf(!hasChromium)(inChromium('the screens of the mesh'), { timeout: 120_000 }, () => {
  let face: TestFace;
  let page: Page;
  let viewer: Page;

  beforeAll(async () => {
    face = await TestFace.start();
    await face.startLimb('attic');
    await face.startLimb('cellar', 4);
    await face.ask('What is a limb?');
    page = await face.signIn();
    viewer = await face.signIn('Viewer');
  }, 240_000);

  afterAll(async () => face?.close(), 60_000);

  const go = (name: string) => page.getByRole('navigation', { name: 'Screens' }).getByRole('link', { name }).click();

  describe('limbs', () => {
    it('shows each limb with what it can do, remembers and works on', async () => {
      await go('Limbs');
      const attic = page.getByRole('article', { name: 'attic' });
      for (const text of ['reason', 'small-model', 'bubblewrap (jail)', '12 documents, 340 chunks', '0.1.0']) {
        await attic.getByText(text, { exact: true }).waitFor();
      }
      await attic.getByText('https://door.example.org').waitFor();
      await attic.getByText('something else than this machine answered, with status 502').waitFor();
      await face.ask('slowly think');
      await page.getByRole('article').getByRole('link', { name: 'slowly think' }).waitFor();
      await page.getByText(/^1 of \d slots busy$/).waitFor();
      expect(await violationsOf(page)).toEqual([]);
    });

    it('drains a limb and lets it take tasks again', async () => {
      const attic = page.getByRole('article', { name: 'attic' });
      await attic.getByRole('button', { name: 'Drain' }).click();
      await viewer.goto(`${face.url}/limbs`);
      await viewer
        .getByRole('article', { name: 'attic' })
        .getByText(/^draining/)
        .waitFor();
      await attic.getByRole('button', { name: 'Take tasks again' }).click();
      await viewer.getByRole('article', { name: 'attic' }).getByText('online').waitFor();
    });

    it('enrols a limb by the code that it shows once, with its QR code', async () => {
      await page.getByRole('button', { name: 'Enrol a limb' }).click();
      await page.getByRole('button', { name: 'Make a pairing code' }).click();
      await page.getByRole('img', { name: 'The pairing code as a QR code' }).waitFor();
      const line = (await page.locator('[data-invite]').textContent()) ?? '';
      expect(line).toMatch(/^HELIX_PAIR_CODE=([A-Z]{4}-){5}[A-Z]{4} npx helix limb start --hub http:/);
      expect(await violationsOf(page)).toEqual([]);
      await page.emulateMedia({ colorScheme: 'dark' });
      const code = page.getByRole('img', { name: 'The pairing code as a QR code' });
      expect(await code.evaluate((svg) => getComputedStyle(svg).backgroundColor)).toBe('rgb(255, 255, 255)');
      await page.emulateMedia({ colorScheme: 'light' });
      await page.keyboard.press('Escape');
      await face.startLimb('loft', 1, /=(\S+)/.exec(line)?.[1]);
      await page.getByRole('article', { name: 'loft' }).getByText('online', { exact: true }).waitFor();
    });

    it('revokes a limb after asking', async () => {
      const loft = page.getByRole('article', { name: 'loft' });
      await page.keyboard.press('Control+k');
      await page.getByRole('option', { name: 'Enrol a limb' }).waitFor();
      expect(await page.getByRole('option', { name: 'Revoke: loft' }).count()).toBe(0);
      await page.getByRole('combobox').fill('revoke loft');
      await page.getByRole('option', { name: 'Revoke: loft' }).click();
      await page.getByRole('alertdialog', { name: 'Revoke loft?' }).getByRole('button', { name: 'Revoke' }).click();
      await expect.poll(() => loft.count()).toBe(0);
    });
  });

  describe('settings', () => {
    it('invites a member with a role, by a link that signs in', async () => {
      await go('Settings');
      await page.getByRole('button', { name: 'Invite a member' }).click();
      await page.getByRole('radio', { name: /^Viewer/ }).check();
      await page.getByRole('button', { name: 'Make an invite' }).click();
      await page.getByRole('img', { name: 'The invite link as a QR code' }).waitFor();
      const link = (await page.locator('[data-invite]').textContent()) ?? '';
      await page.keyboard.press('Escape');
      const guest = await (await face.browser.newContext()).newPage();
      await guest.goto(link);
      await guest.getByRole('textbox', { name: 'Ask', exact: true }).waitFor();
      expect(guest.url()).toBe(`${face.url}/ask`);
      await guest.context().close();
    });

    it('changes a role, live in the other window', async () => {
      await viewer.goto(`${face.url}/settings`);
      const identity = await viewer.locator('[data-me=true]').getAttribute('data-member');
      await page.locator(`[data-member="${identity}"]`).getByRole('combobox').selectOption('Operator');
      await viewer.locator('[data-me=true]', { hasText: 'Operator' }).waitFor();
      expect(await violationsOf(page)).toEqual([]);
    });

    it('says how long finished tasks are kept', async () => {
      await page.getByRole('spinbutton', { name: 'Days that finished tasks are kept' }).fill('7');
      await page.getByRole('button', { name: 'Save', exact: true }).click();
      await viewer.getByText('7 days').waitFor();
    });

    it('says by which clocks the tenant goes', async () => {
      const zone = page.getByRole('combobox', { name: 'Time zone' });
      expect(await zone.inputValue()).toBe('UTC');
      await zone.fill('Europe/Atlantis');
      await page.getByRole('button', { name: 'Save Time zone' }).click();
      await page.getByText(/is not a time zone; name one such as Europe\/Berlin/).waitFor();
      await zone.fill('Asia/Tokyo');
      await page.getByRole('button', { name: 'Save Time zone' }).click();
      await viewer.getByText('Asia/Tokyo').waitFor();
    });

    it('shows quotas beside what is used, and changes them', async () => {
      const tasks = page.locator('[data-quota=unfinishedTasks]');
      await tasks.getByText(/^\d+ of 100,000$/).waitFor();
      await page.getByRole('button', { name: 'Change' }).click();
      await page.getByRole('spinbutton', { name: 'Unfinished tasks' }).fill('500');
      await page.getByRole('spinbutton', { name: 'Size of tasks, MiB' }).fill('64');
      expect(await violationsOf(page)).toEqual([]);
      await page.getByRole('button', { name: 'Save quotas' }).click();
      await viewer.getByText(/^\d+ of 500$/).waitFor();
      await viewer.getByText(/ of 64\.0 MiB$/).waitFor();
      expect(await viewer.getByRole('button', { name: 'Change' }).count()).toBe(0);
    });

    it('lists open invites with the time that they have left, for owners, and withdraws them', async () => {
      const code = await face.invite('Member', 'Operator');
      const invite = page.locator(`[data-open-invite="${code.slice(0, 8)}"]`);
      await invite.getByText('A member as operator').waitFor();
      await invite.getByText(/^for 1[45] min/).waitFor();
      expect(await violationsOf(page)).toEqual([]);
      expect(await viewer.locator('[data-open-invite]').count()).toBe(0);
      await invite.getByRole('button', { name: 'Withdraw' }).click();
      await expect.poll(() => invite.count()).toBe(0);
    });

    it('says which model each limb asks', async () => {
      await page.locator('[data-model-of=attic]', { hasText: 'small-model' }).waitFor();
    });

    it('makes a tenant and switches to it and back', async () => {
      await page.getByRole('textbox', { name: 'Name of a new tenant' }).fill('Orchard');
      await page.getByRole('button', { name: 'Make', exact: true }).click();
      await page.getByRole('button', { name: 'Switch Orchard' }).click();
      await page.getByRole('button', { name: /^Tenant and account\s*Orchard/ }).waitFor();
      await go('Limbs');
      await page.getByText('No limb yet').waitFor();
      await page.getByRole('button', { name: /^Tenant and account/ }).click();
      await page.getByRole('menuitemradio', { name: 'local' }).click();
      await page.getByRole('article', { name: 'attic' }).waitFor();
    });

    it('leaves what is of one tenant only for its list when another is chosen', async () => {
      await face.owner.reducers.saveRule({
        tenantId: 1n,
        text: 'name: bell\non: door.rings\nthen: { notify: { title: Somebody is here } }\n',
      });
      await page.goto(`${face.url}/rules/1`);
      await page.getByRole('heading', { name: 'bell', level: 1 }).waitFor();
      await page.keyboard.press('Control+k');
      await page.getByRole('dialog', { name: 'Commands' }).getByRole('combobox').fill('orchard');
      await page.getByRole('option', { name: 'Switch to Orchard' }).click();
      await page.getByText('No rule yet').waitFor();
      expect(page.url()).toBe(`${face.url}/rules`);
      await page.goto(`${face.url}/rules/1`);
      await page.getByRole('heading', { name: 'bell', level: 1 }).waitFor();
      await page.getByRole('button', { name: /^Tenant and account\s*local/ }).waitFor();
    });
  });

  describe('memory', () => {
    it('shows what limbs remember, and finds parts with their score and both ranks', async () => {
      await go('Memory');
      await page.locator('[data-memory=attic]').getByText('84.0 KiB').waitFor();
      await page.getByRole('searchbox', { name: 'Search what limbs remember' }).fill('limbs');
      await page.keyboard.press('Enter');
      const first = page.getByRole('list', { name: 'Parts of documents' }).getByRole('listitem').first();
      for (const text of ['What is known of limbs.', 'score 0.97', '#1 by meaning (0.71)', '#2 by words (0.40)']) {
        await first.getByText(text).waitFor();
      }
      await page.getByText('not found by words').waitFor();
      expect(await violationsOf(page)).toEqual([]);
    });
  });

  describe('budget', () => {
    it('shows what was spent by day, member, model and limb', async () => {
      await go('Budget');
      await page.locator('[data-total]', { hasText: '0.0019' }).waitFor();
      await page.getByRole('img', { name: /^Spending by day: 0.0019/ }).waitFor();
      await page.getByRole('region', { name: 'By model' }).getByText('small-model').waitFor();
      await page.getByRole('button', { name: 'Tokens' }).click();
      await page.locator('[data-total]', { hasText: '704 tokens' }).waitFor();
    });

    it('sets a limit, draws it in, and takes it away', async () => {
      const form = page.getByRole('form', { name: 'Set limit' });
      await form.getByRole('textbox', { name: 'At most' }).fill('1000');
      await form.getByRole('combobox', { name: 'Unit' }).selectOption('Tokens');
      await form.getByRole('button', { name: 'Set limit' }).click();
      await page.getByText('limit of 1,000 tokens a day').waitFor();
      await page.getByRole('meter').waitFor();
      expect(await violationsOf(page)).toEqual([]);
      await page.locator('[data-budget]').getByRole('button').click();
      await page.getByRole('alertdialog').getByRole('button', { name: 'Remove' }).click();
      await expect.poll(() => page.getByRole('meter').count()).toBe(0);
    });
  });

  describe('activity', () => {
    it('tells who did what, filtered by the address', async () => {
      await go('Activity');
      await page.locator('[data-action=submit_task]', { hasText: 'What is a limb?' }).waitFor();
      await page.getByRole('combobox', { name: 'Action' }).selectOption('revoke_limb');
      await page.locator('[data-action=revoke_limb]', { hasText: 'loft' }).waitFor();
      await expect.poll(() => page.locator('[data-action=submit_task]').count()).toBe(0);
      expect(page.url()).toContain('action=revoke_limb');
      expect(await violationsOf(page)).toEqual([]);
    });

    it('exports it as JSON lines', async () => {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: 'Export' }).click(),
      ]);
      expect(download.suggestedFilename()).toMatch(/^helix-activity-.*\.jsonl$/);
      const chunks: Buffer[] = [];
      for await (const chunk of await download.createReadStream()) chunks.push(chunk as Buffer);
      const [line = ''] = Buffer.concat(chunks).toString().split('\n');
      expect(JSON.parse(line)).toMatchObject({ action: 'revoke_limb' });
    });

    it('says that there is something newer', async () => {
      await page.getByRole('combobox', { name: 'Action' }).selectOption('');
      await page.locator('[data-action=submit_task]').first().waitFor();
      await face.ask('Is there something newer?');
      await page.getByRole('button', { name: 'Show what is newer' }).click();
      await page.getByText('Is there something newer?').waitFor();
    });
  });

  it.each(['limbs', 'settings', 'memory', 'budget', 'activity'])(
    'shows %s at 390 px, scrolling nowhere sideways',
    async (path) => {
      await page.setViewportSize({ width: 390, height: 844 });
      await page.goto(`${face.url}/${path}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      await page.locator('[data-connection=live]').waitFor();
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
    },
  );

  it('raised no error in any page', () => {
    expect(face.errors).toEqual([]);
  });
});
