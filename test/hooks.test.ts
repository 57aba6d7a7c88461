import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { svelte } from '@sveltejs/vite-plugin-svelte';
import type { Browser, Page } from 'playwright-core';
import { build, type PreviewServer, preview } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../cli/testing/cli.fixture.ts';
import { generateTypeScript, writeBindings } from '../engine/codegen/index.ts';
import { bundleModule, describeModule, type Host, openHost } from '../engine/index.ts';
import { hasChromium, inChromium, launchChromium } from './support/chromium.ts';

// The hooks of the SDK for React and for Svelte over generated bindings, drawn by a real browser: one page in each
// framework that does the same, and one story that each must pass.

describe.skipIf(!hasChromium)(inChromium('hooks over generated bindings'), { timeout: 60_000 }, () => {
  let folder: string;
  let host: Host;
  let browser: Browser;
  const sites: PreviewServer[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'helix-hooks-'));
    cpSync(join(root, 'test/fixtures/hooks'), folder, { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    const bundle = await bundleModule(join(folder, 'module.ts'));
    await writeBindings(join(folder, 'bindings'), generateTypeScript(await describeModule(bundle)));
    const onFailure = (error: Error) => {
      throw error;
    };
    host = await openHost({ dataDirectory: join(folder, 'data'), port: 0, onFailure });
    const owner = host.operator.identity;
    const settings = { clear: false, breakClients: false, token: undefined };
    await host.databases.publish({ name: 'hooks', owner, bundle, ...settings });
    browser = await launchChromium();
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    for (const site of sites) await site.close();
    await host?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it.each(['react', 'svelte'])(
    '[CG11] %s draws tables, parts of them, views, events and answers, live',
    async (name) => {
      const url = await site(name);
      const open = async (): Promise<Page> => {
        const page = await (await browser.newContext()).newPage();
        await page.goto(`${url}?server=${encodeURIComponent(host.url)}`);
        await shows(page, 'state', 'ready');
        return page;
      };
      const [ada, bob] = [await open(), await open()];
      const milk = `milk of ${name}`;
      await press(ada, 'Write', milk);
      for (const page of [ada, bob])
        await page.locator('#notes li', { hasText: `${milk} ${milk.length} dB` }).waitFor();
      await ada.locator('#own li', { hasText: milk }).waitFor();
      expect(await bob.locator('#own li').count()).toBe(0);

      // An edit moves the row into the part of the table that is narrowed down, in every window.
      expect(await bob.locator('#milk li').count()).toBe(0);
      await press(ada, 'Edit', 'milk');
      for (const page of [ada, bob]) await page.locator('#milk li', { hasText: /^milk \d+ dB$/ }).waitFor();
      expect(await ada.locator('#notes li').count()).toBe(1);

      await press(bob, 'Ring', '♪');
      for (const page of [ada, bob]) await shows(page, 'tones', '♪');
      await press(bob, 'Count', 'one two three');
      await shows(bob, 'answer', '3 words, 18446744073709551615');
      await press(bob, 'Write', '');
      await shows(bob, 'answer', 'Write something first');
    },
  );

  async function site(name: string): Promise<string> {
    const root = mkdtempSync(join(folder, `${name}-`));
    cpSync(join(folder, 'page.html'), join(root, 'index.html'));
    writeFileSync(join(root, 'main.ts'), `import '../${name}.ts';\n`);
    await build({ root, configFile: false, logLevel: 'error', plugins: name === 'svelte' ? [svelte()] : [] });
    const server = await preview({ root, configFile: false, preview: { host: '127.0.0.1', port: 0 } });
    sites.push(server);
    // Each framework begins with an empty database.
    const database = host.databases.find('hooks');
    if (database) await host.databases.reset(database, undefined);
    return server.resolvedUrls?.local[0] ?? '';
  }
});

function shows(page: Page, id: string, text: string): Promise<unknown> {
  return page.locator(`#${id}`, { hasText: text }).waitFor();
}

async function press(page: Page, button: string, text: string): Promise<void> {
  await page.locator('input').fill(text);
  await page.getByRole('button', { name: button }).click();
}
