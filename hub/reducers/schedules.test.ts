import { Timestamp } from 'spacetimedb';
import { beforeEach, describe, expect, it } from 'vitest';
import { localTenant, type Mesh, startMesh } from '../../test/hub/mesh.ts';
import { nextAfter, type Timing } from '../schedules/times.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
let mesh: Mesh;
beforeEach(async () => {
  mesh = await startMesh();
});

const at = (iso: string) => Timestamp.fromDate(new Date(iso));
const every = (ms: number): Timing => ({ tag: 'EveryMs', value: BigInt(ms) });
const cron = (pattern: string, timeZone = 'Europe/Berlin'): Timing => ({ tag: 'Cron', value: { pattern, timeZone } });
const once = (iso: string): Timing => ({ tag: 'Once', value: at(iso) });

function create(timing: Timing, changes: Partial<{ name: string; kind: string; payload: string }> = {}): void {
  const event = { kind: 'tick', subject: 'clock', payload: '{}' };
  mesh.call(mesh.owner, 'createSchedule', { tenantId: localTenant, name: 'hourly', timing, ...event, ...changes });
}

/** Lets time pass, but for its last minute without the pulse of every second. */
function passTo(iso: string): void {
  mesh.jump(Date.parse(iso) - mesh.now.toDate().getTime() - 60_000);
  mesh.advance(60_000);
}

const times = () => mesh.seenBy(mesh.owner, 'events').map((event) => event.at.toDate().toISOString().slice(5, 16));
function schedule() {
  const [row] = mesh.seenBy(mesh.owner, 'schedules');
  if (!row) throw new Error('there is no schedule');
  return row;
}

describe('a schedule', () => {
  it('makes an event whenever it is due, in its own name', () => {
    create(every(hourMs));
    for (const hour of [1, 2, 3]) passTo(`2026-01-01T0${hour}:00:00Z`);
    expect(times()).toEqual(['01-01T01:00', '01-01T02:00', '01-01T03:00']);
    expect(mesh.seenBy(mesh.owner, 'events')[0]).toMatchObject({
      ...{ tenantId: localTenant, kind: 'tick', source: 'schedule/hourly', subject: 'clock', payload: '{}' },
      origin: { tag: 'Schedule', value: 1n },
    });
    const due = at('2026-01-01T03:00:00Z');
    expect(schedule()).toMatchObject({
      fires: 3n,
      firedAt: due,
      dueAt: due,
      missed: 0,
      nextAt: at('2026-01-01T04:00Z'),
    });
  });

  it('goes by the clocks of its place', () => {
    create(cron('30 9 * * 1-5'));
    for (const day of [1, 2, 3, 4, 5]) passTo(`2026-01-0${day}T08:30:00Z`);
    // Thursday, Friday, and Monday; Berlin is an hour ahead.
    expect(times()).toEqual(['01-01T08:30', '01-02T08:30', '01-05T08:30']);
  });

  it('without a place goes by the clocks of its tenant, as they were when it was made', () => {
    create(cron('0 7 * * *', ''), { name: 'before' });
    mesh.call(mesh.owner, 'setTimeZone', { tenantId: localTenant, timeZone: ' America/New_York ' });
    create(cron('0 7 * * *', ''), { name: 'after' });
    create(cron('0 7 * * *', 'Asia/Tokyo'), { name: 'elsewhere' });
    const zones = mesh
      .seenBy(mesh.owner, 'schedules')
      .map(({ timing, nextAt }) => [timing.tag === 'Cron' && timing.value.timeZone, nextAt?.toDate().toISOString()]);
    expect(zones).toEqual([
      ['UTC', '2026-01-01T07:00:00.000Z'],
      ['America/New_York', '2026-01-01T12:00:00.000Z'],
      ['Asia/Tokyo', '2026-01-01T22:00:00.000Z'],
    ]);
    expect(() => mesh.call(mesh.owner, 'setTimeZone', { tenantId: localTenant, timeZone: 'Berlin' })).toThrow(
      'invalid-time-zone: "Berlin" is not a time zone; name one such as Europe/Berlin, or UTC',
    );
  });

  it('that is due once is over after it', () => {
    create(once('2026-01-01T10:00:00Z'));
    for (const day of [1, 2]) passTo(`2026-01-0${day}T10:00:00Z`);
    expect(times()).toEqual(['01-01T10:00']);
    expect(schedule()).toMatchObject({ fires: 1n, nextAt: undefined, isPaused: false });
    expect(mesh.rows('alarm')).toEqual([]);
  });

  it('rests while it is paused, and goes on from then', () => {
    create(every(hourMs));
    passTo('2026-01-01T01:00:00Z');
    mesh.call(mesh.owner, 'pauseSchedule', { scheduleId: 1n, isPaused: true });
    expect(schedule()).toMatchObject({ isPaused: true, nextAt: undefined });
    passTo('2026-01-01T03:30:00Z');
    mesh.call(mesh.owner, 'pauseSchedule', { scheduleId: 1n, isPaused: false });
    passTo('2026-01-01T04:30:00Z');
    expect(times()).toEqual(['01-01T01:00', '01-01T04:30']);
    mesh.call(mesh.owner, 'deleteSchedule', { scheduleId: 1n });
    passTo('2026-01-01T05:30:00Z');
    expect(times()).toHaveLength(2);
    expect(mesh.rows('alarm')).toEqual([]);
  });

  it('whose only time has passed while it rested cannot go on', () => {
    create(once('2026-01-01T10:00:00Z'));
    mesh.call(mesh.owner, 'pauseSchedule', { scheduleId: 1n, isPaused: true });
    passTo('2026-01-02T10:00:00Z');
    expect(() => mesh.call(mesh.owner, 'pauseSchedule', { scheduleId: 1n, isPaused: false })).toThrow('schedule-over');
  });

  it('that is due only in many years waits that long', () => {
    create(cron('0 0 29 2 *', 'UTC'));
    expect(schedule().nextAt).toEqual(at('2028-02-29T00:00:00Z'));
    mesh.jump(370 * dayMs);
    mesh.advance(1000);
    expect(times()).toEqual([]);
    mesh.jump(420 * dayMs);
    mesh.advance(60_000);
    expect(mesh.seenBy(mesh.owner, 'events')).toHaveLength(1);
  });

  it.each([
    [every(999), {}, 'invalid-timing: every 999 ms is not between 1000 ms and a year'],
    [every(367 * dayMs), {}, 'invalid-timing: every'],
    [once('2025-12-31T23:59:59Z'), {}, 'invalid-timing: that time has passed'],
    [once('2027-02-01T00:00:00Z'), {}, 'invalid-timing: that time is more than a year ahead'],
    [cron('* * * *'), {}, 'invalid-timing: "* * * *" is not five fields of minute, hour, day, month and weekday'],
    [cron('* * * * * *'), {}, 'invalid-timing: "* * * * * *" is not five fields'],
    [cron('60 * * * *'), {}, 'Invalid value for minute: 60'],
    [cron('0 0 30 2 *'), {}, 'invalid-timing: 0 0 30 2 * is never due'],
    [cron('0 0 * * *', 'Berlin'), {}, 'invalid-timing: "Berlin" is not a time zone; name one such as Europe/Berlin'],
    [every(hourMs), { kind: 'a b' }, 'invalid-kind'],
    [every(hourMs), { payload: 'x' }, 'invalid-payload'],
    [every(hourMs), { name: '' }, 'invalid-name'],
  ] as const)('is refused when it is not as it must be (%#)', (timing, changes, message) => {
    expect(() => create(timing, changes)).toThrow(message);
    expect(mesh.rows('schedule')).toEqual([]);
  });

  it('has a name of its own, and there are not too many of them', () => {
    create(every(hourMs));
    expect(() => create(every(hourMs))).toThrow('name-taken');
    for (let i = 1; i < 200; i++) create(every(hourMs), { name: `${i}` });
    expect(() => create(every(hourMs), { name: 'one more' })).toThrow('too-many-schedules');
  });
});

