import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { jsonText } from '../bsatn/satsjson-write.ts';
import { Shelves, type ToldChange, type ToldCommit } from './testing/shelves.ts';

const [ann, ben, eve] = [0xan, 0xbn, 0xen];

async function shelves(options?: ConstructorParameters<typeof Shelves>[0]): Promise<Shelves> {
  const kit = new Shelves(options);
  await kit.publish('shelves');
  return kit;
}

function summaryOf(commits: readonly ToldCommit[]): string[] {
  return commits.map(({ action, caller, changes }) => {
    const told = changes.map(({ before, after }) => `${before?.['label'] ?? ''}>${after?.['label'] ?? ''}`);
    return `${action} by ${BigInt(`0x${caller}`).toString(16)}: ${told.join(' ')}`;
  });
}

describe('history', () => {
  it('[HIST1] tells who made each change, when, and what the row was before and after, the newest first', async () => {
    const kit = await shelves();
    kit.call(ann, 'add', { label: 'cup' });
    kit.call(ben, 'rename', { from: 'cup', to: 'mug' });
    kit.call(ann, 'drop', { label: 'mug' });
    kit.call(ann, 'add', { label: 'jug' });
    const { commits, next, beginsAt } = await kit.page(ann);
    expect(summaryOf(commits)).toEqual(['add by a: >jug', 'drop by a: mug>', 'rename by b: cup>mug', 'add by a: >cup']);
    expect(commits[2]).toMatchObject({
      time: '1970-01-12T13:46:42.000000Z',
      caller: ben.toString(16).padStart(64, '0'),
      changes: [{ table: 'thing', before: { id: '1', owner: ann.toString(16).padStart(64, '0'), label: 'cup' } }],
    });
    expect({ next, beginsAt }).toEqual({ next: undefined, beginsAt: 0 });
  });

  it('[HIST2] a change of columns that are not shown is not told, and who made it is not either', async () => {
    const kit = await shelves();
    kit.call(ann, 'add', { label: 'cup' });
    kit.call(ben, 'add', { label: 'bowl' });
    kit.call(ben, 'hide', { at: 'under the bed' });
    expect(summaryOf((await kit.page(ann)).commits)).toEqual(['add by a: >cup']);
    expect(JSON.stringify(await kit.page(ben))).not.toContain('bed');
  });

  it('[HIST3] somebody to whom the module shows nothing is refused, its owner too', async () => {
    const kit = await shelves();
    kit.call(ann, 'add', { label: 'cup' });
    await expect(kit.page(eve)).rejects.toMatchObject({ code: 'history-hidden' });
    await expect(kit.page(1n)).rejects.toMatchObject({ code: 'history-hidden' });
  });

  it.each([
    ['a caller', { caller: ben }, ['rename by b: cup>mug']],
    ['an action', { action: 'add' }, ['add by a: >pot', 'add by a: >cup']],
    ['a row', { about: [{ table: 'thing', column: 'id', value: '2' }] }, ['add by a: >pot']],
    ['a scope', { scope: 'another' }, []],
    ['a column that is not shown', { about: [{ table: 'thing', column: 'hidden_at', value: '' }] }, []],
    ['a column that does not exist', { about: [{ table: 'thing', column: 'size', value: '1' }] }, []],
    ['a value that the column cannot have', { about: [{ table: 'thing', column: 'id', value: 'x' }] }, []],
    ['a time to begin', { sinceMicros: 1_000_003_000_000n }, ['add by a: >pot']],
    ['a time to end', { untilMicros: 1_000_001_000_000n }, ['add by a: >cup']],
  ])('[HIST4] shows only what was asked for: %s', async (_, filter, expected) => {
    const kit = await shelves();
    kit.call(ann, 'add', { label: 'cup' });
    kit.call(ben, 'rename', { from: 'cup', to: 'mug' });
    kit.call(ann, 'add', { label: 'pot' });
    expect(summaryOf((await kit.page(ann, filter)).commits)).toEqual(expected);
  });

  it('[HIST4] a row whose change is not shown is not what a commit is about', async () => {
    const kit = await shelves();
    for (const label of ['cup', 'pot']) kit.call(ann, 'add', { label });
    kit.call(ben, 'renameAndHide', { from: 'cup', to: 'mug', at: 'under the bed' });
    const about = (value: string) => ({ about: [{ table: 'thing', column: 'id', value }] });
    expect(summaryOf((await kit.page(ann, about('1'))).commits)).toEqual([
      'rename_and_hide by b: cup>mug',
      'add by a: >cup',
    ]);
    expect(summaryOf((await kit.page(ann, about('2'))).commits)).toEqual(['add by a: >pot']);
  });

  it('[HIST5] rows are told as the module of their time had them', async () => {
    const kit = await shelves({ segmentBytesMax: 500 });
    kit.call(ann, 'add', { label: 'cup' });
    await kit.publish('shelves-next');
    kit.call(ann, 'rename', { from: 'cup', to: 'mug' });
    const { commits } = await kit.page(ann);
    expect(commits.map(({ changes }) => changes[0]?.after)).toEqual([
      expect.objectContaining({ label: 'mug', stars: 7 }),
      expect.not.objectContaining({ stars: 7 }),
    ]);
  });

  it('[HIST6] of a history that was trimmed the rest is told, and where it begins', async () => {
    const kit = await shelves({ segmentBytesMax: 500 });
    for (let i = 0; i < 30; i++) {
      kit.call(ann, 'add', { label: `cup ${i}` });
      if (i % 10 === 9) await kit.trim();
    }
    const { beginsAt, commits } = await kit.page(ann);
    expect(beginsAt).toBeGreaterThan(0);
    expect(commits.at(-1)?.offset).toBeGreaterThanOrEqual(beginsAt);
    expect(commits.length).toBeGreaterThan(5);
    expect(commits.length).toBeLessThan(30);
  });

  it('[HIST7] a flipped bit is refused by name', async () => {
    const kit = await shelves();
    kit.call(ann, 'add', { label: 'cup' });
    await kit.database.engine.durable(kit.database.offset);
    const file = `${kit.directory}/00000000000000000000.log`;
    const bytes = kit.disk.files.get(file);
    if (!bytes) throw new Error('there is no segment');
    bytes.writeUInt8(0, bytes.indexOf('cup'));
    await expect(kit.page(ann)).rejects.toMatchObject({ code: 'log-damaged', file });
  });

  it('[HIST1] of a change of very many rows the first hundred are told, and the others are counted', async () => {
    const kit = await shelves();
    for (let i = 0; i < 120; i++) kit.call(ann, 'add', { label: 'cup' });
    kit.call(ann, 'rename', { from: 'cup', to: 'mug' });
    const [newest] = (await kit.page(ann, { limit: 1 })).commits;
    expect(newest?.changes).toHaveLength(100);
    expect(newest?.more).toBe(20);
  });

  it('[HIST1] [HIST2] page after page is what somebody saw happen, whatever happens meanwhile', {
    timeout: 60_000,
  }, async () => {
    const label = fc.constantFrom('cup', 'pot', 'jug');
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.record({ kind: fc.constant('add' as const), who: fc.constantFrom(ann, ben), label }) },
      {
        weight: 4,
        arbitrary: fc.record({ kind: fc.constant('rename' as const), who: fc.constantFrom(ann, ben), label }),
      },
      {
        weight: 2,
        arbitrary: fc.record({ kind: fc.constant('hide' as const), who: fc.constantFrom(ann, ben), label }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant('drop' as const), who: fc.constantFrom(ann, ben), label }),
      },
      {
        weight: 1,
        arbitrary: fc.constantFrom(
          { kind: 'publish' as const },
          { kind: 'restart' as const },
          { kind: 'trim' as const },
        ),
      },
    );
    const sizes = fc.record({
      segmentBytesMax: fc.constantFrom(300, 900, 5000),
      scanBytesMax: fc.constantFrom(1, 700, 100_000),
      limit: fc.integer({ min: 1, max: 9 }),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 40 }), sizes, async (steps, { limit, ...sizes }) => {
        const kit = await shelves(sizes);
        const seen = new Seen(kit);
        // Both have something from the beginning, so that both are shown something.
        for (const who of [ann, ben]) seen.call(who, 'add', { label: 'box' });
        for (const one of steps) {
          if (one.kind === 'publish') await kit.publish('shelves-next');
          else if (one.kind === 'restart') await kit.restart();
          else if (one.kind === 'trim') await kit.trim();
          else if (one.kind === 'rename') seen.call(one.who, 'rename', { from: one.label, to: `${one.label}s` });
          else if (one.kind === 'hide') seen.call(one.who, 'hide', { at: one.label });
          else seen.call(one.who, one.kind, { label: one.label });
        }
        for (const who of [ann, ben]) {
          const { beginsAt } = await kit.page(who, { limit: 1 });
          const expected = seen.by(who).filter(({ offset }) => offset >= beginsAt);
          const told = await kit.all(who, { limit }, () => kit.call(ann, 'add', { label: 'late' }));
          expect(
            told.map(({ offset, action, caller, changes }) => ({ offset, action, caller, changes: sorted(changes) })),
          ).toEqual(expected.reverse());
        }
      }),
      { numRuns: 25 },
    );
  });
});

