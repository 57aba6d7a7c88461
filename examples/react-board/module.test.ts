import { createTestHub } from 'helix/testing';
import { expect, it } from 'vitest';

const start = () => createTestHub<typeof import('./module.ts')>(new URL('./module.ts', import.meta.url));
const toDo = { tag: 'ToDo' as const };
const doing = { tag: 'Doing' as const };

it('cards keep their places without a gap, whatever is moved or removed', async () => {
  const hub = await start();
  const ada = hub.connect(hub.identity('ada'));
  for (const title of ['a', 'b', 'c']) ada.call('addCard', { title, stage: toDo });
  const board = () =>
    hub
      .rows('card')
      .sort((one, other) => one.place - other.place)
      .map(({ title, stage, place }) => `${stage.tag} ${place} ${title}`)
      .sort();

  ada.call('moveCard', { id: 3n, stage: toDo, place: 0 });
  expect(board()).toEqual(['ToDo 0 c', 'ToDo 1 a', 'ToDo 2 b']);
  ada.call('moveCard', { id: 1n, stage: doing, place: 99 });
  expect(board()).toEqual(['Doing 0 a', 'ToDo 0 c', 'ToDo 1 b']);
  ada.call('removeCard', { id: 3n });
  expect(board()).toEqual(['Doing 0 a', 'ToDo 0 b']);
});

it('a card is given to somebody who has been here, and nobody else', async () => {
  const hub = await start();
  const ada = hub.connect(hub.identity('ada'));
  ada.call('addCard', { title: ' Write it down ', stage: toDo });
  ada.call('assignCard', { id: 1n, assignee: ada.identity });
  expect(hub.rows('card')).toMatchObject([{ title: 'Write it down', assignee: ada.identity }]);
  expect(() => ada.call('assignCard', { id: 1n, assignee: hub.identity('nobody') })).toThrow('has been here');
  expect(() => ada.call('addCard', { title: ' ', stage: toDo })).toThrow('Write a title first');
  expect(() => ada.call('removeCard', { id: 7n })).toThrow('Somebody else has removed this card');
});

it('somebody is there as long as one of their windows is open', async () => {
  const hub = await start();
  const windows = [hub.connect(hub.identity('ada')), hub.connect(hub.identity('ada'))];
  windows[0]?.disconnect();
  expect(hub.rows('person')).toMatchObject([{ windows: 1 }]);
  windows[1]?.disconnect();
  expect(hub.rows('person')).toMatchObject([{ windows: 0 }]);
});
