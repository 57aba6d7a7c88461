import { Timestamp } from 'spacetimedb';
import { describe, expect, it } from 'vitest';
import { CallError, createTestHub, type Fetch, type TestHub } from './index.ts';

type Reminders = typeof import('./reminders.fixture.ts');

const file = new URL('./reminders.fixture.ts', import.meta.url);
const start = (fetch?: Fetch): Promise<TestHub<Reminders>> =>
  createTestHub<Reminders>(file, fetch === undefined ? {} : { fetch });

const dictionary: Fetch = (request) => {
  const word = new URL(request.url).pathname.slice(1);
  return word === 'milk' ? new Response('white') : new Response('', { status: 404 });
};

describe('procedures', () => {
  it('[KIT11] somebody calls one, the world is the test, and what it commits is seen by deltas', async () => {
    const hub = await start(dictionary);
    const alice = hub.connect(hub.identity('alice'));
    const replica = alice.subscribe('SELECT * FROM my_notes');
    const meaning = await alice.callProcedure('explain', { word: 'milk' });
    expect(meaning).toEqual({ word: 'milk', textBody: 'white', foundAt: hub.now });
    expect(replica.rows('myNotes')).toMatchObject([{ owner: alice.identity, textBody: 'white' }]);
    const nothing = await hub.callProcedure(hub.identity('bob'), 'explain', { word: 'mlik' });
    expect(nothing.textBody).toBeUndefined();
    expect(hub.rows('note')).toHaveLength(1);
  });

  it('[KIT11] one that does not end well is a CallError, with what was logged of it', async () => {
    const hub = await start();
    const bob = hub.identity('bob');
    const refused = hub.callProcedure(bob, 'explain', { word: '' });
    await expect(refused).rejects.toMatchObject({ kind: 'rejected', message: 'there is no word' });
    const failed = hub.callProcedure(bob, 'explain', { word: 'milk' });
    await expect(failed).rejects.toBeInstanceOf(CallError);
    await expect(failed).rejects.toThrow(/https:\/\/dictionary\.example\/milk: nobody answers.*`fetch`/s);
    const thrown = start(() => {
      throw new Error('the cable is out');
    });
    await expect((await thrown).callProcedure(bob, 'explain', { word: 'x' })).rejects.toThrow('the cable is out');
  });

  it('[KIT11] a name or an argument that does not fit is answered at once', async () => {
    const hub = await createTestHub(file);
    await expect(hub.callProcedure(hub.owner, 'look')).rejects.toThrow('there is no procedure look; there are explain');
    await expect(hub.callProcedure(hub.owner, 'runLookup')).rejects.toThrow('there is no procedure runLookup');
    const wrong = hub.callProcedure(hub.owner, 'explain', { word: 5 });
    await expect(wrong).rejects.toThrow('explain.word: expected a string, but got 5');
    const left = hub.connect(hub.owner);
    left.disconnect();
    await expect(left.callProcedure('explain', { word: 'x' })).rejects.toThrow('not connected');
  });

  it('[KIT5] scheduled ones run at their times, and each ends before time goes on', async () => {
    const hub = await start(dictionary);
    hub.call(hub.owner, 'explainLater', { word: 'milk', afterMs: 60_000 });
    await hub.advanceAsync(4 * 60_000);
    expect(hub.rows('dice').map(({ eyes }) => eyes)).toEqual([1, 2, 3, 4]);
    expect(hub.rows('lookup')).toHaveLength(1);
    expect(hub.now).toEqual(new Timestamp(BigInt(Date.parse('2026-01-01T00:04:00Z')) * 1000n));
  });

  it('[KIT5] those that have begun end before the hub has settled', async () => {
    const hub = await start(dictionary);
    hub.call(hub.owner, 'explainLater', { word: 'milk', afterMs: 1 });
    hub.advance(24 * 60 * 60 * 1000);
    await hub.settle();
    expect(hub.rows('dice')).toHaveLength(1);
  });

  it('[KIT7] going back ends those that still run, and the next call works', async () => {
    let ask = (): void => {};
    const asked = new Promise<void>((resolve) => {
      ask = resolve;
    });
    const hub = await start((request) => {
      if (!request.url.endsWith('slow')) return dictionary(request);
      ask();
      return new Promise<Response>(() => {});
    });
    const mark = await hub.snapshot();
    const slow = expect(hub.callProcedure(hub.owner, 'explain', { word: 'slow' })).rejects.toThrow('went back');
    await asked;
    await hub.rewind(mark);
    await slow;
    expect(await hub.callProcedure(hub.owner, 'explain', { word: 'milk' })).toMatchObject({ textBody: 'white' });
  });
});

describe('HTTP handlers', () => {
  it('[KIT12] a request is answered as over the network', async () => {
    const hub = await start();
    const answer = await hub.fetch('/notes', { method: 'POST', body: 'milk', headers: { 'x-kind': 'drink' } });
    expect([answer.status, answer.headers.get('x-kind'), await answer.text()]).toEqual([201, 'drink', 'MILK']);
    expect(hub.rows('note')).toMatchObject([{ textBody: 'milk' }]);
    expect((await hub.fetch('/notes', { method: 'POST' })).status).toBe(422);
    const missing = await hub.fetch('/note');
    expect([missing.status, await missing.text()]).toEqual([
      404,
      'Database has not registered a handler for this route',
    ]);
  });
});

describe('what somebody sees', () => {
  it('[KIT13] a view or a public table can be read as anybody, without a trace', async () => {
    const hub = await start();
    const alice = hub.connect(hub.identity('alice'));
    alice.call('writeNote', { text: 'milk', level: { tag: 'Low' }, answerTo: undefined });
    const visits = hub.rows('visit').length;
    expect(hub.seenBy(alice.identity, 'myNotes').map(({ textBody }) => textBody)).toEqual(['milk']);
    expect(alice.rows('myNotes')).toEqual(hub.seenBy(alice.identity, 'myNotes'));
    expect(hub.seenBy(hub.identity('bob'), 'myNotes')).toEqual([]);
    expect(hub.seenBy(hub.identity('bob'), 'visit')).toHaveLength(visits);
    expect(() => hub.seenBy(hub.identity('bob'), 'note')).toThrow(/note/);
    expect(hub.rows('visit')).toHaveLength(visits);
  });

  it('[KIT13] names, arguments and results are typed by the module', async () => {
    const hub = await start(dictionary);
    const use = async (): Promise<void> => {
      // @ts-expect-error a reducer is no procedure
      await hub.callProcedure(hub.owner, 'roll');
      // @ts-expect-error a procedure is no reducer
      hub.call(hub.owner, 'explain', { word: '' });
      // @ts-expect-error neither is a handler
      hub.call(hub.owner, 'postNote');
      // @ts-expect-error a view is no table
      hub.rows('myNotes');
      // @ts-expect-error a procedure is no view
      hub.seenBy(hub.owner, 'explain');
      // @ts-expect-error the argument is a text
      await hub.callProcedure(hub.owner, 'explain', { word: 5 });
    };
    expect(use).toBeTypeOf('function');
    const text: string | undefined = (await hub.callProcedure(hub.owner, 'explain', { word: 'milk' })).textBody;
    expect(text).toBe('white');
  });
});
