import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { standard } from '../test/events/signed.ts';
import { type MeshHub, startMeshHub } from './testing/mesh-hub.fixture.ts';

let hub: MeshHub;
beforeAll(async () => {
  hub = await startMeshHub();
});
afterAll(() => hub.close());

const listed = async (...args: readonly string[]) =>
  (await hub.told('events', 'list', '--json', ...args)).split('\n').map((line) => JSON.parse(line));

describe('helix events', () => {
  it('emits one, lists those that are asked for, and says when a key was seen', async () => {
    expect((await hub.helix('events', 'list')).stderr).toMatch(/There is no event yet/);
    const payload = '{"total": 120}';
    expect(await hub.told('events', 'emit', 'order.paid', '--subject', 'order 17', '--payload', payload)).toBe(
      'Event 1 is there.',
    );
    expect(await hub.told('events', 'emit', 'build.failed', '--source', "it's CI", '--dedupe-key', 'b1')).toMatch(/2/);
    expect(await hub.told('events', 'emit', 'build.failed', '--dedupe-key', 'b1')).toMatch(/^Nothing was done/);
    expect(await listed('--kind', 'order.*')).toMatchObject([
      { id: '1', kind: 'order.paid', source: 'cli', subject: 'order 17', payload: { total: 120 } },
    ]);
    expect((await listed()).map(({ id }) => id)).toEqual(['2', '1']);
    expect((await listed('--before', '2')).map(({ id }) => id)).toEqual(['1']);
    expect((await listed('--source', "it's CI")).map(({ id }) => id)).toEqual(['2']);
    expect(await hub.told('events', 'list', '--limit', '1')).toMatch(
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}#2 {2}build\.failed {2}it's CI$/,
    );
  });

  it('says what is wrong with an event', async () => {
    const refused = async (...args: readonly string[]) => (await hub.helix('events', 'emit', ...args)).stderr;
    expect(await refused('a', '--payload', '{total}')).toMatch(/^helix: The payload is not JSON \(.*--payload/);
    expect(await refused('a b')).toMatch(/^helix: The hub refused: invalid-kind: /);
    expect(await refused('a', '--file', 'nowhere.json')).toMatch(/There is no file nowhere\.json/);
  });

  it('tails them as they come', async () => {
    const tail = hub.start('events', 'tail', '--kind', 'door.opened', '--limit', '0');
    await tail.line(/Waiting for more/);
    await hub.told('events', 'emit', 'door.closed');
    await hub.told('events', 'emit', 'door.opened', '--subject', 'the back door');
    expect(await tail.line(/door\.opened/)).toContain('the back door');
    tail.child.kill('SIGINT');
    const { code, stdout } = await tail.ended;
    expect([code, stdout.trim().split('\n')]).toEqual([130, [expect.stringContaining('door.opened')]]);
  });

  it('says and sets what is kept', async () => {
    expect(await hub.told('events', 'keep')).toMatch(/newest 10000 \(by default\) events/);
    expect(await hub.told('events', 'keep', '--count', '500', '--days', '7')).toMatch(/newest 500 events.*for 7 days/);
    expect(await hub.told('events', 'keep', '--days', '0')).toMatch(/newest 500 events.*for 30 \(by default\) days/);
  });
});

describe('helix hooks', () => {
  it('makes one, whose secret is shown once, and signs with another one after it was rotated', async () => {
    const made = JSON.parse(await hub.told('hooks', 'create', 'shop', '--kind', 'order.sent', '--json'));
    expect(made).toMatchObject({ hook: '1', address: `${hub.url}/hooks/1`, secret: expect.stringMatching(/^whsec_/) });
    const send = async (id: string, key: string) => {
      const address = `${hub.url}/v1/database/helix/route/hooks?id=${made.hook}`;
      return (await fetch(address, standard('{}', { id, key }))).status;
    };
    expect(await send('m1', made.secret)).toBe(202);
    const { stdout, stderr } = await hub.helix('hooks', 'rotate', 'shop');
    const secret = /secret {3}(\S+)/.exec(stdout)?.[1] ?? '';
    expect([secret === made.secret, stderr]).toEqual([false, expect.stringContaining('not shown again')]);
    expect(await send('m2', made.secret)).toBe(401);
    expect(await send('m2', secret)).toBe(202);
    const list = await hub.told('hooks', 'list');
    expect(list).toMatch(/1 +shop +order\.sent +standard +2 +\d{4}-/);
    expect(list).not.toContain('whsec_');
    expect((await hub.helix('hooks', 'delete', 'shop')).stderr).toMatch(/Delete the hook shop\?.*Add --yes/);
    await hub.told('hooks', 'delete', '1', '--yes');
    expect(await hub.told('hooks', 'list')).toMatch(/^There is no hook/);
    expect((await hub.helix('hooks', 'rotate', 'shop')).stderr).toMatch(/There is no hook shop/);
  });
});

