import type { Timestamp } from 'spacetimedb';
import type { Event } from '../../bindings/types.ts';
import { plainRow } from './plain-row.ts';
import { clip, oneLine } from './terminal.ts';

/** A time to the second, by UTC. */
export function moment(at: Timestamp): string {
  return at.toISOString().slice(0, 19).replace('T', ' ');
}

/** An event on one line, cut to a width. */
export function eventLine(event: Event, columns = Number.POSITIVE_INFINITY): string {
  const { id, at, kind, source, subject, payload } = event;
  const about = [source, subject].filter((part) => part !== '').map(oneLine);
  const shown = oneLine(payload) === '{}' ? '' : oneLine(payload);
  return clip([moment(at), `#${id}`, kind, about.join(' · '), shown].filter((part) => part !== '').join('  '), columns);
}

/** An event for programs: with its payload as the value that it is. */
export function eventJson(event: Event): string {
  return JSON.stringify({ ...plainRow(event), payload: JSON.parse(event.payload), origin: originOf(event) });
}

/** What made an event, in a word and its number. */
export function originOf({ origin }: Pick<Event, 'origin'>): string {
  const who = origin.tag === 'Member' ? origin.value.toHexString() : `${origin.value}`;
  return `${origin.tag.toLowerCase()}/${who}`;
}
