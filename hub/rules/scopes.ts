import type { Json } from '../conditions/source.ts';
import type { EventRow } from '../schema.ts';
import type { Completion } from './memory.ts';
import type { EventScope } from './network.ts';

/** An event as conditions see it. Its payload was checked to be JSON when it was emitted. */
export function eventScope({ kind, source, subject, payload }: EventText): EventScope {
  return { kind, source, subject, payload: JSON.parse(payload) as Json };
}

type EventText = Pick<EventRow, 'kind' | 'source' | 'subject' | 'payload'>;

/** What the actions of a firing may speak of. Events that are not kept any more are missing. */
export function firingScope(
  rule: { readonly name: string; readonly version: number },
  { count }: Completion,
  group: string,
  events: readonly EventRow[],
): Json {
  const tell = (event: EventRow): Json => ({
    id: Number(event.id),
    at: event.at.toISOString(),
    ...eventScope(event),
  });
  const last = events.at(-1);
  let told: readonly Json[] | undefined;
  return {
    event: last ? tell(last) : null,
    // Up to 100 payloads of 64 KiB, of which few rules speak.
    get events() {
      told ??= events.map(tell);
      return told;
    },
    key: group === '' ? null : (JSON.parse(group) as Json),
    count,
    rule: { name: rule.name, version: rule.version },
  };
}

export function microsOf({ at }: Pick<EventRow, 'at'>): number {
  return Number(at.microsSinceUnixEpoch);
}
