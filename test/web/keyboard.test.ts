import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasChromium, inChromium } from '../support/chromium.ts';
import { TestFace } from './face.ts';

/** Each screen with a text that is there when it is whole. */
const screens = {
  ask: 'Recent tasks',
  'ask?task=1': 'Ask a follow-up',
  tasks: 'What is a limb?',
  'tasks?view=board': 'What is a limb?',
  'tasks/1': 'small summary',
  limbs: '12 documents, 340 chunks',
  memory: '84.0 KiB',
  events: 'No event yet',
  'events/hooks': 'No hook yet',
  budget: 'By model or engine',
  activity: 'submitted a task:',
  recipes: 'No recipes yet',
  runs: 'No runs here',
  approvals: 'Nothing waits for you',
  settings: 'Unfinished tasks',
};

describe.skipIf(!hasChromium)(inChromium('the keyboard'), { timeout: 120_000 }, () => {
  let face: TestFace;
  let page: Page;

  beforeAll(async () => {
    face = await TestFace.start();
    await face.startLimb('attic');
    await face.ask('What is a limb?');
    page = await face.signIn();
  }, 240_000);

  afterAll(async () => face?.close(), 60_000);

  it.each(Object.entries(screens))('reaches everything on /%s by Tab, and shows where it is', async (path, text) => {
    await page.goto(`${face.url}/${path}`);
    await page.getByText(text).or(page.getByPlaceholder(text)).first().waitFor();
    await page.locator('[data-connection=live]').waitFor();
    const all = await page.evaluate(markStops);
    const reached = new Set<string>();
    const unseen: string[] = [];
    for (let pressed = 0; pressed < all.length + 10 && reached.size < all.length; pressed++) {
      await page.keyboard.press('Tab');
      const stop = await page.evaluate(currentStop);
      if (stop === undefined) continue;
      reached.add(stop.name);
      if (!stop.isSeen) unseen.push(stop.name);
    }
    expect(all.filter((name) => !reached.has(name))).toEqual([]);
    expect(unseen).toEqual([]);
  });

  it('raised no error in any page', () => {
    expect(face.errors).toEqual([]);
  });
});

/** Runs in the page: gives everything that can be used a name, and returns the names. */
function markStops(): string[] {
  const usable = 'a[href], button, input, select, textarea, summary, [tabindex]';
  const stops = [...document.querySelectorAll<HTMLElement>(usable)].filter((element) => {
    if (element.tabIndex < 0 || element.matches(':disabled') || element.closest('[inert]')) return false;
    // Of the choices of one group the arrows reach the others.
    if (element instanceof HTMLInputElement && element.type === 'radio' && !element.checked) return false;
    return element.checkVisibility();
  });
  return stops.map((element, index) => {
    const words = element.getAttribute('aria-label') ?? element.textContent?.trim().slice(0, 40) ?? '';
    element.dataset['stop'] = `${index} ${element.localName} ${words}`;
    return element.dataset['stop'];
  });
}

/** Runs in the page: what has the focus, and whether it, or what stands around it, shows that. */
function currentStop(): { name: string; isSeen: boolean } | undefined {
  const element = document.activeElement;
  if (!(element instanceof HTMLElement) || element.dataset['stop'] === undefined) return undefined;
  const frames = [element, element.parentElement, element.closest('.composer'), element.closest('[role=row]')];
  const isSeen = frames.some((frame) => {
    if (!frame) return false;
    const style = getComputedStyle(frame);
    const hasFrame = style.outlineStyle !== 'none' || frame.matches('.composer:focus-within');
    return hasFrame || (frame.matches('[role=row]') && style.boxShadow !== 'none');
  });
  return { name: element.dataset['stop'], isSeen };
}