describe('helix schedules', () => {
  it('makes, shows, pauses and deletes them', async () => {
    const cron = ['--cron', '0 7 * * 1-5', '--time-zone', 'Europe/Berlin'];
    expect(await hub.told('schedules', 'create', 'morning', '--kind', 'day.begins', ...cron)).toMatch(
      /^Schedule 1 is due next at \d{4}-\d\d-\d\d 0[56]:00:00 UTC\.$/,
    );
    await hub.told('schedules', 'create', 'beat', '--kind', 'tick', '--every', '15m');
    expect(await hub.told('schedules', 'pause', 'beat')).toBe('The schedule beat rests.');
    const list = await hub.told('schedules', 'list');
    expect(list).toMatch(/1 +morning +day\.begins +0 7 \* \* 1-5 \(Europe\/Berlin\) .* 0 +never/);
    expect(list).toMatch(/2 +beat +tick +every 15m +paused/);
    expect(await hub.told('schedules', 'resume', 'beat')).toMatch(/is due next at/);
    await hub.told('schedules', 'delete', 'beat', '--yes');
    expect(JSON.parse(await hub.told('schedules', 'list', '--json'))).toMatchObject([
      { name: 'morning', timing: '0 7 * * 1-5 (Europe/Berlin)', fires: '0', nextAt: expect.any(String) },
    ]);
  });

  it('goes by the clocks of the tenant where no place is named', async () => {
    expect(await hub.told('tenants', 'time-zone')).toMatch(
      /^The tenant goes by the clocks of UTC, where it is \d\d:\d\d\.$/,
    );
    expect((await hub.helix('tenants', 'time-zone', 'Tokyo')).stderr).toMatch(
      /invalid-time-zone: "Tokyo" is not a time zone/,
    );
    expect(await hub.told('tenants', 'time-zone', 'Asia/Tokyo')).toMatch(/clocks of Asia\/Tokyo/);
    await hub.told('schedules', 'create', 'noon', '--kind', 'noon', '--cron', '0 12 * * *');
    expect(await hub.told('schedules', 'list')).toMatch(
      /noon +noon +0 12 \* \* \* \(Asia\/Tokyo\) +\d{4}-\d\d-\d\d 03:00:00/,
    );
  });

  it('says what is wrong with a time', async () => {
    const refused = async (...args: readonly string[]) =>
      (await hub.helix('schedules', 'create', 'x', '--kind', 'k', ...args)).stderr;
    expect(await refused()).toMatch(/exactly one of --cron, --every and --at/);
    expect(await refused('--every', '1h', '--time-zone', 'UTC')).toMatch(/--time-zone goes with --cron/);
    expect(await refused('--cron', '61 * * * *')).toMatch(/invalid-timing: "61 \* \* \* \*" is not five fields/);
    expect(await refused('--every', 'often')).toMatch(/Expected a duration such as 90s/);
  });
});

describe('helix notifications', () => {
  it('shows what is unread, until it is read', async () => {
    expect((await hub.helix('notifications')).stderr).toMatch(/There is no notification/);
    await hub.told('notifications', 'send', 'Stock is low', '--level', 'warning', '--text', '3 left');
    await hub.told('notifications', 'send', 'The hub moves');
    expect((await hub.told('notifications')).split('\n')).toEqual([
      expect.stringMatching(/^• 2 .* info {6}The hub moves$/),
      expect.stringMatching(/^• 1 .* warning {3}Stock is low {2}3 left$/),
    ]);
    await hub.told('notifications', 'read', '2');
    expect(await hub.told('notifications')).toMatch(/^• 1 .*low/);
    await hub.told('notifications', 'read');
    expect((await hub.helix('notifications')).stderr).toMatch(/You have read them all/);
    expect(JSON.parse(await hub.told('notifications', '--all', '--json'))).toMatchObject([
      { id: '2', isRead: true },
      { id: '1', isRead: true, level: 'Warning' },
    ]);
  });
});