describe('a hub that was away', () => {
  it('catches up once, says how late, and keeps the beat', async () => {
    create(every(hourMs));
    create(cron('15 * * * *'), { name: 'by cron', kind: 'quarter' });
    await mesh.settle();
    mesh.jump(5.5 * hourMs);
    await mesh.crash();
    mesh.advance(20_000);
    const kinds = () => mesh.seenBy(mesh.owner, 'events').map(({ kind }) => kind);
    expect(kinds().sort()).toEqual(['quarter', 'tick']);
    const rows = mesh.seenBy(mesh.owner, 'schedules');
    expect(rows.find(({ name }) => name === 'hourly')).toMatchObject({
      ...{ fires: 1n, dueAt: at('2026-01-01T01:00:00Z'), missed: 4, nextAt: at('2026-01-01T06:00:00Z') },
    });
    expect(rows.find(({ name }) => name === 'by cron')).toMatchObject({
      ...{ fires: 1n, dueAt: at('2026-01-01T00:15:00Z'), missed: 5, nextAt: at('2026-01-01T06:15:00Z') },
    });
    passTo('2026-01-01T06:00:00Z');
    passTo('2026-01-01T06:15:00Z');
    expect(kinds().sort()).toEqual(['quarter', 'quarter', 'tick', 'tick']);
    expect(mesh.seenBy(mesh.owner, 'schedules').map(({ missed }) => missed)).toEqual([0, 0]);
  });

  it('for very long counts no further than a hundred', async () => {
    create(cron('* * * * *'));
    await mesh.settle();
    mesh.jump(dayMs);
    await mesh.crash();
    mesh.advance(30_000);
    expect(schedule()).toMatchObject({ fires: 1n, missed: 100, nextAt: at('2026-01-02T00:01:00Z') });
  });
});

describe('clocks that are set', () => {
  const from = (timing: Timing, iso: string) => nextAfter(timing, at(iso))?.toDate().toISOString();

  it('forward in spring: a time that is skipped is due when they go on', () => {
    const nightly = cron('30 2 * * *');
    expect(from(nightly, '2026-03-28T12:00:00Z')).toBe('2026-03-29T01:00:00.000Z');
    expect(from(nightly, '2026-03-29T01:00:00Z')).toBe('2026-03-30T00:30:00.000Z');
  });

  it('back in autumn: a time that comes twice is due once', () => {
    const nightly = cron('30 2 * * *');
    expect(from(nightly, '2026-10-24T12:00:00Z')).toBe('2026-10-25T00:30:00.000Z');
    expect(from(nightly, '2026-10-25T00:30:00Z')).toBe('2026-10-26T01:30:00.000Z');
  });

  it('leave a time by UTC as it is', () => {
    expect(from(cron('30 2 * * *', 'UTC'), '2026-03-28T12:00:00Z')).toBe('2026-03-29T02:30:00.000Z');
  });
});
