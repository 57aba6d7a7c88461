import { existsSync } from 'node:fs';
import { type Browser, chromium } from 'playwright-core';

const executablePath = '/usr/bin/chromium';

/** Tests of pages are skipped, by name, where Debian's Chromium is missing. */
export const hasChromium = existsSync(executablePath);

export function launchChromium(): Promise<Browser> {
  return chromium.launch({
    executablePath,
    args: [
      ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ],
  });
}

/** The title of a suite of pages, which says why it is skipped where it is. */
export function inChromium(title: string): string {
  return hasChromium ? `${title} in Chromium` : `${title} in Chromium (skipped: ${executablePath} is missing)`;
}
