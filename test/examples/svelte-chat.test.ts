import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, inChromium, launchChromium } from '../support/chromium.ts';
import { freePort } from '../support/port.ts';
import { Example } from './example.ts';

let example: Example;
let browser: Browser;
beforeAll(() => {
  example = new Example('svelte-chat');
}, 120_000);
afterAll(async () => {
  await browser?.close();
  await example.remove();
});

describe('svelte-chat', () => {
  it('passes its own tests and builds', () => {
    expect(example.run('npm test')).toMatch(/2 passed/);
    example.run('npm run build');
  }, 60_000);
});

describe.skipIf(!hasChromium)(inChromium('svelte-chat'), () => {
  it('talks live in two windows, which stay connected while its module is edited, broken and mended', async () => {
    await example.expectCurrentBindings('src/bindings');
    const backend = example.start('npm run backend', '--listen 127.0.0.1:0');
    const [, url = ''] = await backend.says(/served at (http:\/\/\S+)/);
    await backend.says(/created chat/);
    const port = await freePort();
    const site = example.start('npm run dev', `--port ${port} --strictPort --host 127.0.0.1`);
    await site.says(/ready in/);
    browser = await launchChromium();
    const open = async () => {
      const page = await (await browser.newContext()).newPage();
      await page.goto(`http://127.0.0.1:${port}/?server=${encodeURIComponent(url)}`);
      return page;
    };
    const [ada, bob] = await Promise.all([open(), open()]);
    await ada.getByText('2 online').waitFor();
    await ada.getByRole('textbox', { name: 'Your name' }).fill('Ada');
    await ada.getByRole('button', { name: 'Rename' }).click();
    await ada.getByRole('textbox', { name: 'Message' }).fill('Hello, Bob');
    await ada.getByRole('button', { name: 'Send' }).click();
    await bob.getByRole('listitem').filter({ hasText: 'Ada Hello, Bob' }).waitFor();
    await bob.getByRole('button', { name: 'Send' }).click();
    await bob.getByRole('alert').filter({ hasText: 'Write something first' }).waitFor();

    // An edit of the module is live at once, with its rows and its client, and nobody reconnects.
    let sockets = 0;
    for (const page of [ada, bob]) {
      page.on('websocket', (socket) => {
        if (socket.url().includes(new URL(url).host)) sockets += 1;
      });
    }
    const says = async (text: string) => {
      const message = ada.getByRole('textbox', { name: 'Message' });
      // Vite puts the parts of the page that changed in the place of the old ones, with what was typed there.
      do {
        await message.fill(text);
        await ada.waitForTimeout(1000);
      } while ((await message.inputValue()) !== text);
      await ada.getByRole('button', { name: 'Send' }).click();
    };
    const module = join(example.folder, 'module.ts');
    const before = readFileSync(module, 'utf8');
    const edited = `${before.replace('text: fitting(text', 'text: "» " + fitting(text')}
export const clear = db.reducer((ctx) => {
  ctx.db.message.clear();
});
`;
    writeFileSync(module, edited);
    await backend.says(/updated chat, add reducer clear, \d+ files of bindings changed/);
    expect(readFileSync(join(example.folder, 'src/bindings/index.ts'), 'utf8')).toContain("'clear'");
    await says('and now?');
    await bob.getByRole('listitem').filter({ hasText: '» and now?' }).waitFor();
    expect(await bob.getByRole('listitem').allTextContents()).toEqual(['Ada Hello, Bob', 'Ada » and now?']);

    // A mistake is named with its place while the old code goes on, and the next save puts it right.
    writeFileSync(module, `${edited}export const broken = (`);
    await backend.says(/could not be bundled:\s+module\.ts:\d+:\d+: /);
    await says('still there?');
    await bob.getByRole('listitem').filter({ hasText: '» still there?' }).waitFor();
    writeFileSync(module, edited.replace('"» "', '"› "'));
    await backend.says(/updated chat \(\d+ ms\)/);
    await says('better');
    await bob.getByRole('listitem').filter({ hasText: '› better' }).waitFor();
    await bob.getByText('2 online').waitFor();
    expect(sockets).toBe(0);
    expect(example.notFollowed).toEqual([]);
  }, 120_000);
});
