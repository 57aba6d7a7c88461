import { readFileSync } from 'node:fs';
import { Identity, Timestamp } from 'spacetimedb';
import { describe, expect, it } from 'vitest';
import { CallError, createTestHub, type TestHub } from './index.ts';

type Reminders = typeof import('./reminders.fixture.ts');

const file = new URL('./reminders.fixture.ts', import.meta.url);
const note = { text: 'milk', level: { tag: 'Low' as const }, answerTo: undefined };

async function start(): Promise<TestHub<Reminders>> {
  return await createTestHub<Reminders>(file);
}

function texts(hub: TestHub<Reminders>): string[] {
  return hub.rows('note').map(({ textBody }) => textBody);
}

/** What `act` throws. */
function thrown(act: () => unknown): Error {
  try {
    act();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error('nothing was thrown');
}

describe('calls and rows', () => {
  it('[KIT1] somebody calls a reducer, and the row comes back as the official client would give it', async () => {
    const hub = await start();
    const alice = hub.identity('alice');
    const until = new Timestamp(5n);
    hub.call(alice, 'writeNote', { text: 'milk', level: { tag: 'UrgentUntil', value: until }, answerTo: 7n });
    const [row] = hub.rows('note');
    expect(row).toEqual({
      id: 1n,
      owner: alice,
      textBody: 'milk',
      level: { tag: 'UrgentUntil', value: until },
      answerTo: 7n,
    });
    expect(row?.owner).toBeInstanceOf(Identity);
  });

  it('[KIT1] names may be canonical', async () => {
    const hub = await createTestHub(file);
    const args = { text: 'milk', level: { tag: 'urgentUntil', value: new Timestamp(0n) }, answer_to: 1n };
    hub.call(hub.owner, 'write_note', args);
    expect(hub.rows('note')).toMatchObject([{ textBody: 'milk', answerTo: 1n }]);
    expect(hub.query(hub.owner, 'SELECT * FROM my_notes')).toEqual(hub.rows('note'));
  });

  it('[KIT1] an option that is none may be left out', async () => {
    const hub = await createTestHub(file);
    hub.call(hub.owner, 'writeNote', { text: 'milk', level: { tag: 'Low' } });
    expect(hub.rows('note')).toMatchObject([{ level: { tag: 'Low' }, answerTo: undefined }]);
  });

  it('[KIT1] a name is the same identity in every hub, with claims of its own', async () => {
    const [one, other] = [await start(), await start()];
    expect(one.identity('alice')).toEqual(other.identity('alice'));
    expect(one.identity('alice')).not.toEqual(one.identity('bob'));
    expect(thrown(() => one.connect(one.identity('mallory')))).toMatchObject({
      code: 'connect-refused',
      message: 'you are not welcome',
    });
  });

  it('[KIT1] a call without a connection has one for as long as it runs', async () => {
    const hub = await start();
    hub.call(hub.owner, 'roll');
    expect(hub.rows('visit').map(({ isHere }) => isHere)).toEqual([true, false]);
  });
});

describe('failures', () => {
  it('[KIT2] a SenderError is thrown with its message', async () => {
    const hub = await start();
    const error = thrown(() => hub.call(hub.owner, 'writeNote', { ...note, text: '' }));
    expect(error).toBeInstanceOf(CallError);
    expect(error).toMatchObject({ kind: 'rejected', message: 'the note is empty' });
  });

  it('[KIT2] any other failure is thrown with what was logged of it, and nothing of the call is left', async () => {
    const hub = await start();
    const error = thrown(() => hub.call(hub.owner, 'stumble'));
    expect(error).toMatchObject({ kind: 'failed' });
    expect(error.message).toMatch(/over its own feet.*reminders\.fixture\.ts:\d+/s);
    expect(hub.rows('dice')).toEqual([]);
    expect(hub.logs().at(-1)?.message).toContain('over its own feet');
  });

  it('[KIT2] a reducer that never ends is ended', async () => {
    const hub = await createTestHub<Reminders>(file, { callMsMax: 50 });
    expect(thrown(() => hub.call(hub.owner, 'spin')).message).toContain('longer than 50 ms');
    hub.call(hub.owner, 'roll');
    expect(hub.rows('dice')).toHaveLength(1);
  });

  it('[KIT3] a name that does not exist is answered with those that do', async () => {
    const hub = await createTestHub(file);
    expect(thrown(() => hub.call(hub.owner, 'write')).message).toBe(
      'there is no reducer write; there are count, explain_later, remind, remind_every, remove_notes, ring, roll, spin, stumble, write_note',
    );
    expect(thrown(() => hub.rows('notes')).message).toBe(
      'there is no table notes; there are bell, dice, lookup, note, reminder, visit',
    );
  });

  it.each([
    [{ ...note, text: 5 }, 'write_note.text: expected a string, but got 5'],
    [
      { text: 'milk', level: note.level, answerTo: 5 },
      'write_note.answerTo: expected a bigint that fits u64, but got 5',
    ],
    [
      { text: 'milk' },
      "write_note.level: expected an object with the tag 'Low', 'UrgentUntil' and a value, but got nothing",
    ],
    [{ ...note, colour: 'red' }, 'write_note: there is no colour; there are text, level, answerTo'],
    [
      { ...note, level: { tag: 'UrgentUntil', value: 5n } },
      'write_note.level.UrgentUntil: expected a value of the class Timestamp, but got 5n',
    ],
    [{ ...note, text: new Timestamp(0n) }, 'write_note.text: expected a string, but got a _Timestamp'],
  ])('[KIT3] an argument that does not fit is named with what was expected: %#', async (args, message) => {
    const hub = await createTestHub(file);
    expect(thrown(() => hub.call(hub.owner, 'write_note', args)).message).toBe(message);
  });

  it('[KIT3] a subscription and a query that cannot be answered are rejections', async () => {
    const hub = await start();
    const client = hub.connect(hub.identity('alice'));
    expect(thrown(() => client.subscribe('SELECT * FROM note'))).toMatchObject({ code: 'subscription' });
    expect(thrown(() => client.query('SELECT * FROM note'))).toMatchObject({ code: 'query' });
    client.disconnect();
    expect(thrown(() => client.query('SELECT * FROM visit')).message).toBe(
      'this client is not connected: the client has left; connect again',
    );
  });
});

describe('clients', () => {
  it('[KIT4] a replica follows by deltas what its queries select', async () => {
    const hub = await start();
    const alice = hub.connect(hub.identity('alice'));
    alice.call('writeNote', note);
    const replica = alice.subscribe('SELECT * FROM my_notes');
    alice.call('writeNote', { ...note, text: 'bread' });
    hub.call(hub.identity('bob'), 'writeNote', note);
    expect(replica.rows('myNotes').map(({ textBody }) => textBody)).toEqual(['milk', 'bread']);
    alice.call('removeNotes');
    expect(replica.rows('myNotes')).toEqual([]);
    expect(replica.deltas.map(({ table, inserts, deletes }) => [table, inserts.length, deletes.length])).toEqual([
      ['my_notes', 1, 0],
      ['my_notes', 0, 2],
    ]);
  });

  it('[KIT4] a row that several queries of a replica select is there once', async () => {
    const hub = await start();
    const alice = hub.connect(hub.identity('alice'));
    const replica = alice.subscribe('SELECT * FROM my_notes', "SELECT * FROM my_notes WHERE text_body = 'milk'");
    alice.call('writeNote', note);
    expect(replica.rows('myNotes')).toHaveLength(1);
    alice.call('removeNotes');
    expect(replica.rows('myNotes')).toEqual([]);
    expect(replica.deltas.map(({ inserts, deletes }) => [inserts.length, deletes.length])).toEqual([
      [1, 0],
      [0, 1],
    ]);
  });

  it('[KIT4] rows of an event table are in the deltas and nowhere else', async () => {
    const hub = await start();
    const alice = hub.connect(hub.identity('alice'));
    const replica = alice.subscribe('SELECT * FROM bell');
    hub.call(hub.owner, 'ring', { tone: 440 });
    expect(replica.deltas).toEqual([{ table: 'bell', inserts: [{ tone: 440 }], deletes: [] }]);
    expect(replica.rows('bell')).toEqual([]);
  });

  it('[KIT4] nothing is received after unsubscribing or leaving', async () => {
    const hub = await start();
    const alice = hub.connect(hub.identity('alice'));
    const bells = alice.subscribe('SELECT * FROM bell');
    bells.unsubscribe();
    hub.call(hub.owner, 'ring', { tone: 440 });
    const visits = alice.subscribe('SELECT * FROM visit');
    alice.disconnect();
    alice.disconnect();
    hub.call(hub.owner, 'ring', { tone: 440 });
    expect([bells.deltas, visits.deltas]).toEqual([[], []]);
    expect(alice.isConnected).toBe(false);
    expect(hub.rows('visit').filter(({ visitor }) => visitor.isEqual(alice.identity))).toHaveLength(2);
  });
});

describe('time', () => {
  it('[KIT5] stands still until it is told to go on', async () => {
    const hub = await createTestHub<Reminders>(file, { now: new Date(0) });
    hub.call(hub.owner, 'remind', { afterMs: 1, text: 'now' });
    expect(hub.now).toEqual(new Timestamp(0n));
    expect(texts(hub)).toEqual([]);
    hub.advance(1.5);
    expect(hub.now).toEqual(new Timestamp(1500n));
    expect(texts(hub)).toEqual(['now']);
  });

  it('[KIT5] scheduled reducers run in the order of their times, each at its time', async () => {
    const hub = await createTestHub<Reminders>(file, { now: new Date(0) });
    hub.call(hub.owner, 'remind', { afterMs: 50_000, text: 'late' });
    hub.call(hub.owner, 'remind', { afterMs: 7_200_000, text: 'much later' });
    hub.call(hub.owner, 'remindEvery', { everyMs: 20_000, text: 'again' });
    hub.advance(70_000);
    const fired = hub.rows('note').map(({ textBody, level }) => [textBody, level.tag === 'UrgentUntil' && level.value]);
    expect(fired).toEqual([
      ['again', new Timestamp(20_000_000n)],
      ['again', new Timestamp(40_000_000n)],
      ['late', new Timestamp(50_000_000n)],
      ['again', new Timestamp(60_000_000n)],
    ]);
    hub.advance(7_200_000);
    expect(texts(hub)).toContain('much later');
    expect(hub.rows('reminder').map(({ text }) => text)).toEqual(['again']);
  });

  it('[KIT5] a clock that is set moves what is due at a time, within ten seconds', async () => {
    const hub = await createTestHub<Reminders>(file, { now: new Date(0) });
    hub.call(hub.owner, 'remind', { afterMs: 3_600_000, text: 'in an hour' });
    hub.jump(3_600_000);
    expect([hub.now, texts(hub)]).toEqual([new Timestamp(3_600_000_000n), []]);
    hub.advance(10_000);
    expect(texts(hub)).toEqual(['in an hour']);
  });

  it('[SC2] an interval passes whatever becomes of the clock on the wall', async () => {
    const hub = await createTestHub<Reminders>(file);
    hub.call(hub.owner, 'remindEvery', { everyMs: 1000, text: 'tick' });
    const ticks = (ms: number) => {
      const before = texts(hub).length;
      hub.advance(ms);
      return texts(hub).length - before;
    };
    expect(ticks(3000)).toBe(3);
    hub.jump(-3_600_000);
    expect(ticks(3000)).toBe(3);
    hub.jump(7_200_000);
    expect(ticks(3000)).toBe(3);
  });

  it('[KIT5] a schedule without a delay is named instead of running for ever', async () => {
    const hub = await createTestHub<Reminders>(file, { callMsMax: Number.POSITIVE_INFINITY });
    hub.call(hub.owner, 'remindEvery', { everyMs: 0, text: 'again' });
    expect(() => hub.advance(1)).toThrow('is there a schedule without a delay?');
  });

  it('[KIT5] the same seed is the same run', async () => {
    const run = async (seed: number) => {
      const hub = await createTestHub<Reminders>(file, { seed });
      for (let i = 0; i < 5; i++) {
        hub.advance(1);
        hub.call(hub.owner, 'roll');
      }
      return [hub.database.identity, hub.connect(hub.owner).connectionId, hub.rows('dice')];
    };
    expect(await run(1)).toEqual(await run(1));
    expect(await run(1)).not.toEqual(await run(2));
  });
});

describe('crashes', () => {
  it('[KIT6] what was on the disk is there afterwards, what was not is lost', async () => {
    const hub = await start();
    hub.call(hub.owner, 'writeNote', note);
    await hub.settle();
    hub.call(hub.owner, 'writeNote', { ...note, text: 'bread' });
    await hub.crash();
    expect(texts(hub)).toEqual(['milk']);
    hub.call(hub.owner, 'writeNote', { ...note, text: 'eggs' });
    expect(texts(hub)).toEqual(['milk', 'eggs']);
  });

  it('[KIT6] whoever was connected is gone, and the disconnect hook has seen it', async () => {
    const hub = await start();
    const alice = hub.connect(hub.identity('alice'));
    await hub.settle();
    hub.advance(1000);
    await hub.crash();
    expect(alice.isConnected).toBe(false);
    expect(thrown(() => alice.call('roll')).message).toContain('the hub crashed');
    expect(hub.rows('visit')).toMatchObject([
      { visitor: alice.identity, isHere: true },
      { visitor: alice.identity, isHere: false, at: hub.now },
    ]);
  });

  it('[KIT6] the clock shows what it was set to', async () => {
    const hub = await start();
    const before = hub.now.microsSinceUnixEpoch;
    hub.jump(-1000);
    expect(hub.now.microsSinceUnixEpoch).toBe(before);
    await hub.crash();
    expect(hub.now.microsSinceUnixEpoch).toBe(before - 1_000_000n);
  });

  it.each([true, false])('[KIT6] the variables of the module are those of before: %s', async (keepsInstance) => {
    const hub = await createTestHub<Reminders>(file, { keepsInstance });
    const mark = await hub.snapshot();
    hub.call(hub.owner, 'count');
    await hub.crash();
    hub.call(hub.owner, 'count');
    expect(texts(hub)).toEqual([keepsInstance ? '2' : '1']);
    await hub.rewind(mark);
    hub.call(hub.owner, 'count');
    expect(texts(hub)).toEqual([keepsInstance ? '3' : '1']);
  });

  it('[KIT6] schedules go on', async () => {
    const hub = await start();
    hub.call(hub.owner, 'remind', { afterMs: 1000, text: 'milk' });
    await hub.settle();
    await hub.crash();
    hub.advance(1000);
    expect(texts(hub)).toEqual(['milk']);
  });
});

describe('going back', () => {
  it('[KIT7] rows, numbers, clock and randomness are as they were, any number of times', async () => {
    const hub = await start();
    hub.call(hub.owner, 'writeNote', note);
    expect(() => hub.call(hub.owner, 'stumble')).toThrow('over its own feet');
    const mark = await hub.snapshot();
    const before = hub.rows('note');
    const act = () => {
      hub.advance(1000);
      hub.call(hub.owner, 'writeNote', { ...note, text: 'bread' });
      hub.call(hub.owner, 'roll');
      return [hub.now, hub.rows('note'), hub.rows('dice'), hub.connect(hub.owner).connectionId];
    };
    const first = act();
    for (let i = 0; i < 2; i++) {
      await hub.rewind(mark);
      expect(hub.rows('note')).toEqual(before);
      expect(act()).toEqual(first);
    }
  });

  it('[KIT7] connections and subscriptions of that time go on, later ones have never been', async () => {
    const hub = await start();
    const alice = hub.connect(hub.identity('alice'));
    const notes = alice.subscribe('SELECT * FROM my_notes');
    alice.call('writeNote', note);
    const mark = await hub.snapshot();
    const visits = hub.rows('visit');
    const bob = hub.connect(hub.identity('bob'));
    alice.call('removeNotes');
    alice.disconnect();

    await hub.rewind(mark);
    expect(bob.isConnected).toBe(false);
    expect(alice.isConnected).toBe(true);
    expect(hub.rows('visit')).toEqual(visits);
    expect(notes.rows('myNotes')).toHaveLength(1);
    alice.call('writeNote', { ...note, text: 'bread' });
    expect(notes.rows('myNotes')).toHaveLength(2);
    alice.disconnect();
    expect(hub.rows('visit')).toHaveLength(visits.length + 1);
  });
});

describe('the README', () => {
  it('[KIT10] shows an example that runs', () => {
    const read = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');
    // The names are those that a user of the package has.
    const example = read('./example.test.ts').replace('./index.ts', 'helix/testing').replaceAll('.fixture.ts', '.ts');
    expect(read('./README.md')).toContain(`\`\`\`ts\n${example}\`\`\``);
  });
});

describe('hubs', () => {
  it('[KIT8] two of the same module share nothing', async () => {
    const [one, other] = [await start(), await start()];
    one.call(one.owner, 'writeNote', note);
    expect(texts(other)).toEqual([]);
  });

  it('[KIT8] another version of the module takes over the rows', async () => {
    const hub = await start();
    hub.call(hub.owner, 'writeNote', note);
    const client = hub.connect(hub.owner);
    await hub.publish(new URL('./renamed.fixture.ts', import.meta.url));
    expect(texts(hub)).toEqual(['milk']);
    expect(client.isConnected).toBe(false);
  });

  it('[KIT8] a module that cannot run is refused as a publisher would see it', async () => {
    await expect(createTestHub({ bundle: 'export default 5' })).rejects.toMatchObject({ code: 'publish' });
    await expect(createTestHub('/nowhere/module.ts')).rejects.toMatchObject({ code: 'bundle' });
  });
});
