import { createHash } from 'node:crypto';
import { appendFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { EgressJournal, journaled, type Line, readEntries } from './index.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'helix-egress-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function lines(): Promise<Line[]> {
  const all: Line[] = [];
  for await (const line of readEntries(folder)) all.push(line);
  return all;
}

const fileOf = () => join(folder, readdirSync(folder)[0] ?? '');

describe('the journal of what left', () => {
  test('has each call before it is made, with its payload and hash', async () => {
    const journal = await EgressJournal.open(folder);
    const seen: number[] = [];
    const reducers = journaled(
      {
        completeTask: async ({ taskId }: { taskId: bigint; text: string }) => {
          seen.push((await lines()).length);
          return taskId;
        },
      },
      journal,
    );
    await expect(reducers.completeTask({ taskId: 2n ** 60n, text: 'ü' })).resolves.toBe(2n ** 60n);
    expect(seen).toEqual([1]);
    expect(await lines()).toMatchObject([
      {
        entry: { number: 1, reducer: 'completeTask', bytes: 44, payload: { taskId: '1152921504606846976', text: 'ü' } },
      },
    ]);
    expect(journal.totals.get('completeTask')).toEqual({ isToHub: true, messages: 1, bytes: 44 });
    journal.close();
  });

  test('is whole also when the clock is set back into an earlier month', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      for (const day of ['2026-05-31', '2026-06-01', '2026-05-31']) {
        vi.setSystemTime(`${day}T12:00:00Z`);
        const journal = await EgressJournal.open(folder);
        journal.record('announceLimb', { day });
        vi.setSystemTime('2026-04-30T12:00:00Z');
        journal.record('announceLimb', { day });
        journal.close();
      }
    } finally {
      vi.useRealTimers();
    }
    expect((await lines()).map(({ entry, damage }) => damage ?? entry?.number)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(readdirSync(folder).sort()).toEqual(['2026-05.jsonl', '2026-06.jsonl']);
  });

  test('has nothing of a call that carries nothing', async () => {
    const journal = await EgressJournal.open(folder);
    const { pong } = journaled({ pong: async (_: object) => 'sent' }, journal);
    await expect(pong({})).resolves.toBe('sent');
    journal.close();
    expect(await lines()).toEqual([]);
  });

  test('keeps no one-time code', async () => {
    const journal = await EgressJournal.open(folder);
    journal.record('redeemInvite', { code: 'alpha-beta', name: 'limb' });
    journal.close();
    expect(readFileSync(fileOf(), 'utf8')).not.toContain('alpha-beta');
    expect(await lines()).toMatchObject([{ entry: { reducer: 'redeemInvite', payload: null } }]);
  });

  test('has requests to others by where they go: an address whole, what a model is asked by its size and hash', async () => {
    const journal = await EgressJournal.open(folder);
    const [page, chat] = [
      new URL('https://wiki.example.com/a?b=1'),
      new URL('http://127.0.0.1:11434/v1/chat/completions'),
    ];
    journal.record('claimTask', { taskId: 7n });
    await journal.during(7n, async () => {
      await Promise.resolve();
      journal.recordRequest({ method: 'GET', url: page });
      journal.recordRequest({ method: 'POST', url: chat, body: '{"messages":"a secret of the documents"}' });
    });
    journal.recordRequest({ method: 'GET', url: page });
    journal.close();
    expect(readFileSync(fileOf(), 'utf8')).not.toContain('a secret of');
    const hash = createHash('sha256').update('{"messages":"a secret of the documents"}').digest('hex');
    expect(await lines()).toEqual([
      { entry: expect.objectContaining({ number: 1, reducer: 'claimTask' }) },
      { entry: expect.objectContaining({ to: page.origin, request: 'GET', task: '7', payload: { url: page.href } }) },
      {
        entry: expect.objectContaining({
          ...{ to: chat.origin, request: 'POST /v1/chat/completions', task: '7' },
          ...{ bytes: 40, sha256: hash, payload: null },
        }),
      },
      { entry: expect.objectContaining({ number: 4, request: 'GET', task: '' }) },
    ]);
    expect(journal.totals.get('GET')).toMatchObject({ isToHub: false, messages: 2 });
  });

  test('goes on at the end of a file that is larger than one look at it', async () => {
    const first = await EgressJournal.open(folder);
    for (let n = 0; n < 100; n++) first.record('reportProgress', { line: 'x'.repeat(2000) });
    first.record('reportProgress', { line: 'y'.repeat(200_000) });
    first.close();
    appendFileSync(fileOf(), '{"number":'.padEnd(100_000, '9'));
    const journal = await EgressJournal.open(folder);
    journal.record('reportProgress', { line: 'last' });
    journal.close();
    const all = await lines();
    expect(all.filter(({ damage }) => damage)).toEqual([]);
    expect(all.at(-1)?.entry?.number).toBe(102);
  });

  test('goes on after a restart, also after one that tore the last line', async () => {
    for (let round = 0; round < 3; round++) {
      const journal = await EgressJournal.open(folder);
      journal.record('reportProgress', { line: `round ${round}` });
      journal.close();
      appendFileSync(fileOf(), '{"number":9');
    }
    const journal = await EgressJournal.open(folder);
    journal.record('reportProgress', { line: 'last' });
    journal.close();
    const all = await lines();
    expect(all.map(({ entry }) => entry?.number)).toEqual([1, 2, 3, 4]);
    expect(all.filter(({ damage }) => damage)).toEqual([]);
  });

  test('shows a line that was changed or taken away', async () => {
    const journal = await EgressJournal.open(folder);
    for (const line of ['a', 'b', 'c']) journal.record('reportProgress', { line });
    journal.close();
    const file = fileOf();
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('"line":"b"', '"line":"x"'));
    expect((await lines()).map(({ damage }) => damage)).toEqual([
      undefined,
      expect.stringContaining('line 2'),
      undefined,
    ]);
    writeFileSync(file, text.split('\n').toSpliced(1, 1).join('\n'));
    expect((await lines()).map(({ damage }) => damage)).toEqual([undefined, expect.stringContaining('line 2')]);
    writeFileSync(file, `${text}not json\n`);
    expect((await lines()).at(-1)).toEqual({ damage: expect.stringContaining('line 4 is not an entry') });
  });

  test('that cannot be written lets nothing leave', async () => {
    const journal = await EgressJournal.open(folder);
    rmSync(folder, { recursive: true });
    const sent: unknown[] = [];
    const { send } = journaled({ send: async (payload: object) => void sent.push(payload) }, journal);
    await expect(send({ a: 1 })).rejects.toMatchObject({ code: 'egress-journal', isRetryable: true });
    expect(sent).toEqual([]);
    writeFileSync(folder, 'no folder');
    await expect(EgressJournal.open(folder)).rejects.toMatchObject({ code: 'egress-journal' });
  });
});
