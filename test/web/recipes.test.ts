import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { secret, standard } from '../events/signed.ts';
import { hasChromium, inChromium } from '../support/chromium.ts';
import { violationsOf } from './axe.ts';
import { TestFace } from './face.ts';

describe.skipIf(!hasChromium)(inChromium('recipes and their runs'), { timeout: 120_000 }, () => {
  let face: TestFace;
  let page: Page;

  beforeAll(async () => {
    face = await TestFace.start();
    await face.startLimb('attic');
    page = await face.signIn('Operator');
  }, 240_000);

  afterAll(async () => face?.close(), 60_000);

  const box = (name: string) => page.locator(`[data-step="${name}"]`);
  const field = (name: string) => page.getByRole('complementary').getByLabel(name, { exact: true });
  const save = async () => {
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.locator('[data-check]', { hasText: /^Saved$/ }).waitFor();
  };
  const add = async (kind: string) => {
    await page.getByRole('button', { name: 'Add step', exact: true }).click();
    await page.getByRole('menuitem', { name: kind }).click();
  };

  it('says what a recipe is when there is none', async () => {
    await page.getByRole('navigation', { name: 'Screens' }).getByRole('link', { name: 'Recipes' }).click();
    await page.getByText('No recipes yet').waitFor();
    await page.locator('[data-ready=digest]').waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await page.getByRole('link', { name: 'Write the first one' }).click();
    await box('answer').waitFor();
  });

  it('builds a recipe on the canvas, and the text says the same with its comments', async () => {
    await box('answer').click();
    await field('Name').fill('look');
    await field('Name').press('Enter');
    await box('look').waitFor();
    await add('Approval');
    await field('Question').fill('Send {{steps.look.text}}?');
    await field('Inputs that are asked for').fill('to: text');
    await field('Name').click();
    await box('ask').waitFor();
    await page.getByRole('link', { name: 'Text', exact: true }).click();
    const text = page.getByRole('textbox', { name: 'Text of the recipe' });
    await expect.poll(() => text.textContent()).toContain('approve: Send {{steps.look.text}}?');
    expect(await text.textContent()).toContain('# Comments like this one stay');
    expect(await text.textContent()).toContain('{{steps.look.text}}');
    expect(await violationsOf(page)).toEqual([]);
  });

  it('shows what is wrong with the text while it is typed, and where', async () => {
    const text = page.getByRole('textbox', { name: 'Text of the recipe' });
    await text.press('Control+End');
    await page.keyboard.insertText('  - id: again\n    output: "{{steps.lok.text}}"\n');
    await page.locator('[data-problem]', { hasText: 'there is no step lok' }).waitFor();
    expect(await page.getByRole('button', { name: 'Save', exact: true }).isDisabled()).toBe(true);
    await page.getByRole('button', { name: 'Undo', exact: true }).click();
    await expect.poll(() => page.locator('[data-problem]').count()).toBe(0);
    await page.getByRole('link', { name: 'Canvas', exact: true }).click();
    await box('ask').waitFor();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('heading', { name: 'my_recipe', level: 1 }).waitFor();
  });

  it('deletes, undoes and moves about by keys', async () => {
    await add('Wait');
    await box('wait').waitFor();
    await box('wait').click();
    await page.keyboard.press('Delete');
    await expect.poll(() => box('wait').count()).toBe(0);
    await box('ask').click();
    await page.keyboard.press('Control+z');
    await box('wait').waitFor();
    await page.keyboard.press('Control+z');
    await expect.poll(() => box('wait').count()).toBe(0);
    expect(await violationsOf(page)).toEqual([]);
  });

  it('says what the recipe is, what is done when a step fails, and takes that back', async () => {
    await page.getByRole('button', { name: 'About the recipe' }).click();
    await field('What it is for').fill('Answers, and asks before it tells.');
    await field('Name').click();
    await box('look').click();
    await page.getByRole('button', { name: 'Add steps for when it fails' }).click();
    await page.getByRole('menuitem', { name: 'Output' }).click();
    await box('output_2').waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await page.getByRole('button', { name: 'Delete step' }).click();
    await expect.poll(() => box('output_2').count()).toBe(0);
    await box('look').click();
    await page.getByLabel('When it fails').selectOption('the run goes on');
    await page.getByRole('link', { name: 'Text', exact: true }).click();
    const text = page.getByRole('textbox', { name: 'Text of the recipe' });
    await expect.poll(() => text.textContent()).toContain('onFailure: continue');
    expect(await text.textContent()).toContain('description: Answers, and asks before it tells.');
    await page.getByRole('link', { name: 'Canvas', exact: true }).click();
    while (await page.getByRole('button', { name: 'Undo', exact: true }).isEnabled())
      await page.getByRole('button', { name: 'Undo', exact: true }).click();
    await page.locator('[data-check]', { hasText: /^Saved$/ }).waitFor();
  });

  it('makes a recipe in TOML YAML when it is asked to, and takes that back', async () => {
    const toml = 'name = "other"\n# The only one\n[[steps]]\nid = "only"\noutput = 1\n';
    await face.owner.reducers.saveRecipe({ tenantId: 1n, text: toml, notation: { tag: 'Toml' } });
    const other = await face.signIn('Operator');
    await other.goto(`${face.url}/recipes`);
    await other.getByRole('link', { name: 'other', exact: true }).click();
    await other.locator('[data-step=only]').waitFor();
    expect(await other.getByRole('button', { name: 'Add step' }).count()).toBe(0);
    await other.getByRole('button', { name: 'Make it YAML' }).click();
    await other.getByRole('alertdialog').getByRole('button', { name: 'Make it YAML' }).click();
    await other.getByRole('button', { name: 'Add step' }).waitFor();
    await other.getByRole('link', { name: 'Text', exact: true }).click();
    const text = other.getByRole('textbox', { name: 'Text of the recipe' });
    await expect.poll(() => text.textContent()).toMatch(/# The only one\s*- id: only/);
    await other.getByRole('button', { name: 'Undo', exact: true }).click();
    await expect.poll(() => text.textContent()).toContain('id = "only"');
    await other.context().close();
    await face.owner.reducers.deleteRecipe({ tenantId: 1n, name: 'other' });
  });

  it('starts it with the inputs that it asks for, and shows the run live on the graph', async () => {
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.getByRole('dialog').getByLabel('question').fill('slowly think');
    await page.getByRole('dialog').getByRole('button', { name: 'Start', exact: true }).click();
    await page.locator('[data-run-page=Running]').waitFor();
    await page.locator('[data-step=look][data-state=Running]').waitFor();
    await page.locator('[data-bar=run-step][data-look=open]').waitFor();
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel', exact: true }).last().click();
    await page.locator('[data-run-page=Cancelled]').waitFor();
    expect(await violationsOf(page)).toEqual([]);
  });

  it('takes a run up from a step with another input', async () => {
    await page.locator('[data-step=look][data-state=Cancelled]').click();
    await page.getByRole('button', { name: 'Replay from here' }).click();
    await expect.poll(() => page.getByLabel('Input, as JSON').inputValue()).toContain('slowly think');
    await page.locator('[data-foreseen="1"]', { hasText: 'look' }).waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await page.getByLabel('Input, as JSON').fill('{"question": "What is a limb?"}');
    await page.getByRole('dialog').getByRole('button', { name: 'Replay from here' }).click();
    await page.locator('[data-step=look][data-state=Done]').waitFor();
    await page.locator('[data-step=ask][data-state=Running], [data-step=ask][data-state=Waiting]').waitFor();
  });

  it('asks in the inbox, in the run and in the navigation, until somebody answers', async () => {
    const other = await face.signIn('Viewer');
    await other.goto(`${face.url}/approvals`);
    await other.getByText('Only an operator or an owner may answer this.').waitFor();
    const link = page.getByRole('navigation', { name: 'Screens' }).getByRole('link', { name: /Approvals/ });
    await expect.poll(() => link.textContent()).toMatch(/1/);
    await page.setViewportSize({ width: 390, height: 844 });
    await page.getByRole('button', { name: /More\s*1 approval waits for you/ }).waitFor();
    await page.setViewportSize({ width: 1280, height: 860 });
    await link.click();
    await page.getByRole('heading', { name: /^Send A limb is a worker/ }).waitFor();
    expect(await violationsOf(page)).toEqual([]);
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.getByRole('alert').filter({ hasText: 'to has to be given.' }).waitFor();
    await page.getByLabel('to', { exact: true }).fill('Ada');
    await page.getByLabel(/A word about it/).fill('well done');
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.locator('[data-decided=Approved]', { hasText: 'well done' }).waitFor();
    await other.locator('[data-decided=Approved]').waitFor();
    await other.context().close();
    await page.getByRole('link', { name: /^my_recipe #/ }).click();
    await page.locator('[data-run-page=Done]').waitFor();
    await page.locator('[data-run-output]', { hasText: 'A limb is a worker process' }).waitFor();
  });

  it('rejects with a word, and the run says so', async () => {
    await page.getByRole('link', { name: 'my_recipe', exact: true }).click();
    await page.getByRole('button', { name: 'Start', exact: true }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Start', exact: true }).click();
    await page.getByLabel(/A word about it/).fill('not today');
    await page.getByRole('button', { name: 'Reject' }).click();
    await page.locator('[data-run-error]', { hasText: 'not today' }).waitFor();
  });

  it('lists runs by filters that are kept in the address', async () => {
    await page.goto(`${face.url}/runs`);
    await expect.poll(() => page.locator('[data-run]').count()).toBe(2);
    await page.locator('[data-run-filter=Failed]').click();
    await expect.poll(() => page.url()).toContain('state=failed');
    await page.reload();
    await expect.poll(() => page.locator('[data-run]').count()).toBe(1);
    expect(await violationsOf(page)).toEqual([]);
  });

  it('compares versions', async () => {
    await page.goto(`${face.url}/recipes`);
    await page.getByRole('link', { name: 'my_recipe', exact: true }).click();
    await box('look').click();
    await field('What it is for').fill('Asks a limb.');
    await field('Name').click();
    await save();
    await page.getByRole('link', { name: 'Versions', exact: true }).click();
    await page.locator('[data-diff=added]', { hasText: 'about: Asks a limb.' }).waitFor();
    expect(await page.locator('[data-diff=removed]').count()).toBe(0);
    expect(await violationsOf(page)).toEqual([]);
  });

  it('shows a viewer everything and lets them change nothing', async () => {
    const viewer = await face.signIn('Viewer');
    await viewer.goto(page.url().replace(/\?.*/, ''));
    await viewer.locator('[data-step=look]').click();
    await viewer.getByRole('complementary').waitFor();
    for (const name of ['Add step', 'Save', 'Start', 'Delete step', 'Delete recipe']) {
      expect(await viewer.getByRole('button', { name, exact: true }).count()).toBe(0);
    }
    await viewer.context().close();
  });

  it('is started by a webhook through a rule, asks, and is taken up again from a step', async () => {
    const { reducers } = face.owner;
    await reducers.createHook({ tenantId: 1n, name: 'desk', kind: 'asked', style: { tag: 'Standard' }, secret });
    const action = 'recipe: { name: my_recipe, input: { question: "{{event.payload.question}}" } }';
    await reducers.saveRule({ tenantId: 1n, text: `name: desk\non: asked\nthen:\n  ${action}\n` });
    await reducers.activateRule({ ruleId: 1n, version: 1 });
    await page.goto(`${face.url}/runs`);
    await page.locator('[data-run]').first().waitFor();
    const { status } = await fetch(`${face.url}/hooks/1`, standard('{"question": "What is a limb?"}'));
    expect(status).toBe(202);
    await page.locator('[data-run="3"]').getByRole('link').first().click();
    await page.locator('[data-step=look][data-state=Done]').waitFor();
    await page.getByLabel('to', { exact: true }).fill('Ada');
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.locator('[data-run-page=Done]').waitFor();
    await page.locator('[data-step=look][data-state=Done]').click();
    await page.getByRole('button', { name: 'Replay from here' }).click();
    await page.getByLabel('Input, as JSON').fill('{"question": "slowly think"}');
    await page.getByRole('dialog').getByRole('button', { name: 'Replay from here' }).click();
    await page.locator('[data-step=look][data-state=Running]').waitFor();
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await page.getByRole('alertdialog').getByRole('button', { name: 'Cancel', exact: true }).last().click();
    await page.locator('[data-run-page=Cancelled]').waitFor();
  });

  it('draws few of 500 steps', async () => {
    const lines = Array.from({ length: 500 }, (_, i) => `  - { id: s${i}, output: ${i} }`);
    const text = `name: long\nsteps:\n${lines.join('\n')}\n`;
    await face.owner.reducers.saveRecipe({ tenantId: 1n, text, notation: { tag: 'Yaml' } });
    await page.goto(`${face.url}/recipes`);
    await page.getByRole('link', { name: 'long', exact: true }).click();
    await page.getByText('500 steps').waitFor();
    await page.locator('[data-step]').first().waitFor();
    await page.getByRole('button', { name: 'Zoom in' }).click({ clickCount: 8, delay: 60 });
    await expect.poll(() => page.locator('[data-step]').count()).toBeLessThan(60);
  });

  it('begins with a recipe that comes with Helix, which can be changed and saved', async () => {
    const other = await face.signIn('Operator');
    await other.goto(`${face.url}/recipes/new`);
    const ready = other.locator('[data-ready=approval-before-action]');
    await ready.getByText('Needs a limb with run_python.').waitFor();
    await ready.getByText('No limb here offers run_python yet.').waitFor();
    await ready.getByRole('link', { name: 'approval-before-action' }).click();
    await other.locator('[data-step=sure]').click();
    await other.getByLabel('Who may answer').selectOption('an operator or an owner');
    await other.getByRole('button', { name: 'Save', exact: true }).click();
    await other.getByRole('heading', { name: 'approval-before-action', level: 1 }).waitFor();
    // A second one takes nobody's name.
    await other.goto(`${face.url}/recipes`);
    await other.getByRole('link', { name: 'New recipe' }).click();
    await ready.getByText('You have one of this name.').waitFor();
    expect(await violationsOf(other)).toEqual([]);
    await ready.getByRole('link', { name: 'approval-before-action' }).click();
    await other.getByRole('link', { name: 'Text', exact: true }).click();
    const text = other.getByRole('textbox', { name: 'Text of the recipe' });
    await expect.poll(() => text.textContent()).toContain('name: approval-before-action-2');
    await other.goto(`${face.url}/recipes/new/nothing`);
    await other.getByText('No such recipe comes with Helix').waitFor();
    await other.context().close();
    await face.owner.reducers.deleteRecipe({ tenantId: 1n, name: 'approval-before-action' });
  });

  it('works at 390 px', async () => {
    await page.goto(`${face.url}/recipes/1`);
    await box('output').click();
    await page.setViewportSize({ width: 390, height: 844 });
    await expect.poll(() => isInSight(page)).toBe(true);
    for (const path of ['/recipes', '/recipes/1', '/runs', '/runs/1', '/approvals']) {
      await page.goto(`${face.url}${path}`);
      await page.locator('[data-recipe], [data-step], [data-run], [data-decided]').first().waitFor();
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
      expect(await violationsOf(page)).toEqual([]);
    }
  });

  it('raised no error in any page', () => {
    expect(face.errors).toEqual([]);
  });
});

/** Whether the chosen step lies within the canvas. */
function isInSight(page: Page): Promise<boolean> {
  return page.evaluate(() => {
    const canvas = document.querySelector('[data-canvas]')?.getBoundingClientRect();
    const step = document.querySelector('.box.selected')?.getBoundingClientRect();
    return !!canvas && !!step && step.top >= canvas.top && step.bottom <= canvas.bottom && step.left >= canvas.left;
  });
}
