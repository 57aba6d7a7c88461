// Takes the pictures in docs/screens: every screen of a fresh Helix that has worked a little, in light, dark and at 390 px.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const root = fileURLToPath(new URL('..', import.meta.url));
const screens = join(root, 'docs/screens');
const home = mkdtempSync(join(tmpdir(), 'helix-screens-'));
mkdirSync(screens, { recursive: true });

const helix = spawn(process.execPath, [join(root, 'cli/bin.js'), 'start', '--port', String(await freePort())], {
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
  page.setDefaultTimeout(60_000);
  await page.goto(link);
  await page.getByRole('textbox', { name: 'Ask', exact: true }).waitFor();
  await page.waitForTimeout(600);
  await page.screenshot({ path: join(screens, 'start.png') });
  await signInPage(browser, new URL(link).origin);
  await work(page);
  await visit(page);
  await browser.close();
} finally {
  helix.kill('SIGTERM');
  await new Promise((resolve) => helix.once('exit', resolve));
  rmSync(home, { recursive: true, force: true });
}

/** What somebody sees who is not signed in. */
async function signInPage(browser, origin) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 } });
  const page = await context.newPage();
  await page.goto(origin);
  await page.getByRole('heading', { name: 'Open the sign-in link' }).waitFor();
  await shoot(page, 'sign-in');
  await context.close();
}

/** What there is to see: answers, a script that works, one that fails, and tasks that wait. */
async function work(page) {
  await page.locator('button[data-task-id][data-state=done]').first().waitFor();
  await ask(page, 'How is a task claimed?');
  await ask(page, 'What happens to a task when its limb goes away?');
  await ask(page, 'How is Python isolated?');
  await shoot(page, 'ask');
  await page.locator('button[data-task-id]', { hasText: 'goes away' }).click();
  await page.getByRole('textbox', { name: 'Ask a follow-up' }).fill('What is a stale attempt?');
  await page.getByRole('button', { name: 'Ask', exact: true }).click();
  await page.locator('button[data-task-id][data-state=done]', { hasText: 'a stale attempt' }).waitFor();
  await page.getByRole('button', { name: 'Good' }).last().click();
  await page.getByText(/finds this answer good/).waitFor();
  await page.locator('[data-conversation]').evaluate((element) => element.scrollIntoView());
  await shoot(page, 'conversation');
  await runPython(page, 'import statistics\nprint(statistics.mean([3, 5, 8, 13]))');
  await shoot(page, 'python');
  await runPython(page, '# Read a file of the host\nprint(open("/etc/shadow").read())');
  await runPython(page, '# A long count\nimport time\nfor i in range(600):\n    print(i)\n    time.sleep(1)', false);
}

async function visit(page) {
  await go(page, 'Tasks');
  await page.getByRole('row').nth(4).waitFor();
  await shoot(page, 'tasks');
  await page.getByRole('button', { name: 'Board' }).click();
  await shoot(page, 'board');
  await page.getByRole('link', { name: 'How is Python isolated?' }).first().click();
  await page.getByRole('list', { name: 'Where the time went' }).waitFor();
  await shoot(page, 'task');
  await page.keyboard.press('Control+k');
  await page.getByRole('option').first().waitFor();
  await shoot(page, 'commands');
  await page.keyboard.press('Escape');
  await go(page, 'Limbs');
  await page.getByRole('article').waitFor();
  await shoot(page, 'limbs');
  await page.getByRole('button', { name: 'Enrol a limb' }).click();
  await page.getByRole('button', { name: 'Make a pairing code' }).click();
  await page.getByRole('img', { name: 'The pairing code as a QR code' }).waitFor();
  await shoot(page, 'enrol');
  await page.keyboard.press('Escape');
  await recipes(page);
  await go(page, 'Memory');
  await page.getByRole('searchbox').fill('What does a limb send back?');
  await page.keyboard.press('Enter');
  await page.getByRole('list', { name: 'Parts of documents' }).waitFor();
  await shoot(page, 'memory');
  await go(page, 'Rules');
  await page.getByRole('link', { name: 'New rule' }).click();
  await page.getByText('No mistakes').waitFor();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('button', { name: 'Activate version 1' }).click();
  for (const total of [50, 120, 250]) await emit(page, total);
  await shoot(page, 'events');
  await page.locator('[data-event-id]').first().click();
  await page.locator('[data-why]').waitFor();
  await shoot(page, 'why');
  await go(page, 'Rules');
  await page.getByRole('link', { name: 'large orders' }).click();
  await page.getByRole('button', { name: 'Rehearse' }).click();
  await page.locator('[data-rehearsal]').waitFor();
  await shoot(page, 'rule');
  await go(page, 'Rules');
  await page.locator('[data-rule]').waitFor();
  await shoot(page, 'rules');
  await hooksAndSchedules(page);
  await page.getByRole('link', { name: /^Notifications/ }).click();
  await page.getByRole('button', { name: 'Mark all as read' }).waitFor();
  await shoot(page, 'notifications');
  await go(page, 'Budget');
  await page.getByRole('combobox', { name: 'Unit' }).selectOption('Seconds');
  await page.getByRole('textbox', { name: 'At most' }).fill('60');
  await page.getByRole('button', { name: 'Set limit' }).click();
  await page.getByRole('button', { name: 'Seconds' }).click();
  await page.getByRole('img', { name: /^Spending by day/ }).waitFor();
  await shoot(page, 'budget');
  await go(page, 'Activity');
  await page.locator('[data-action=submit_task]').first().waitFor();
  await shoot(page, 'activity');
  await go(page, 'Settings');
  await page.locator('[data-usage]').first().waitFor();
  await shoot(page, 'settings');
}

