import { createTestHub } from 'helix/testing';
import { expect, it } from 'vitest';

const start = () => createTestHub<typeof import('./module.ts')>(new URL('./module.ts', import.meta.url));

it('everybody sees who is there, under which name', async () => {
  const hub = await start();
  const ada = hub.connect(hub.identity('ada'));
  ada.call('rename', { name: ' Ada ' });
  expect(hub.query(hub.owner, 'SELECT * FROM person WHERE is_online = true')).toContainEqual(
    expect.objectContaining({ name: 'Ada' }),
  );
});

it('messages are trimmed, and empty ones are refused', async () => {
  const hub = await start();
  const ada = hub.connect(hub.identity('ada'));
  ada.call('send', { text: ' hello ' });
  expect(() => ada.call('send', { text: '  ' })).toThrow('Write something first');
  expect(hub.query(hub.owner, 'SELECT * FROM message')).toMatchObject([{ text: 'hello' }]);
});
