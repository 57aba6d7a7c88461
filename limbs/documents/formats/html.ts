import { parseHTML } from 'linkedom';
import TurndownService from 'turndown';

/** What a page has around its text. */
const surroundings =
  'script, style, noscript, template, nav, aside, form, iframe, svg, header, footer, [hidden], [role=navigation], [aria-hidden=true]';

/** The main text of a page as Markdown, and its title. */
export function htmlToMarkdown(html: string): { title: string; markdown: string } {
  const { document } = parseHTML(/<html[\s>]/i.test(html) ? html : `<html><body>${html}</body></html>`);
  const title = document.querySelector('title')?.textContent?.trim() ?? '';
  const main = document.querySelector('main, [role=main], article') ?? document.body;
  for (const element of main.querySelectorAll(surroundings)) {
    // A header within the text may hold its first heading.
    const heading = element.matches('header') ? element.querySelector('h1, h2') : null;
    if (heading) element.replaceWith(heading);
    else element.remove();
  }
  const turndown = new TurndownService({ headingStyle: 'atx', codeBlockStyle: 'fenced', bulletListMarker: '-' });
  return { title, markdown: turndown.turndown(main.innerHTML).trim() };
}
