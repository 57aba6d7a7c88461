import { execFileSync, spawn } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium } from 'playwright-core';
import { preview } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root, runCli } from '../../cli/testing/cli.fixture.ts';
import { type HelixProcess, startHelix } from '../support/process.ts';
import { installPackage, packPackage } from './installed.ts';

// Each example in a folder of its own, with the packed package installed: what its README says is what happens.

const executablePath = '/usr/bin/chromium';
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'helix-examples-'));
  cpSync(join(root, 'examples'), folder, { recursive: true });
  // Both examples find the packages in the folder above them.
  installPackage(packPackage(folder), folder);
}, 120_000);
const started: { kill(): unknown }[] = [];
afterAll(() => {
  for (const process of started) process.kill();
  rmSync(folder, { recursive: true, force: true });
});

const npx = (example: string, script: string, ...args: string[]) =>
  execFileSync(process.execPath, [join(folder, 'node_modules', script), ...args], {
    cwd: join(folder, example),
    encoding: 'utf8',
    stdio: 'pipe',
  });

function startBackend(example: string, name: string): HelixProcess {
  const module = join(folder, example, 'module.ts');
  const home = join(folder, example, '.helix');
  const args = ['dev', '--module', module, '--name', name, '--listen', '127.0.0.1:0'];
  const backend = startHelix(args, { HELIX_HOME: home });
  started.push({ kill: () => backend.child.kill() });
  return backend;
}

describe.each([
  ['sensor-watch', 'bindings'],
  ['svelte-chat', 'src/bindings'],
])('%s', (example, bindings) => {
  it('has current bindings', async () => {
    const out = join(root, 'examples', example, bindings);
    const module = join(root, 'examples', example, 'module.ts');
    expect(await runCli(['generate', '--module', module, '--out', out, '--check'])).toMatchObject({ code: 0 });
  });

  it('passes its own tests', () => {
    expect(npx(example, 'vitest/vitest.mjs', 'run')).toMatch(/2 passed/);
  });
});

describe('sensor-watch', () => {
  it('reacts to what sensors report', async () => {
    const backend = startBackend('sensor-watch', 'sensors');
    const [, url = ''] = await backend.line(/served at (http:\/\/\S+)/);
    await backend.line(/created sensors/);
    const bundling = ['--bundle', '--packages=external', '--platform=node', '--format=esm', '--outfile=dist/watch.js'];
    execFileSync(join(folder, 'node_modules/esbuild/bin/esbuild'), ['watch.ts', ...bundling, '--log-level=warning'], {
      cwd: join(folder, 'sensor-watch'),
    });
    const watch = spawn(process.execPath, ['dist/watch.js'], {
      cwd: join(folder, 'sensor-watch'),
      env: { ...process.env, SERVER: url },
    });
    started.push(watch);
    let said = '';
    for (const stream of [watch.stdout, watch.stderr]) stream.setEncoding('utf8').on('data', (text) => (said += text));
    const says = (text: string) => expect.poll(() => said, { timeout: 15_000 }).toContain(text);
    const env = { HELIX_HOME: join(folder, 'sensor-watch', '.helix') };
    await says('watching');
    expect((await runCli(['call', 'report', 'attic', '35.5'], { env })).code).toBe(0);
    await says('attic is too hot: 35.5 °C');
    expect((await runCli(['call', 'report', 'attic', '21'], { env })).code).toBe(0);
    await says('attic is fine again');
    watch.kill();
    await backend.stop();
  });
});

const hasChromium = existsSync(executablePath);
describe.skipIf(!hasChromium)(`svelte-chat in Chromium${hasChromium ? '' : ' (skipped: it is missing)'}`, () => {
  let browser: Browser;
  afterAll(() => browser?.close());

  it('talks live in two windows, and stays connected while its module is edited', async () => {
    const backend = startBackend('svelte-chat', 'chat');
    const [, url = ''] = await backend.line(/served at (http:\/\/\S+)/);
    await backend.line(/created chat/);
    npx('svelte-chat', 'vite/bin/vite.js', 'build', '--logLevel', 'error');
    const site = await preview({
      root: join(folder, 'svelte-chat'),
      configFile: false,
      preview: { host: '127.0.0.1', port: 0 },
    });
    browser = await chromium.launch({
      executablePath,
      args: [
        ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
        ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
      ],
    });
    const open = async () => {
      const page = await (await browser.newContext()).newPage();
      await page.goto(`${site.resolvedUrls?.local[0]}?server=${encodeURIComponent(url)}`);
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

    // An edit of the module is live at once, and nobody reconnects.
    let sockets = 0;
    bob.on('websocket', () => {
      sockets += 1;
    });
    const module = join(folder, 'svelte-chat/module.ts');
    writeFileSync(module, readFileSync(module, 'utf8').replace('text: fitting(text', 'text: "» " + fitting(text'));
    await backend.line(/updated chat/);
    await ada.getByRole('textbox', { name: 'Message' }).fill('and now?');
    await ada.getByRole('button', { name: 'Send' }).click();
    await bob.getByRole('listitem').filter({ hasText: '» and now?' }).waitFor();
    await bob.getByText('2 online').waitFor();
    expect(sockets).toBe(0);
    await site.close();
    await backend.stop();
  }, 120_000);
});
