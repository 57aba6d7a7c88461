import type { Page, WebSocketRoute } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, inChromium } from '../support/chromium.ts';
import { TestFace } from './face.ts';

describe.skipIf(!hasChromium)(inChromium('the connection badge'), { timeout: 120_000 }, () => {
  let face: TestFace;
  let page: Page;
  /** How many more messages of the hub come through on each connection. */
  let passing = Number.POSITIVE_INFINITY;
  let held: { readonly to: WebSocketRoute; readonly message: string | Buffer }[] = [];

  beforeAll(async () => {
    face = await TestFace.start();
    page = await face.signIn();
    await page.routeWebSocket(/\/v1\/database\//, (to) => {
      const hub = to.connectToServer();
      let passed = 0;
      to.onMessage((message) => hub.send(message));
      hub.onMessage((message) => {
        if (passed++ < passing) to.send(message);
        else held.push({ to, message });
      });
    });
  }, 240_000);

  afterAll(async () => face?.close(), 60_000);

  const badge = () => page.locator('[data-connection]');

  function release(): void {
    passing = Number.POSITIVE_INFINITY;
    for (const { to, message } of held.splice(0)) to.send(message);
  }

  it('says that rows are still to come, until they are there', async () => {
    passing = 1;
    await page.reload();
    await badge()
      .getByText(/^Catching up: \d+ to come$/)
      .first()
      .waitFor();
    release();
    await badge().getByText('Live').first().waitFor();
  });

  it('says that a call has had no answer, until it has one', async () => {
    await page.getByRole('textbox', { name: 'Ask', exact: true }).fill('Is anybody there?');
    passing = 0;
    await page.keyboard.press('Control+Enter');
    await badge().getByText('Waiting for an answer').first().waitFor();
    release();
    await badge().getByText('Live').first().waitFor();
    await page.getByRole('heading', { name: 'Is anybody there?', level: 2 }).waitFor();
  });

  it('notices a wire that is dead though its socket is open, and comes back by a new one', async () => {
    await page.clock.install();
    await page.reload();
    await badge().getByText('Live').first().waitFor();
    passing = 0;
    await page.clock.fastForward(16_000);
    await page.clock.fastForward(11_000);
    await badge()
      .getByText(/^Reconnecting in \d+ s$/)
      .waitFor();
    await badge()
      .getByText(/^Shows \d+.*, (now|\d+ s ago)$/)
      .waitFor();
    held = [];
    passing = Number.POSITIVE_INFINITY;
    await page.clock.fastForward(2000);
    await badge().getByText('Live').first().waitFor();
  });

  it('counts down to the next try and up from the last word of a hub that is gone', async () => {
    await page.clock.resume();
    await face.stopHub();
    await page.locator('[data-connection=waiting]').waitFor();
    const seconds = async (): Promise<number> =>
      Number(/in (\d+) s/.exec((await badge().textContent()) ?? '')?.[1] ?? Number.NaN);
    await expect.poll(seconds, { timeout: 60_000 }).toBeGreaterThan(5);
    await expect.poll(seconds, { timeout: 20_000 }).toBeLessThanOrEqual(3);
    await badge()
      .getByText(/^Shows .* \d+ s ago$/)
      .waitFor();
  });
});
