import { parseFeed } from 'feedsmith';
import { LimbError, messageOf } from '../errors.ts';
import { plainText } from '../extractive/sentences.ts';
import { cleanText } from '../text.ts';

export interface Feed {
  readonly title: string;
  /** The newest first. */
  readonly items: readonly FeedItem[];
}

interface FeedItem {
  readonly id: string;
  readonly title: string;
  readonly url: string;
  /** Milliseconds since 1970; none when it says none that can be read. */
  readonly atMs: number | undefined;
  readonly text: string;
}

/** An RSS, Atom, RDF or JSON feed. Throws `LimbError` for anything else. */
export function feedOf({ url, body }: { readonly url: string; readonly body: Buffer }): Feed {
  const { title, items } = parsed(url, body);
  const read = items.map((item) => ({ ...item, url: absolute(item.url, url), id: item.id || item.url || item.title }));
  // Without times the order of the feed stands: most feeds begin with the newest.
  return { title, items: read.sort((a, b) => (b.atMs ?? 0) - (a.atMs ?? 0)) };
}

function parsed(url: string, body: Buffer): Feed {
  let found: ReturnType<typeof parseFeed>;
  try {
    found = parseFeed(new TextDecoder().decode(body));
  } catch (cause) {
    throw new LimbError('not-a-feed', `${url} is no RSS, Atom, RDF or JSON feed (${messageOf(cause)}).`, { cause });
  }
  switch (found.format) {
    case 'atom':
      return {
        title: plain(found.feed.title?.value),
        items: (found.feed.entries ?? []).map((entry) => ({
          id: entry.id ?? '',
          title: plain(entry.title?.value),
          url:
            (entry.links?.find(({ rel }) => rel === undefined || rel === 'alternate') ?? entry.links?.[0])?.href ?? '',
          atMs: timeOf(entry.updated ?? entry.published),
          text: plain(entry.summary?.value ?? entry.content?.value),
        })),
      };
    case 'json':
      return {
        title: plain(found.feed.title),
        items: (found.feed.items ?? []).map((item) => ({
          id: item.id ?? '',
          title: plain(item.title),
          url: item.url ?? '',
          atMs: timeOf(item.date_modified ?? item.date_published),
          text: plain(item.summary ?? item.content_text ?? item.content_html),
        })),
      };
    case 'rss':
      return {
        title: plain(found.feed.title),
        items: (found.feed.items ?? []).map((item) => ({
          id: item.guid?.value ?? '',
          title: plain(item.title),
          url: item.link ?? '',
          atMs: timeOf(item.pubDate),
          text: plain(item.description),
        })),
      };
    case 'rdf':
      return {
        title: plain(found.feed.title),
        items: (found.feed.items ?? []).map((item) => ({
          id: item.link ?? '',
          title: plain(item.title),
          url: item.link ?? '',
          atMs: timeOf(item.dc?.dates?.[0]),
          text: plain(item.description),
        })),
      };
  }
}

/** Without markup, which feeds write once or twice encoded. */
function plain(text: string | undefined): string {
  return plainText(plainText(cleanText(text ?? '').replace(/<[^>]*>/g, ' ')));
}

function timeOf(written: unknown): number | undefined {
  const ms = typeof written === 'string' ? Date.parse(written) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}

function absolute(address: string, base: string): string {
  return address !== '' && URL.canParse(address, base) ? new URL(address, base).href : address;
}
