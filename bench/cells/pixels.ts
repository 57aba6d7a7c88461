import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Page } from 'playwright-core';
import { hasChromium, launchChromium } from '../../test/support/chromium.ts';
import { buildWebFace } from '../../test/support/web-face.ts';
import type { Bar, Cell } from '../lib/cell.ts';
import { Child } from '../lib/child.ts';
import { connectToMesh, inviteMember, tenantId } from '../lib/mesh.ts';
import { percentile } from '../lib/stats.ts';
import type { HelixAsks } from '../processes/helix.ts';

const barMs = 100;
/** Tasks that the page already shows. */
const sizes = [100, 10_000];
const samplesARound = 60;
/** Nobody's calls are in step with the frames of a screen. */
const pauseMsMin = 20;
const pauseMsMax = 60;
const hubModule = fileURLToPath(new URL('../../hub/index.ts', import.meta.url));
const pages = fileURLToPath(new URL('../../web/build', import.meta.url));

/** How soon somebody sees in the web face what another client has done. */
export const pixels: Cell = {
  name: 'pixels',
  title: 'From the call of a reducer in one client to the frame of another one’s page that shows it',
  async run({ folder, nodeOptions, settings, say }) {
    if (!hasChromium) return { tables: [], bars: [], notes: ['Not measured: there is no Chromium on this machine.'] };
    await buildWebFace();
    const hub = new Child<HelixAsks>('helix', nodeOptions);
    const browser = await launchChromium();
    try {
      const url = await hub.ask('start', { module: hubModule, name: 'helix', data: join(folder, 'hub'), pages });
      const token = await hub.ask('operatorToken', null);
      const owner = await connectToMesh(url, token);
      const submit = (title: string): Promise<void> =>
        owner.reducers.submitTask({
          tenantId,
          skill: 'count',
          title,
          input: '{}',
          reference: randomUUID(),
          terms: undefined,
        });
      const page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
      await page.goto(`${url}/#code=${await inviteMember(owner)}`);
      await page.getByRole('navigation', { name: 'Screens' }).getByRole('link', { name: 'Tasks' }).click();
      const measured: { readonly size: number; readonly values: number[] }[] = [];
      let count = 0;
      for (const size of sizes) {
        while (count < size) {
          const batch = Math.min(500, size - count);
          await Promise.all(Array.from({ length: batch }, () => submit(`Filler ${count++}`)));
        }
        await page.getByText(`${count.toLocaleString('en')} tasks, live`).waitFor({ timeout: 60_000 });
        const values: number[] = [];
        for (let sample = 0; sample < samplesARound * settings.rounds; sample++) {
          await sleep(pauseMsMin + Math.random() * (pauseMsMax - pauseMsMin));
          values.push(await latencyOf(page, `Sample ${count++}`, submit));
        }
        say(`${size} tasks: p95 ${ms(percentile(values, 95))} ms`);
        measured.push({ size, values });
      }
      owner.disconnect();
      return {
        tables: [
          {
            columns: ['tasks on the page', 'p50, ms', 'p95, ms', 'p99, ms', 'longest, ms'],
            rows: measured.map(({ size, values }) => [
              size.toLocaleString('en'),
              ...[50, 95, 99, 100].map((hundredths) => ms(percentile(values, hundredths))),
            ]),
          },
        ],
        bars: measured.map(({ size, values }): Bar => {
          const p95 = percentile(values, 95);
          return {
            goal: `${size.toLocaleString('en')} tasks: p95 within ${barMs} ms`,
            measured: `${ms(p95)} ms`,
            isMet: p95 <= barMs,
          };
        }),
        rounds: 'one run',
        notes: [
          'A client of the official SDK calls submit_task and takes the time before it. A page of Chromium, signed in as somebody else and on the screen of all tasks, takes the time when the frame that follows the change of its DOM has been made (a MutationObserver, the next animation frame, and the turn after it). Both clocks are the machine’s.',
          `The hub is a process of its own; its disk write is part of it. ${(samplesARound * settings.rounds).toLocaleString('en')} calls each, one at a time, at random moments of a frame. Headless, without a graphics processor.`,
        ],
      };
    } finally {
      await browser.close();
      await hub.stop();
    }
  },
};

async function latencyOf(page: Page, title: string, submit: (title: string) => Promise<void>): Promise<number> {
  // It looks on before the call: what the page answers waits for the change.
  await page.evaluate(lookOut, title);
  const startMs = performance.timeOrigin + performance.now();
  await submit(title);
  const seenMs = await page.evaluate(() => (globalThis as unknown as LookingOut).seenMs);
  return seenMs - startMs;
}

interface LookingOut {
  /** When the frame was made, in milliseconds since the epoch. */
  seenMs: Promise<number>;
}

/** Runs in the page. */
function lookOut(title: string): void {
  (globalThis as unknown as LookingOut).seenMs = new Promise((resolve) => {
    const observer = new MutationObserver(() => {
      if (document.evaluate(`//*[text()='${title}']`, document.body).iterateNext() === null) return;
      observer.disconnect();
      requestAnimationFrame(() => {
        const { port1, port2 } = new MessageChannel();
        port1.onmessage = () => resolve(performance.timeOrigin + performance.now());
        port2.postMessage(null);
      });
    });
    observer.observe(document.body, { childList: true, subtree: true, characterData: true });
  });
}

function ms(value: number): string {
  return value.toFixed(1);
}