async function hooksAndSchedules(page) {
  await go(page, 'Events');
  await page.getByRole('link', { name: 'Hooks' }).click();
  await page.getByRole('button', { name: 'New hook' }).click();
  await page.getByLabel('Name').fill('shop');
  await page.getByLabel('Kind of its events').fill('order.paid');
  await page.getByRole('button', { name: 'Make the hook' }).click();
  await page.locator('[data-shown]').first().waitFor();
  await shoot(page, 'hook');
  await page.keyboard.press('Escape');
  await page.locator('[data-hook]').waitFor();
  await shoot(page, 'hooks');
  await page.getByRole('link', { name: 'Schedules' }).click();
  await page.getByRole('button', { name: 'New schedule' }).click();
  await page.getByLabel('Name').fill('morning');
  await page.getByLabel('Kind of its events').fill('day.begins');
  await page.getByRole('button', { name: 'Make the schedule' }).click();
  await page.locator('[data-schedule]').waitFor();
  await shoot(page, 'schedules');
}

/** A recipe on the canvas, a run of it that waits for a person, and what the person sees. */
async function recipes(page) {
  await go(page, 'Recipes');
  await page.locator('[data-ready=digest]').waitFor();
  await shoot(page, 'ready');
  await page.getByRole('link', { name: 'New recipe' }).click();
  await page.getByRole('link', { name: 'Empty recipe' }).click();
  await page.locator('[data-step=answer]').click();
  await page.getByRole('button', { name: 'Add step', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Approval' }).click();
  await page.getByLabel('Question', { exact: true }).fill('Send “{{steps.answer.text}}”?');
  await page.getByLabel('Inputs that are asked for').fill('to: text');
  await page.getByLabel('Name', { exact: true }).click();
  await page.getByRole('button', { name: 'Add step', exact: true }).click();
  await page.getByRole('menuitem', { name: 'Map' }).click();
  await page.getByRole('button', { name: 'Save', exact: true }).click();
  await page.getByRole('heading', { name: 'my_recipe', level: 1 }).waitFor();
  await page.locator('[data-step=ask]').click();
  await shoot(page, 'recipe');
  await page.getByRole('link', { name: 'Text', exact: true }).click();
  await page.getByRole('textbox', { name: 'Text of the recipe' }).waitFor();
  await shoot(page, 'recipe-text');
  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await page.getByRole('dialog').getByLabel('question').fill('How is a task claimed?');
  await page.getByRole('dialog').getByRole('button', { name: 'Start', exact: true }).click();
  await page.locator('[data-approval]').waitFor();
  await page.locator('[data-step=answer]').click();
  await shoot(page, 'run');
  await go(page, 'Approvals');
  await page.locator('[data-approval]').waitFor();
  await shoot(page, 'approvals');
  await page.getByLabel('to', { exact: true }).fill('Ada');
  await page.getByRole('button', { name: 'Approve' }).click();
  await page.locator('[data-decided]').waitFor();
  await go(page, 'Runs');
  await page.locator('[data-run][data-state=Done]').waitFor();
  await shoot(page, 'runs');
  await go(page, 'Recipes');
  await page.locator('[data-recipe]').waitFor();
  await shoot(page, 'recipes');
}

function go(page, name) {
  return page.getByRole('navigation', { name: 'Screens' }).getByRole('link', { name }).click();
}

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
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
  await page.getByRole('textbox', { name: 'Ask', exact: true }).fill(question);
  await page.getByRole('button', { name: 'Send' }).click();
  await page.locator('button[data-task-id][data-state=done]', { hasText: question }).waitFor();
  await page.getByRole('list', { name: 'Sources' }).waitFor();
}

async function emit(page, total) {
  await go(page, 'Events');
  await page.getByRole('button', { name: 'Emit an event' }).click();
  const dialog = page.getByRole('dialog');
  await dialog.getByLabel('Kind').fill('order.paid');
  await dialog.getByLabel('Subject').fill(`order ${total}`);
  await dialog.getByLabel('Payload (JSON)').fill(JSON.stringify({ total }));
  await dialog.getByRole('button', { name: 'Emit', exact: true }).click();
  await page.locator('[data-event-id]', { hasText: `order ${total}` }).waitFor();
}

async function runPython(page, code, isWaitedFor = true) {
  await page.getByRole('radio', { name: 'Python' }).check({ force: true });
  await page.getByRole('textbox', { name: 'Python script' }).fill(code);
  await page.getByRole('button', { name: 'Run', exact: true }).click();
  if (isWaitedFor) await page.locator('[data-exit]').waitFor();
  else await page.locator('button[data-task-id][data-state=running]').waitFor();
}

async function shoot(page, name) {
  // What passes by is on no picture, and nothing is under the pointer.
  await page.mouse.move(0, 0);
  await page.waitForFunction(() => document.querySelector('[data-sonner-toast]') === null);
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
  await page.waitForTimeout(100);
}
