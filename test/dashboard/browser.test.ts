import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleModule, type Host, openHost } from '../../engine/index.ts';

const executablePath = '/usr/bin/chromium';
const hasChromium = existsSync(executablePath);
const title = hasChromium ? 'the dashboard in Chromium' : 'the dashboard in Chromium (skipped: it is missing)';
const root = fileURLToPath(new URL('../../', import.meta.url));

describe.skipIf(!hasChromium)(title, { timeout: 60_000 }, () => {
  let folder: string;
  let host: Host;
  let port = 0;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  const errors: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'helix-dashboard-'));
    const vite = join(root, 'node_modules/vite/bin/vite.js');
    const args = ['build', '--outDir', join(folder, 'build'), '--logLevel', 'error'];
    execFileSync(process.execPath, [vite, ...args], { cwd: join(root, 'web/dashboard') });
    await open();
    const bundle = await bundleModule(join(root, 'test/dashboard/greenhouse.ts'));
    const { identity: owner } = host.operator;
    const how = { owner, bundle, clear: false, breakClients: false, token: undefined };
    await host.databases.publish({ name: 'greenhouse', ...how });
    for (const name of ['Basil', 'Mint']) await plant(name);
    browser = await chromium.launch({
      executablePath,
      args: [
        ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
        ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
      ],
    });
    context = await browser.newContext({ viewport: { width: 1280, height: 860 } });
    page = await context.newPage();
    page.on('pageerror', (error) => errors.push(error.message));
  }, 120_000);

  afterAll(async () => {
    await browser?.close();
    await host?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Opens the host on the data folder, from the second time on at the same address. */
  async function open(): Promise<void> {
    const onFailure = (error: Error) => errors.push(error.message);
    const dashboard = join(folder, 'build');
    host = await openHost({ dataDirectory: join(folder, 'data'), port, dashboard, onFailure });
    port = Number(new URL(host.url).port);
  }

  async function call(fn: string, args: unknown): Promise<void> {
    const headers = { authorization: `Bearer ${host.operator.token}`, 'content-type': 'application/json' };
    const path = `${host.url}/v1/database/greenhouse/call/${fn}`;
    const answer = await fetch(path, { method: 'POST', headers, body: JSON.stringify(args) });
    if (!answer.ok) throw new Error(`${fn}: ${answer.status} ${await answer.text()}`);
  }

  const plant = (name: string) =>
    call('add_plant', {
      ...{ name, height_cm: 20, health: { thriving: [] }, place: { row: 1, column: 2 } },
      ...{ tags: [], note: null, is_for_sale: false },
    });

  async function codeOf(token: string): Promise<string> {
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`${host.url}/v1/identity/code`, { method: 'POST', headers });
    return ((await answer.json()) as { code: string }).code;
  }

  const address = (rest: string) => `${host.url}/_/#/${rest}`;
  const plantRow = (id: number) => page.locator(`tr[data-row="${id}"]`);

  it('[DASH5] shows nothing to somebody who is not signed in', async () => {
    await page.goto(address('greenhouse/tables/plant'));
    await page.getByRole('heading', { name: 'Sign in as the owner' }).waitFor();
    expect(await page.locator('table').count()).toBe(0);
    await page.getByLabel('Sign-in link, code or token').fill('deadbeef');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('The one-time code is unknown, used or older than 15 minutes').waitFor();
  });

  it('[DASH5] signs in by a one-time link, whose code leaves the address at once', async () => {
    const options = ['--server', host.url, '--token-file', join(folder, 'data/operator.token')];
    const command = promisify(execFile)(process.execPath, [join(root, 'cli/bin.js'), 'dashboard', ...options]);
    const link = (await command).stdout.trim();
    expect(link).toMatch(new RegExp(`^${host.url}/_/#code=[0-9a-f]{32}$`));
    const loaded: Promise<number>[] = [];
    page.on('requestfinished', (request) => {
      if (request.url().includes('/_/')) loaded.push(request.sizes().then(({ responseBodySize }) => responseBodySize));
    });
    await page.goto('about:blank');
    await page.goto(link);
    const list = page.getByRole('list', { name: 'Databases' });
    await list.getByText('greenhouse').waitFor();
    expect(page.url()).toBe(`${host.url}/_/`);
    await list.getByText('4 tables').waitFor();
    await list.locator('[data-rows]', { hasText: '3 rows' }).waitFor();
    const bytes = (await Promise.all(loaded)).reduce((sum, size) => sum + size, 0);
    expect(bytes).toBeLessThan(150 * 1024);
    const again = await (await browser.newContext()).newPage();
    await again.goto(link);
    await again.locator('[data-sign-in-error]').waitFor();
    await again.context().close();
  });

  it('[DASH5] shows nothing of a database to somebody who does not own it', async () => {
    const stranger = await (await browser.newContext()).newPage();
    await stranger.goto(`${host.url}/_/#code=${await codeOf((await host.mint()).token)}`);
    await stranger.getByText('You own no database here').waitFor();
    const sockets: string[] = [];
    stranger.on('websocket', (socket) => sockets.push(socket.url()));
    await stranger.goto(address('greenhouse/tables/plant'));
    await stranger.getByText('You own no database of that name here').waitFor();
    expect(await stranger.getByText('plant').count()).toBe(0);
    expect(sockets).toEqual([]);
    await stranger.context().close();
  });

  it('[DASH6] shows rows that change live after a call from elsewhere', async () => {
    await page.goto(address('greenhouse/tables/plant'));
    await plantRow(2).getByText('Mint').waitFor();
    await call('rename', { id: 1, name: 'Thai basil' });
    await plantRow(1).getByText('Thai basil').waitFor();
    expect(await plantRow(1).getAttribute('class')).toContain('row-changed');
    await plant('Cucumber');
    await plantRow(3).getByText('Cucumber').waitFor();
    expect(await plantRow(3).getAttribute('class')).toContain('row-new');
    await page.locator('[data-count=plant]', { hasText: '3' }).waitFor();
    await call('pull', { id: 2 });
    await plantRow(2).waitFor({ state: 'detached' });
    await page.locator('[data-summary]', { hasText: '2 rows' }).waitFor();
  });

  it('[DASH12] finds a table or a function by words of its name', async () => {
    await page.goto(address('greenhouse/tables/plant'));
    const list = page.getByLabel('Tables and views');
    const search = page.getByRole('searchbox', { name: 'Find a table or view' });
    await search.fill('rec');
    await expect.poll(() => list.getByRole('link').allTextContents()).toEqual([expect.stringContaining('recipe')]);
    await search.press('Enter');
    await page.getByText('two parts nettle').waitFor();
    await search.fill('no such');
    await list.getByText('No table or view is called “no such”.').waitFor();
    await search.press('Escape');
    await list.getByRole('link', { name: /^plant/ }).waitFor();
    await page.goto(address('greenhouse/call'));
    await page.getByRole('searchbox', { name: 'Find a function' }).fill('plant add');
    await page.getByRole('searchbox', { name: 'Find a function' }).press('Enter');
    await page.getByRole('heading', { name: 'add_plant' }).waitFor();
  });

  it('[DASH6] shows the rows of private tables and views, and events as they pass', async () => {
    await page.goto(address('greenhouse/tables/recipe'));
    await page.getByText('two parts nettle').waitFor();
    await page.goto(address('greenhouse/tables/dry'));
    await page.getByText('dry is empty').waitFor();
    await page.goto(address('greenhouse/tables/wet'));
    await page.getByText('There is no table wet').waitFor();
    expect(await page.getByLabel('Tables and views').locator('[aria-current=page]').count()).toBe(0);
    await page.goto(address('greenhouse/tables/alarm'));
    await page.getByText('Nothing has passed by yet').waitFor();
    // The page says so before its subscription is there, so it is asked until one has come.
    await until(async () => {
      await call('raise', { sensor: 'door', level: 3 });
      return (await page.getByRole('table').getByText('door').count()) > 0;
    });
  });

  it('[DASH7] holds ten thousand rows: a window of them, sorted and filtered by the engine', async () => {
    await call('measure', { sensor: 'north', count: 10_000 });
    await page.goto(address('greenhouse/tables/reading'));
    await page.locator('[data-summary]', { hasText: '500 of 10,000 rows' }).waitFor();
    expect(await page.locator('tr[data-row]').count()).toBeLessThan(80);
    const scroller = page.getByRole('region', { name: 'Rows of reading' });
    await until(async () => {
      await scroller.evaluate((node) => node.scrollTo({ top: node.scrollHeight }));
      return (await page.locator('tr[data-row="10000"]').count()) === 1;
    });
    await page.getByRole('button', { name: 'id' }).click();
    await page.locator('th[aria-sort=descending]').waitFor();
    await page.getByLabel('Filter the rows').fill('id >= 9000 AND id < 9003');
    await page.keyboard.press('Enter');
    await page.locator('[data-summary]', { hasText: '3 rows match' }).waitFor();
    // The window was at the end of ten thousand rows and follows to where three are.
    const shown = () =>
      page.locator('tr[data-row]').evaluateAll((rows) => rows.map((row) => row.dataset['row']).join());
    await until(async () => (await shown()) === '9002,9001,9000');
    await page.getByLabel('Filter the rows').fill('id >= 9000 AND sensr = 1');
    await page.keyboard.press('Enter');
    await page.locator('[data-fault-at]', { hasText: /^sensr$/ }).waitFor();
  });

  it('[DASH8] runs SQL, and shows an error where it is', async () => {
    await page.goto(address('greenhouse/sql'));
    const editor = page.getByRole('textbox', { name: 'SQL' });
    await editor.fill('SELECT name, height_cm FROM plant\nWERE id = 1');
    await editor.press('Control+Enter');
    await page.locator('[data-editor-fault]', { hasText: /^id$/ }).waitFor();
    await page
      .locator('[data-fault]', { hasText: 'expected the end of the query, saw "id" at character 40' })
      .waitFor();
    await editor.fill('SELECT name, height_cm FROM plant\nWHERE id = 1');
    expect(await page.locator('[data-editor-fault]').count()).toBe(0);
    await editor.press('Control+Enter');
    await page.getByRole('table', { name: 'Result' }).getByText('Thai basil').waitFor();
    await editor.fill('SELECT name, name AS again FROM plant WHERE id = 1; SELECT COUNT(*) AS n FROM reading');
    await editor.press('Control+Enter');
    await page.getByRole('table', { name: 'Result' }).getByText('10000', { exact: true }).waitFor();
    await page.getByRole('button', { name: 'Result 1' }).click();
    expect(await page.getByRole('table', { name: 'Result' }).getByText('Thai basil').count()).toBe(2);
    await editor.fill("UPDATE plant SET name = 'Sweet basil' WHERE id = 1");
    await page.getByRole('button', { name: 'Run' }).click();
    await page.locator('[data-result]', { hasText: '1 updated' }).waitFor();
  });

  it('[DASH9] refuses bad input before it is sent, with a message for each field', async () => {
    const calls: string[] = [];
    page.on('request', (request) => {
      if (request.url().includes('/call/')) calls.push(request.postData() ?? '');
    });
    await page.goto(address('greenhouse/call/add_plant'));
    await page.getByLabel('name string').fill('Lemon');
    await page.getByLabel('height_cm').fill('tall');
    await page.getByLabel('row u8').fill('256');
    const send = page.getByRole('button', { name: 'Call the reducer' });
    await send.click();
    const told = () => page.locator('[data-field-error]').allTextContents();
    expect(await told()).toEqual([
      '“tall” is no number.',
      '“256” is out of range: 0 to 255.',
      'Write a whole number from 0 to 255.',
    ]);
    expect(calls).toEqual([]);
    expect(await page.evaluate(() => document.activeElement?.getAttribute('aria-invalid'))).toBe('true');
    await page.getByLabel('height_cm').fill('31.5');
    await page.getByLabel('row u8').fill('4');
    await page.getByLabel('column u8').fill('5');
    await page.getByLabel('health Health').selectOption('sick');
    await page.getByLabel('sick string').fill('aphids');
    await page.getByRole('button', { name: 'Add to tags' }).click();
    await page.getByLabel('tags 1').first().fill('sour');
    await page.getByLabel('note').check();
    await page.getByLabel('value of note').fill('by the door');
    await send.click();
    await page.locator('[data-call-result=done]', { hasText: 'Committed' }).waitFor();
    expect(calls.map((text) => JSON.parse(text))).toEqual([
      {
        ...{ name: 'Lemon', height_cm: 31.5, health: { sick: 'aphids' }, place: { row: 4, column: 5 } },
        ...{ tags: ['sour'], note: { some: 'by the door' }, is_for_sale: false },
      },
    ]);
  });

  it('[DASH9] takes arguments as JSON too, and shows results and errors', async () => {
    await page.getByRole('button', { name: 'JSON' }).click();
    const json = page.getByLabel('Arguments by name');
    expect(JSON.parse(await json.inputValue())).toMatchObject({ name: 'Lemon', place: { row: 4, column: 5 } });
    await json.fill((await json.inputValue()).replace('"row": 4', '"row": 400'));
    await page.getByRole('button', { name: 'Call the reducer' }).click();
    await page.getByText('place.row is 400, expected 0 to 255.').waitFor();
    await json.fill((await json.inputValue()).replace('"row": 400', '"row": 4').replace('"Lemon"', '" "'));
    await page.getByRole('button', { name: 'Call the reducer' }).click();
    await page.locator('[data-call-result=failed]', { hasText: 'a plant needs a name' }).waitFor();
    await page.getByRole('button', { name: 'Form' }).click();
    expect(await page.getByLabel('value of note').inputValue()).toBe('by the door');
    await page.goto(address('greenhouse/call/total'));
    for (const [at, height] of ['18446744073709551614', '1'].entries()) {
      await page.getByRole('button', { name: 'Add to heights' }).click();
      await page.getByLabel(`heights ${at + 1} u64`).fill(height);
    }
    await page.getByRole('button', { name: 'Call the procedure' }).click();
    await page.locator('[data-call-result=done]', { hasText: '18446744073709551615' }).waitFor();
  });

  it('[DASH10] follows the log, by level and by words, and can be held', async () => {
    await page.goto(address('greenhouse/logs'));
    await page.locator('[data-log=Info]', { hasText: 'the greenhouse is open' }).waitFor();
    await page.getByLabel('Level').selectOption('Error');
    await page.locator('[data-log=Info]').first().waitFor({ state: 'detached' });
    await call('raise', { sensor: 'window', level: 9 });
    await page.locator('[data-log=Error]', { hasText: 'alarm of level 9 at window' }).waitFor();
    await page.getByLabel('Level').selectOption('Trace');
    await page.getByRole('button', { name: 'Pause' }).click();
    await call('raise', { sensor: 'roof', level: 1 });
    await page.getByRole('button', { name: 'Go on (1 new)' }).click();
    await page.getByLabel('Search the lines').fill('ROOF');
    await page.locator('[data-log]', { hasText: 'at roof' }).waitFor();
    expect(await page.locator('[data-log]').count()).toBe(1);
  });

  it('[DASH10] lists who is connected, and since when', async () => {
    await page.goto(address('greenhouse/clients'));
    await page.getByText('this page').waitFor();
    const other = await host.mint();
    const socket = `ws://127.0.0.1:${port}/v1/database/greenhouse/subscribe?compression=None&token=${other.token}`;
    await page.evaluate((url) => {
      const { sockets } = Object.assign(window, { sockets: [] as WebSocket[] });
      sockets.push(new WebSocket(url, 'v3.bsatn.spacetimedb'));
    }, socket);
    await page.locator('[data-client-count]', { hasText: '2' }).waitFor();
    const hex = other.identity.toString(16).padStart(64, '0');
    await page.locator(`[data-client="${hex}"]`).getByText(/since/).waitFor();
    await page.evaluate(() => (window as unknown as { sockets: WebSocket[] }).sockets[0]?.close());
    await page.locator(`[data-client="${hex}"]`).waitFor({ state: 'detached' });
  });

  it('[DASH11] says that it is not live while the host is away, and comes back with fresh rows', async () => {
    await page.goto(address('greenhouse/tables/plant'));
    await plantRow(1).waitFor();
    await host.close();
    await page.locator('[data-connection]:not([data-connection=live])').waitFor();
    await page.getByText('as last known').waitFor();
    expect(await plantRow(1).count()).toBe(1);
    await open();
    await call('rename', { id: 1, name: 'Basil after the night' });
    await page.locator('[data-connection=live]').waitFor({ timeout: 30_000 });
    await plantRow(1).getByText('Basil after the night').waitFor();
    await call('rename', { id: 1, name: 'Basil at noon' });
    await plantRow(1).getByText('Basil at noon').waitFor();
    expect(await page.getByText('as last known').count()).toBe(0);
  });

  it('[DASH12] is worked by keyboard', async () => {
    await page.goto(address('greenhouse/tables/reading'));
    const first = page.getByRole('button', { name: 'Show row 1 in full', exact: true });
    await first.focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    await page.locator('tr[data-row="3"] button:focus').waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('complementary', { name: 'The row in full' }).getByText('north').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('complementary').waitFor({ state: 'detached' });
    await page.keyboard.press('End');
    await page.locator('tr[data-row="500"] button:focus').waitFor();
  });

  it.each(['light', 'dark'] as const)('[DASH12] has no accessibility violation in the %s theme', async (theme) => {
    await page.emulateMedia({ colorScheme: theme, reducedMotion: 'reduce' });
    const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    const found: string[] = [];
    for (const place of ['', ...['tables/plant', 'sql', 'call/add_plant', 'logs', 'clients'].map(inGreenhouse)]) {
      for (const width of [1280, 390]) {
        await page.setViewportSize({ width, height: 844 });
        await page.goto(address(place));
        await page.locator('[data-connection=live]').waitFor();
        await page.locator('.skeleton').first().waitFor({ state: 'detached' });
        // A colour on its way to another is no colour of the theme.
        await page.evaluate(() => Promise.allSettled(document.getAnimations().map(({ finished }) => finished)));
        // The page's own policy forbids code from elsewhere: axe comes in through the debugger.
        await page.evaluate(axe);
        const violations = await page.evaluate(async () => {
          const { axe } = window as unknown as { axe: { run(): Promise<{ violations: { id: string }[] }> } };
          return (await axe.run()).violations.map(({ id }) => id);
        });
        found.push(...violations.map((id) => `${place} at ${width}: ${id}`));
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        if (overflow > 0) found.push(`${place} at ${width}: ${overflow} px too wide`);
      }
    }
    expect(found).toEqual([]);
  });

  it('[DASH5] signs out, and keeps no token', async () => {
    await page.setViewportSize({ width: 1280, height: 860 });
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in as the owner' }).waitFor();
    expect(await page.evaluate(() => localStorage.getItem('helix.dashboard.token'))).toBeNull();
  });

  it('raised no error in the page', () => {
    expect(errors).toEqual([]);
  });
});

const inGreenhouse = (place: string) => `greenhouse/${place}`;

async function until(probe: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 20_000;
  while (!(await probe())) {
    if (Date.now() > deadline) throw new Error('waited 20 s in vain');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
