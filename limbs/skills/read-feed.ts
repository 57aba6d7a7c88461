import { z } from 'zod';
import { LimbError } from '../errors.ts';
import { type Feed, feedOf } from '../reach/feed.ts';
import { clipBytes } from '../summary.ts';
import { counted } from '../text.ts';
import {
  bodyBytesMax,
  fittingJson,
  formatInput,
  type ReachMeans,
  reachFor,
  requireSuccess,
  timeoutInput,
  urlInput,
} from './reaching.ts';
import { defineSkill, type Skill } from './skill.ts';

const input = z.strictObject({
  url: urlInput,
  limit: z.int().min(1).max(50).default(10),
  /** Only items that are newer than the one with this id, or than this time. */
  since: z.string().trim().min(1).max(500).optional(),
  /** Only items of so many hours before now. */
  withinHours: z.number().positive().max(8784).optional(),
  timeoutMs: timeoutInput.default(20_000),
  /** `json` for programs: title, items (id, title, url, at, text), mark (the id of the newest) and more (how many did not fit). */
  format: formatInput,
});

const accept =
  'application/rss+xml, application/atom+xml, application/feed+json, application/xml;q=0.9, text/xml;q=0.9, */*;q=0.5';

/** Reads the newest items of an RSS, Atom, RDF or JSON feed. */
export function readFeedSkill(means: ReachMeans, now: () => number = Date.now): Skill {
  return defineSkill({
    name: 'read_feed',
    input,
    async work({ url, limit, since, withinHours, timeoutMs, format }, { signal }) {
      const got = await reachFor({ url, timeoutMs, accept }, means, signal);
      requireSuccess(got);
      if (got.isCut)
        throw new LimbError('too-large', `${got.url} has more than ${bodyBytesMax} bytes: that is no feed to be read.`);
      const feed = feedOf(got);
      const earliestMs = withinHours === undefined ? undefined : now() - withinHours * 3_600_000;
      const fresh = itemsSince(feed, since).filter(({ atMs }) => earliestMs === undefined || (atMs ?? 0) >= earliestMs);
      const items = fresh.slice(0, limit);
      const mark = feed.items[0]?.id ?? '';
      const title = clipBytes(feed.title, 200);
      const note = `${counted(fresh.length, 'item')} of ${feed.items.length} in the feed${items.length < fresh.length ? `, the newest ${items.length} shown` : ''}.`;
      return {
        text: format === 'json' ? asJson({ title, mark, items }, fresh.length) : asText(items),
        engine: 'read_feed',
        note,
        citations: items.slice(0, 6).map((item) => ({ document: item.url || item.id, section: item.title, quote: '' })),
      };
    },
  });
}

type Item = Feed['items'][number];

/** Newest first. An id that is not there any more hides nothing: the feed has gone on since. */
function itemsSince({ items }: Feed, since: string | undefined): readonly Item[] {
  if (since === undefined) return items;
  const at = items.findIndex(({ id }) => id === since);
  if (at >= 0) return items.slice(0, at);
  const sinceMs = Date.parse(since);
  return Number.isNaN(sinceMs) ? items : items.filter(({ atMs }) => (atMs ?? 0) > sinceMs);
}

function asText(items: readonly Item[]): string {
  if (items.length === 0) return 'Nothing new.';
  return items
    .map(({ title, url, atMs, text }) => {
      const day = atMs === undefined ? '' : ` (${new Date(atMs).toISOString().slice(0, 10)})`;
      return [`- ${title || url}${day}`, `  ${clipBytes(text, 200)}`, `  ${url}`]
        .filter((line) => line.trim() !== '')
        .join('\n');
    })
    .join('\n');
}

function asJson(feed: { title: string; mark: string; items: readonly Item[] }, count: number): string {
  const shown = (items: readonly Item[], bytes: number) => ({
    title: feed.title,
    mark: feed.mark,
    more: count - items.length,
    items: items.map(({ id, title, url, atMs, text }) => ({
      id: clipBytes(id, 300),
      title: clipBytes(title, 160),
      url: clipBytes(url, 300),
      at: atMs === undefined ? null : new Date(atMs).toISOString(),
      text: clipBytes(text, bytes),
    })),
  });
  let bytes = 400;
  return fittingJson(shown(feed.items, bytes), ({ items }) => {
    bytes = Math.floor(bytes / 2);
    const kept = bytes < 20 ? feed.items.slice(0, items.length - 1) : feed.items.slice(0, items.length);
    return kept.length === 0 ? undefined : shown(kept, Math.max(bytes, 20));
  });
}
