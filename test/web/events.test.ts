import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, inChromium } from '../support/chromium.ts';
import { violationsOf } from './axe.ts';
import { TestFace } from './face.ts';

const shell = promisify(execFile);

describe.skipIf(!hasChromium)(inChromium('what happens, and where it comes from'), { timeout: 120_000 }, () => {
  let face: TestFace;
  let page: Page;

  beforeAll(async () => {
    face = await TestFace.start();
    page = await face.signIn();
  }, 240_000);

  afterAll(async () => face?.close(), 60_000);

  const emit = (kind: string, changes: { readonly subject?: string; readonly payload?: string } = {}) =>
    face.owner.reducers.emit({
      ...{ tenantId: 1n, kind, source: 'shop', subject: '', payload: '{}', dedupeKey: '', dedupeMs: 0 },
      ...changes,
    });
  const kinds = () => page.locator('[data-event-id]').evaluateAll((rows) => rows.map((row) => row.dataset['kind']));

  it('says how events come to be while there is none', async () => {
    await page.getByRole('link', { name: 'Events' }).click();
    await page.getByText('No event yet').waitFor();
    expect(await violationsOf(page)).toEqual([]);
  });

  it('shows a hook and its secret once, and what is sent with curl as soon as it comes', async () => {
    await page.getByRole('link', { name: 'Hooks' }).first().click();
    await page.getByText('No hook yet').waitFor();
    await page.getByRole('button', { name: 'New hook' }).click();
    await page.getByLabel('Name').fill('shop');
    await page.getByLabel('Kind of its events').fill('order.paid');
    expect(await violationsOf(page)).toEqual([]);
    await page.getByRole('button', { name: 'Make the hook' }).click();
    const curl = await page.locator('[data-shown="Try it from a terminal"]').textContent();
    expect(await page.locator('[data-shown="Secret"]').textContent()).toMatch(/^whsec_.{44}$/);
    expect(await violationsOf(page)).toEqual([]);
    await page.keyboard.press('Escape');
    await page.getByText(`${face.url}/hooks/1`).waitFor();
    expect(await page.content()).not.toContain('whsec_');

    const { stdout } = await shell('bash', ['-c', (curl ?? '').replace('curl ', 'curl -sS ')]);
    expect(JSON.parse(stdout)).toEqual({ event: '1' });
    await page.getByText('1 delivery').waitFor();
    await page.getByRole('link', { name: 'order.paid' }).click();
    await page.locator('[data-event-id="1"]').click();
    await page.getByRole('heading', { name: 'order.paid', level: 1 }).waitFor();
    await page.getByText('the hook shop').waitFor();
    await page.getByText('"hello": "world"').waitFor();
    expect(await violationsOf(page)).toEqual([]);
  });

  it("sends what GitHub's own signature needs, too", async () => {
    await page.goto(`${face.url}/events/hooks`);
    await page.getByRole('button', { name: 'New hook' }).click();
    await page.getByLabel('Name').fill('code');
    await page.getByLabel('Kind of its events').fill('github');
    await page.getByRole('radio', { name: /^GitHub/ }).check();
    await page.getByRole('button', { name: 'Make the hook' }).click();
    const curl = await page.locator('[data-shown="Try it from a terminal"]').textContent();
    const { stdout } = await shell('bash', ['-c', (curl ?? '').replace('curl ', 'curl -sS ')]);
    expect(JSON.parse(stdout)).toHaveProperty('event');
    await page.keyboard.press('Escape');
  });

  it('streams what comes, and keeps the filter in the address', async () => {
    await page.goto(`${face.url}/events?kind=door.*`);
    await page.getByText('No event fits').waitFor();
    await emit('door.opened', { subject: 'the back door', payload: '{"by": "Ada"}' });
    await emit('doorbell');
    await emit('door.closed');
    await page.locator('[data-kind="door.closed"]').waitFor();
    expect(await kinds()).toEqual(['door.closed', 'door.opened']);
    await page.getByRole('searchbox', { name: 'Subject' }).fill('the back door');
    await page.keyboard.press('Enter');
    await page.waitForURL(/subject=the\+back\+door/);
    await expect.poll(kinds, { timeout: 20_000 }).toEqual(['door.opened']);
    await page.reload();
    await expect.poll(kinds, { timeout: 20_000 }).toEqual(['door.opened']);
    expect(await violationsOf(page)).toEqual([]);
  });

  it('draws a few of many events, and loads older ones when they are asked for', async () => {
    for (let i = 0; i < 210; i += 30) await Promise.all(Array.from({ length: 30 }, () => emit('many')));
    await page.goto(`${face.url}/events?kind=many`);
    await page.getByText('The newest 200 events').waitFor();
    expect(await page.locator('[data-event-id]').count()).toBeLessThan(60);
    await page.getByRole('button', { name: 'Show older events' }).click();
    await page.getByText('The newest 210 events').waitFor();
  });

  it('emits an event by hand, and says what is wrong with it', async () => {
    await page.getByRole('button', { name: 'Emit an event' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Kind').fill('many');
    await dialog.getByLabel('Payload (JSON)').fill('{');
    await dialog.getByRole('button', { name: 'Emit', exact: true }).click();
    await dialog.getByRole('alert').getByText('The payload is not JSON').waitFor();
    await dialog.getByLabel('Payload (JSON)').fill('{"by": "hand"}');
    await dialog.getByRole('button', { name: 'Emit', exact: true }).click();
    await page.getByText('The newest 211 events').waitFor();
  });

  it('makes, pauses and deletes a schedule', async () => {
    await page.getByRole('link', { name: 'Schedules' }).click();
    await page.getByText('No schedule yet').waitFor();
    await page.getByRole('button', { name: 'New schedule' }).click();
    await page.getByLabel('Name').fill('morning');
    await page.getByLabel('Kind of its events').fill('day.begins');
    await page.getByLabel('Time zone').fill('Berlin');
    await page.getByRole('button', { name: 'Make the schedule' }).click();
    await page
      .getByRole('alert')
      .getByText(/"Berlin" is not a time zone/)
      .waitFor();
    await page.getByLabel('Time zone').fill('Europe/Berlin');
    expect(await violationsOf(page)).toEqual([]);
    await page.getByRole('button', { name: 'Make the schedule' }).click();
    const row = page.locator('[data-schedule="morning"]');
    await row.getByText(/0 7 \* \* 1-5 · Europe\/Berlin — next/).waitFor();
    await row.getByRole('button', { name: 'Pause' }).click();
    await row.getByText('— paused').waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await row.getByRole('button', { name: 'Resume' }).click();
    await row.getByRole('button', { name: 'Delete morning' }).click();
    await page.getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByText('No schedule yet').waitFor();
  });

  it('rings for what members are to know, until each has read it', async () => {
    const told = { tenantId: 1n, level: { tag: 'Warning' as const }, text: '3 left' };
    await face.owner.reducers.notifyMembers({ ...told, title: 'Stock is low' });
    await face.owner.reducers.notifyMembers({ ...told, title: 'Stock is lower' });
    await page.getByRole('link', { name: 'Notifications: 2 unread' }).click();
    await page.getByText('Stock is lower').waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await page.getByRole('button', { name: 'Mark as read' }).first().click();
    await page.getByRole('link', { name: 'Notifications: 1 unread' }).waitFor();
    await page.getByRole('button', { name: 'Mark all as read' }).click();
    await page.getByRole('link', { name: 'Notifications', exact: true }).waitFor();
    await expect.poll(() => page.locator('[data-unread=true]').count()).toBe(0);
  });

  it('lets a viewer look, and nothing else', async () => {
    const viewer = await face.signIn('Viewer');
    for (const path of ['events', 'events/hooks', 'events/schedules']) {
      await viewer.goto(`${face.url}/${path}`);
      await viewer.getByRole('heading', { name: 'Events', level: 1 }).waitFor();
    }
    await viewer.goto(`${face.url}/events/hooks`);
    await viewer.locator('[data-hook="shop"]').waitFor();
    for (const name of ['New hook', 'Replace secret', 'Emit an event', 'New schedule']) {
      expect(await viewer.getByRole('button', { name }).count()).toBe(0);
    }
    await viewer.context().close();
  });

  it('fits a screen of 390 px', async () => {
    await page.setViewportSize({ width: 390, height: 844 });
    for (const path of ['events', 'events/1', 'events/hooks', 'events/schedules', 'notifications']) {
      await page.goto(`${face.url}/${path}`);
      await page.getByRole('heading', { level: 1 }).waitFor();
      const overflow = () => page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      await expect.poll(async () => [path, await overflow()]).toEqual([path, 0]);
    }
    expect(face.errors).toEqual([]);
  });
});
