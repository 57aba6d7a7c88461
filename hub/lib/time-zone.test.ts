import { describe, expect, it } from 'vitest';
import { isTimeZone, localDayOf, localTimeOf } from './time-zone.ts';

const at = Date.parse;

describe('a time zone', () => {
  it('is a name of the IANA', () => {
    expect(['UTC', 'Europe/Berlin', 'America/Argentina/Ushuaia', 'Asia/Kolkata'].every(isTimeZone)).toBe(true);
    const others = ['', ' ', 'Berlin', 'Europe/Atlantis', '+02:00', 'x'.repeat(1000), 'Europe/Berlin\n', '__proto__'];
    expect(others.filter(isTimeZone)).toEqual([]);
  });

  it('has clocks that show another time, and are set in spring and autumn', () => {
    const instants = [
      '2026-01-01T23:30:00.999Z',
      '2026-03-29T00:59:59Z',
      '2026-03-29T01:00:00Z',
      '2026-10-25T01:00:00Z',
    ];
    expect(instants.map((instant) => localTimeOf(at(instant), 'Europe/Berlin'))).toEqual([
      '2026-01-02T00:30:00',
      '2026-03-29T01:59:59',
      '2026-03-29T03:00:00',
      '2026-10-25T02:00:00',
    ]);
    expect(localTimeOf(at('2026-01-01T00:00:00Z'), 'Asia/Kolkata')).toBe('2026-01-01T05:30:00');
    expect(localTimeOf(at('2026-01-01T00:00:00Z'), '')).toBe('2026-01-01T00:00:00');
  });

  it('has days that begin at its midnight', () => {
    const dayIn = (instant: string, timeZone: string) => localDayOf(at(instant), timeZone);
    expect(dayIn('1970-01-01T00:00:00Z', '')).toBe(0);
    expect(dayIn('1970-01-02T04:59:59Z', 'America/New_York')).toBe(0);
    expect(dayIn('1970-01-02T05:00:00Z', 'America/New_York')).toBe(1);
    expect(dayIn('2026-12-31T10:00:00Z', 'Pacific/Auckland') - dayIn('2026-12-31T10:00:00Z', 'UTC')).toBe(0);
    expect(dayIn('2026-12-31T11:00:00Z', 'Pacific/Auckland') - dayIn('2026-12-31T11:00:00Z', 'UTC')).toBe(1);
  });
});
