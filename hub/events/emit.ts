import { SenderError } from 'spacetimedb/server';
import { requireJson } from '../lib/json.ts';
import { limits } from '../lib/limits.ts';
import { requireText } from '../lib/text.ts';
import { after, isBefore } from '../lib/time.ts';
import { eventArrived } from '../recipes/arrivals.ts';
import { matchEvent } from '../rules/match.ts';
import type { Ctx, EventOriginValue, EventRow } from '../schema.ts';
import { eventBytes, keepEvent } from './log.ts';

export interface NewEvent {
  readonly tenantId: bigint;
  readonly kind: string;
  readonly source: string;
  /** Default: none. */
  readonly subject?: string;
  /** JSON. */
  readonly payload: string;
  readonly origin: EventOriginValue;
  /** How many rules made events of events before it. Default: 0 */
  readonly depth?: number;
  /** Default: none. */
  readonly dedupeKey?: string;
  /** How long no other event with the key is taken. Default: a day. It ends when the event is dropped. */
  readonly dedupeMs?: number;
}

/**
 * Takes an event of somebody who may emit it, and all that follows from it, in one transaction.
 * @returns none when its dedupe key was seen already. @throws SenderError when it is not as an event must be
 */
export function emitEvent(ctx: Ctx, given: NewEvent): EventRow | undefined {
  const event = requireEvent(given);
  const { tenantId, dedupeKey } = event;
  const key = dedupeKey === '' ? '' : `${tenantId}/${dedupeKey}`;
  const known = key === '' ? undefined : ctx.db.eventKey.key.find(key);
  if (known && isBefore(ctx.timestamp, known.until)) return undefined;
  const row = keepEvent(ctx, event);
  if (key !== '') {
    const until = after(ctx.timestamp, requireWindow(given.dedupeMs));
    // The event that had it before can have made room for this one, and have taken it along.
    if (ctx.db.eventKey.key.find(key)) ctx.db.eventKey.key.update({ key, eventId: row.id, until });
    else ctx.db.eventKey.insert({ key, eventId: row.id, until });
  }
  // Before its rules, which may start runs that wait for the next such event.
  eventArrived(ctx, row);
  matchEvent(ctx, row, (event) => emitEvent(ctx, event));
  return row;
}

/** The event as it is kept. @throws SenderError that says what is wrong with it */
export function requireEvent(given: NewEvent): Parameters<typeof keepEvent>[1] {
  const { tenantId, origin, payload, subject = '', depth = 0, dedupeKey = '' } = given;
  const kind = requireKind(given.kind);
  const source = requireText('source', given.source, limits.eventNameCharsMax);
  if (subject.length > limits.eventSubjectCharsMax) {
    throw new SenderError(
      `invalid-subject: the subject has ${subject.length} characters, at most ${limits.eventSubjectCharsMax} are allowed; shorten it`,
    );
  }
  if (dedupeKey.length > limits.keyCharsMax) {
    throw new SenderError(
      `invalid-dedupe-key: the dedupe key has ${dedupeKey.length} characters, at most ${limits.keyCharsMax} are allowed; shorten it`,
    );
  }
  requireJson('payload', payload, 'send {} when there is nothing to say');
  const event = { tenantId, kind, source, subject: subject.trim(), payload, origin, depth, dedupeKey };
  return { ...event, bytes: eventBytes(event) };
}

/** What has happened, in words of letters and digits: `order.paid`. @throws SenderError when it is no such name */
export function requireKind(text: string): string {
  const kind = requireText('kind', text, limits.eventNameCharsMax);
  if (!/^[A-Za-z0-9][A-Za-z0-9._:/-]*$/.test(kind)) {
    throw new SenderError(
      'invalid-kind: the kind of an event starts with a letter or digit; after it . _ : / - may stand too; write it as order.paid',
    );
  }
  return kind;
}

function requireWindow(dedupeMs: number | undefined): number {
  const ms = dedupeMs === undefined || dedupeMs === 0 ? limits.eventDedupeMs : dedupeMs;
  if (ms > limits.eventDedupeMsMax) {
    throw new SenderError(
      `invalid-window: the dedupe window is ${ms} ms, at most ${limits.eventDedupeMsMax} are allowed; choose a shorter one`,
    );
  }
  return ms;
}