type Row = Record<string, unknown>;

interface Noted {
  readonly offset: number;
  readonly action: string;
  readonly caller: string;
  readonly changes: readonly ToldChange[];
}

/** What each person saw happen, from all rows before and after each call. */
class Seen {
  readonly #kit: Shelves;
  readonly #noted: { readonly who: bigint; readonly noted: Noted }[] = [];

  constructor(kit: Shelves) {
    this.#kit = kit;
  }

  call(who: bigint, action: string, args: Readonly<Record<string, unknown>>): void {
    const before = { [`${ann}`]: this.#rows(ann), [`${ben}`]: this.#rows(ben) };
    const first = this.#kit.database.offset;
    this.#kit.call(who, action, args);
    const last = this.#kit.database.offset;
    for (const viewer of [ann, ben]) {
      const changes = diff(before[`${viewer}`] ?? new Map(), this.#rows(viewer));
      if (changes.length === 0) continue;
      // The caller connects, calls and leaves.
      expect(last - first).toBe(3);
      const noted = { offset: first + 2, action, caller: who.toString(16).padStart(64, '0'), changes };
      this.#noted.push({ who: viewer, noted });
    }
  }

  by(viewer: bigint): Noted[] {
    return this.#noted.filter(({ who }) => who === viewer).map(({ noted }) => noted);
  }

  #rows(viewer: bigint): Map<string, Row> {
    const { catalog, store } = this.#kit.database.engine;
    const table = catalog.tableByName('thing');
    if (!table) throw new Error('there is no table of things');
    const reader = store.table(table.stored.id);
    const rows = reader.scan().map((handle) => JSON.parse(jsonText(table.declared.row, reader.row(handle))));
    const owner = viewer.toString(16).padStart(64, '0');
    return new Map(
      rows
        .filter((row) => row.owner.__identity__ === `0x${owner}`)
        .map(({ id, label, stars }) => [
          `${id}`,
          { id: `${id}`, owner, label, ...(stars === undefined ? {} : { stars }) },
        ]),
    );
  }
}

function diff(before: ReadonlyMap<string, Row>, after: ReadonlyMap<string, Row>): ToldChange[] {
  const changes: ToldChange[] = [];
  for (const id of new Set([...before.keys(), ...after.keys()])) {
    const [old = null, now = null] = [before.get(id), after.get(id)];
    if (JSON.stringify(old) !== JSON.stringify(now)) changes.push({ table: 'thing', before: old, after: now });
  }
  return sorted(changes);
}

function sorted(changes: readonly ToldChange[]): ToldChange[] {
  const idOf = ({ before, after }: ToldChange) => Number((after ?? before)?.['id']);
  return [...changes].sort((a, b) => idOf(a) - idOf(b));
}
