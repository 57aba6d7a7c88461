import { expect, test } from 'vitest';
import { createTestHub } from './index.ts';

const module = new URL('./reminders.fixture.ts', import.meta.url);

test('a reminder becomes a note at its time', async () => {
  const hub = await createTestHub<typeof import('./reminders.fixture.ts')>(module, {
    fetch: () => new Response('white'),
  });
  const alice = hub.connect(hub.identity('alice'));
  const visits = alice.subscribe('SELECT * FROM visit');

  alice.call('remind', { afterMs: 60_000, text: 'buy milk' });
  expect(hub.rows('note')).toEqual([]);

  const mark = await hub.snapshot();
  hub.advance(60_000);
  expect(hub.rows('note')).toMatchObject([{ textBody: 'buy milk' }]);

  await hub.rewind(mark);
  expect(hub.rows('note')).toEqual([]);

  const empty = { text: '', level: { tag: 'Low' as const } };
  expect(() => hub.call(hub.identity('bob'), 'writeNote', empty)).toThrow('the note is empty');
  expect(visits.deltas.map(({ inserts }) => inserts[0]?.['isHere'])).toEqual([true, false]);

  expect(await alice.callProcedure('explain', { word: 'milk' })).toMatchObject({ textBody: 'white' });
  expect(hub.seenBy(alice.identity, 'myNotes')).toHaveLength(1);

  await hub.crash();
  expect(alice.isConnected).toBe(false);
});
