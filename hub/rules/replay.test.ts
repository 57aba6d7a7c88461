import { describe, expect, it } from 'vitest';
import { readRule } from './language.ts';
import { type PastEvent, Replay, type WouldFire } from './replay.ts';

const second = 1_000_000;
const hour = 3600 * second;
/** A midnight, by UTC. */
const midnight = 1_767_225_600 * second;

function replayed(text: string, events: Iterable<PastEvent>, until: number, timeZone = ''): WouldFire[] {
  const read = readRule(`name: r\n${text}\nthen: { notify: { title: t } }`);
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const replay = new Replay(read.rule, 10_000, timeZone);
  const fired: WouldFire[] = [];
  for (const event of events) fired.push(...replay.passUntil(event.at), ...replay.take(event).fired);
  fired.push(...replay.passUntil(until));
  return fired;
}

/** A day of a sensor for each second: its number goes up and down each hour, and one of ten heartbeats is missing. */
function* day(): Generator<PastEvent> {
  for (let at = 0; at < 24 * 3600; at += 1) {
    const minute = Math.floor(at / 60);
    const level = Math.abs((minute % 60) - 30);
    const kind = minute % 10 === 9 ? 'idle' : 'beat';
    const scope = { kind, source: 's', subject: `sensor ${at % 4}`, payload: { level, minute } };
    yield { id: at + 1, at: midnight + at * second, scope };
  }
}

describe('24 hours of events', () => {
  const until = midnight + 24 * hour;
  const times = (text: string) =>
    replayed(text, day(), until).map(({ completion }) => (completion.at - midnight) / second);

  it('fire a count each time that it is full', () => {
    // 54 beats a minute of every sensor but for the tenth minute; windows do not reach over it.
    expect(times('on: beat\nby: subject\ncount: { atLeast: 135, within: 10m }').length).toBe(24 * 6 * 4);
  });

  it('fire a threshold once an hour, and again only after it was armed', () => {
    // From minute 51 on the level is over 20, until minute 10 of the next hour; the first one is at midnight.
    const crossings = [0, ...Array.from({ length: 24 }, (_, at) => at * 3600 + 51 * 60)];
    expect(times('on: "*"\nthreshold: { of: payload.level, above: 20, rearm: 5 }')).toEqual(crossings);
  });

  it('fire an absence when ten seconds pass without a beat', () => {
    // Each tenth minute is idle: its beat would have been due ten seconds after the last one before it.
    const expected = Array.from({ length: 144 }, (_, gap) => gap * 600 + 539 + 10);
    expect(times('on: beat\nabsence: { of: { on: beat }, within: 10s }')).toEqual(expected);
    expect(times('on: beat\ndebounce: 10s')).toEqual(expected);
  });

  it('fire once a day where the tenant is, in days of 23 and 25 hours too', () => {
    const hours = (from: string, count: number) =>
      Array.from({ length: count }, (_, at): PastEvent => {
        const scope = { kind: 'hour', source: 's', subject: '', payload: {} };
        return { id: at + 1, at: Date.parse(from) * 1000 + at * hour, scope };
      });
    const firedAt = (from: string, count: number, timeZone: string, period = '1d') =>
      replayed(`on: hour\noncePer: ${period}`, hours(from, count), 0, timeZone).map(({ completion }) =>
        new Date(completion.at / 1000).toISOString().slice(5, 13),
      );
    expect(firedAt('2026-03-28T22:00:00Z', 48, 'Europe/Berlin')).toEqual(['03-28T22', '03-28T23', '03-29T22']);
    expect(firedAt('2026-10-24T22:00:00Z', 49, 'Europe/Berlin')).toEqual(['10-24T22', '10-25T23']);
    expect(firedAt('2026-01-01T00:00:00Z', 48, 'America/New_York')).toEqual(['01-01T00', '01-01T05', '01-02T05']);
    expect(firedAt('2026-01-01T00:00:00Z', 48, '')).toEqual(['01-01T00', '01-02T00']);
    expect(firedAt('2026-01-01T00:00:00Z', 4, 'Asia/Kolkata', '2h')).toEqual(['01-01T00', '01-01T02']);
  });

  it('fire once a period by UTC, and changes as often as there are', () => {
    expect(times('on: beat\noncePer: 1h')).toEqual(Array.from({ length: 24 }, (_, at) => at * 3600));
    expect(times('on: "*"\nchange: { of: payload.minute }').length).toBe(24 * 60 - 1);
    expect(times('on: "*"\nchange: { of: payload.level, to: 0 }')).toEqual(
      Array.from({ length: 24 }, (_, at) => at * 3600 + 1800),
    );
  });
});
