import { createTestHub } from 'helix/testing';
import { expect, it } from 'vitest';

const module = new URL('./module.ts', import.meta.url);

it('one alarm a sensor is kept up to date until it is settled', async () => {
  const hub = await createTestHub<typeof import('./module.ts')>(module);
  const watcher = hub.identity('watcher');
  hub.call(watcher, 'raise', { sensor: 'attic', celsius: 31 });
  hub.call(watcher, 'raise', { sensor: 'attic', celsius: 35 });
  expect(hub.query(watcher, 'SELECT * FROM alarm')).toMatchObject([{ sensor: 'attic', celsius: 35 }]);
  hub.call(watcher, 'settle', { sensor: 'attic' });
  expect(hub.query(watcher, 'SELECT * FROM alarm')).toEqual([]);
});

it('a sensor without a name reports nothing', async () => {
  const hub = await createTestHub<typeof import('./module.ts')>(module);
  expect(() => hub.call(hub.owner, 'report', { sensor: '', celsius: 20 })).toThrow();
  expect(hub.query(hub.owner, 'SELECT * FROM reading')).toEqual([]);
});
