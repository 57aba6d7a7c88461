import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Page } from 'playwright-core';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe finds wrong with a page, in each theme. */
export async function violationsOf(page: Page): Promise<string[]> {
  const found: string[] = [];
  // One that goes away while axe looks is half seen.
  await page.waitForFunction(() => document.querySelector('[data-sonner-toast]') === null);
  for (const colorScheme of ['light', 'dark'] as const) {
    await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    // A colour on its way to another is no colour of the theme.
    await page.evaluate(() => Promise.allSettled(document.getAnimations().map(({ finished }) => finished)));
    // The page's own policy forbids code from elsewhere: axe comes in through the debugger.
    await page.evaluate(axe);
    const violations = await page.evaluate(async () => {
      const { axe } = window as unknown as {
        axe: { run(options: object): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }> };
      };
      return (await axe.run({ rules: { 'target-size': { enabled: true } } })).violations.map(
        ({ id, nodes }) => `${id}: ${nodes[0]?.html.slice(0, 300)}`,
      );
    });
    found.push(...violations.map((violation) => `${colorScheme}: ${violation}`));
  }
  await page.emulateMedia({ colorScheme: 'light' });
  return found;
}
