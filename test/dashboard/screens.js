// Takes the pictures of the dashboard in docs/screens: a greenhouse, in light, dark and at 390 px.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('../..', import.meta.url));
const screens = join(root, 'docs/screens');
const data = mkdtempSync(join(tmpdir(), 'helix-screens-'));
mkdirSync(screens, { recursive: true });

const module = join(root, 'test/dashboard/greenhouse.ts');
const args = ['hub', 'start', '--module', module, '--name', 'greenhouse', '--data', data, '--listen', '127.0.0.1:0'];
const hub = spawn(process.execPath, [join(root, 'cli/bin.js'), ...args], { stdio: ['ignore', 'pipe', 'ignore'] });
try {
  const link = await dashboardLink();
  const { origin } = new URL(link);
  const browser = await chromium.launch({
    executablePath: '/usr/bin/chromium',
    args: [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ],
  });
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 } });
  const page = await context.newPage();
  await page.goto(link);
  await page.getByRole('list', { name: 'Databases' }).waitFor();
  const token = await page.evaluate(() => localStorage.getItem('helix.dashboard.token'));
  const call = async (fn, body) => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    const path = `${origin}/v1/database/greenhouse/call/${fn}`;
    const answer = await fetch(path, { method: 'POST', headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${fn}: ${await answer.text()}`);
  };
  await fill(call);

  await open(page, origin, 'greenhouse/tables/plant');
  await page.getByRole('button', { name: 'Show row 2 in full' }).click();
  await shoot(page, 'dashboard', async () => {
    await call('rename', { id: 4, name: `Bird pepper, pot ${1 + (page.viewportSize().width % 7)}` });
    await page.waitForTimeout(250);
  });

  await open(page, origin, 'greenhouse/sql');
  const editor = page.getByRole('textbox', { name: 'SQL' });
  await editor.fill(
    'SELECT sensor, celsius, taken_at\nFROM reading\nWHERE celsius > 30\nORDER BY celsius DES LIMIT 100',
  );
  await editor.press('Control+Enter');
  await page.locator('[data-fault]').waitFor();
  await page.screenshot({ path: join(screens, 'dashboard-sql-error.png') });
  await editor.fill(
    'SELECT sensor, celsius, taken_at\nFROM reading\nWHERE celsius > 30\nORDER BY celsius DESC LIMIT 100',
  );
  await editor.press('Control+Enter');
  await page.locator('[data-result]').waitFor();
  await shoot(page, 'dashboard-sql');

  await open(page, origin, 'greenhouse/call/add_plant');
  await page.getByLabel('name string').fill('Lemon');
  await page.getByLabel('height_cm').fill('31.5');
  await page.getByLabel('health Health').selectOption('sick');
  await page.getByLabel('sick string').fill('aphids');
  await page.getByLabel('row u8').fill('256');
  await page.getByLabel('column u8').fill('3');
  await page.getByRole('button', { name: 'Call the reducer' }).click();
  await shoot(page, 'dashboard-call');

  await open(page, origin, 'greenhouse/logs');
  await page.locator('[data-log]').first().waitFor();
  await shoot(page, 'dashboard-logs');
  await open(page, origin, 'greenhouse/clients');
  await page.getByText('this page').waitFor();
  await page.screenshot({ path: join(screens, 'dashboard-clients.png') });
  await open(page, origin, '');
  await page.locator('[data-rows]').waitFor();
  await page.screenshot({ path: join(screens, 'dashboard-databases.png') });
  await browser.close();
} finally {
  hub.kill('SIGTERM');
  await new Promise((resolve) => hub.once('exit', resolve));
  rmSync(data, { recursive: true, force: true });
}

function dashboardLink() {
  return new Promise((resolve, reject) => {
    createInterface({ input: hub.stdout }).on('line', (line) => {
      const match = line.match(/(http:\/\/\S+#code=\S+)/);
      if (match) resolve(match[1]);
    });
    hub.once('exit', (code) => reject(new Error(`helix hub start ended with ${code}: is the dashboard built?`)));
  });
}

async function fill(call) {
  const names = [
    'Roma tomato',
    'Sungold tomato',
    'Basil',
    'Bird pepper',
    'Cucumber',
    'Meyer lemon',
    'Mint',
    'Aubergine',
  ];
  const states = [{ thriving: [] }, { thirsty: 0.4 }, { sick: 'aphids' }];
  for (const [at, name] of names.entries()) {
    await call('add_plant', {
      ...{ name, height_cm: 20 + at * 7.5, health: states[at % 3], place: { row: at % 4, column: at } },
      ...{ tags: at % 2 ? ['edible', 'sun'] : [], note: at % 3 ? null : 'shade at noon', is_for_sale: at % 2 === 0 },
    });
  }
  await call('measure', { sensor: 'north bed', count: 10_000 });
  await call('raise', { sensor: 'north bed', level: 2 });
}

async function open(page, origin, place) {
  await page.goto(`${origin}/_/#/${place}`);
  await page.locator('[data-connection=live]').waitFor();
}

async function shoot(page, name, before = () => page.waitForTimeout(400)) {
  await before();
  await page.screenshot({ path: join(screens, `${name}.png`) });
  await page.emulateMedia({ colorScheme: 'dark' });
  await before();
  await page.screenshot({ path: join(screens, `${name}-dark.png`) });
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 390, height: 844 });
  await before();
  await page.screenshot({ path: join(screens, `${name}-390.png`) });
  await page.setViewportSize({ width: 1280, height: 860 });
}
