// Takes the pictures in docs/screens: a fresh Helix, a question and a script, in light, dark and at 390 px.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('..', import.meta.url));
const screens = join(root, 'docs/screens');
const home = mkdtempSync(join(tmpdir(), 'helix-screens-'));
mkdirSync(screens, { recursive: true });

const helix = spawn(process.execPath, [join(root, 'cli/bin.js'), 'start', '--port', '3457'], {
  env: { ...process.env, HELIX_HOME: home, NO_COLOR: '1' },
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  const link = await signInLink();
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
  await page.getByRole('textbox', { name: 'Ask' }).waitFor();
  await page.screenshot({ path: join(screens, 'start.png') });
  await ask(page, 'What happens to a task when its limb goes away?');
  await ask(page, 'How is Python isolated?');
  await shoot(page, 'ask');
  await runPython(page, 'import statistics\nprint(statistics.mean([3, 5, 8, 13]))');
  await shoot(page, 'python');
  await browser.close();
} finally {
  helix.kill('SIGTERM');
  await new Promise((resolve) => helix.once('exit', resolve));
  rmSync(home, { recursive: true, force: true });
}

function signInLink() {
  return new Promise((resolve, reject) => {
    createInterface({ input: helix.stdout }).on('line', (line) => {
      const match = line.match(/(http:\/\/\S+#code=\S+)/);
      if (match) resolve(match[1]);
    });
    helix.once('exit', (code) => reject(new Error(`helix start ended with ${code}`)));
  });
}

async function ask(page, question) {
  await page.getByRole('textbox', { name: 'Ask' }).fill(question);
  await page.getByRole('button', { name: 'Send' }).click();
  await page.locator('button[data-task-id][data-state=done]', { hasText: question }).waitFor({ timeout: 60_000 });
  await page.getByRole('list', { name: 'Sources' }).waitFor();
}

async function runPython(page, code) {
  await page.getByRole('radio', { name: 'Python' }).check({ force: true });
  await page.getByRole('textbox', { name: 'Python script' }).fill(code);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  await page.locator('[data-exit]').waitFor({ timeout: 60_000 });
}

async function shoot(page, name) {
  await page.waitForTimeout(600);
  await page.screenshot({ path: join(screens, `${name}.png`) });
  await page.emulateMedia({ colorScheme: 'dark' });
  await page.waitForTimeout(300);
  await page.screenshot({ path: join(screens, `${name}-dark.png`) });
  await page.emulateMedia({ colorScheme: 'light' });
  await page.setViewportSize({ width: 390, height: 844 });
  await page.waitForTimeout(300);
  await page.screenshot({ path: join(screens, `${name}-390.png`) });
  await page.setViewportSize({ width: 1280, height: 860 });
}
