import { stripVTControlCharacters } from 'node:util';
import { Identity, Timestamp } from 'spacetimedb';
import { describe, expect, it } from 'vitest';
import type { Limb, Task } from '../../bindings/types.ts';
import { cellsOf } from './cells.ts';
import { frame, pageRows, type Size } from './frame.ts';
import { firstView, type Key, press, tasksOf, type View } from './view.ts';
import type { World } from './world.ts';

const nowMs = 1_000_000;
const at = (ms: number): Timestamp => new Timestamp(BigInt(ms) * 1000n);
const attic = new Identity(7n);

function task(id: number, changes: Partial<Task> = {}): Task {
  return {
    id: BigInt(id),
    tenantId: 1n,
    reference: `${id}`,
    skill: 'reason',
    title: `Question ${id}`,
    state: { tag: 'Queued' },
    priority: 5,
    attempt: 0,
    failures: 0,
    attemptsMax: 5,
    limb: undefined,
    parent: undefined,
    root: BigInt(id),
    submittedBy: new Identity(1n),
    submittedAt: at(nowMs - id * 1000),
    claimedAt: undefined,
    finishedAt: undefined,
    error: '',
    ...changes,
  };
}

function limb(name: string, identity: Identity, changes: Partial<Limb> = {}): Limb {
  return {
    id: 1n,
    tenantId: 1n,
    identity,
    name,
    skills: ['reason', 'run_python'],
    capacity: 2,
    online: true,
    connection: undefined,
    version: '0.1.0',
    sandbox: '',
    model: '',
    documentCount: 0,
    chunkCount: 0,
    labels: [],
    allowedSkills: [],
    capacityMax: 0,
    enrolledAt: at(0),
    seenAt: at(nowMs),
    isDraining: false,
    lacks: '',
    ...changes,
  };
}

const claimed = { limb: attic, attempt: 1, claimedAt: at(nowMs - 65_000) };
const world: World = {
  tenant: 'local',
  url: 'http://127.0.0.1:3000',
  link: { kind: 'live' },
  tasks: [
    task(1, { ...claimed, state: { tag: 'Done' }, finishedAt: at(nowMs - 64_000) }),
    task(2, { ...claimed, state: { tag: 'Running' }, title: 'Count the sheep' }),
    task(3, { ...claimed, state: { tag: 'Failed' }, finishedAt: at(nowMs), error: 'no model\x1b[2J' }),
    task(4),
  ],
  limbs: [limb('attic', attic), limb('cellar', new Identity(8n), { online: false })],
  material: undefined,
  nowMs,
};

const draw = (size: Partial<Size> = {}, view: Partial<View> = {}, changes: Partial<World> = {}): string[] =>
  frame({ ...world, ...changes }, { ...firstView, ...view }, { columns: 80, rows: 24, ...size }).map((line) =>
    stripVTControlCharacters(line),
  );

const keys = (typed: string, from: View = firstView): View | 'quit' => {
  let view: View | 'quit' = from;
  for (const word of typed.split(' ')) {
    if (view === 'quit') return view;
    const key: Key = [...word].length === 1 ? { name: word, text: word } : { name: word, text: '' };
    view = press(view, key, world, 5);
  }
  return view;
};

describe('the board', () => {
  it('shows limbs with what they work on, and tasks with the newest first', () => {
    const lines = draw().map((line) => line.trimEnd());
    expect(lines[0]).toMatch(/^Helix {2}local {2}http:\/\/127\.0\.0\.1:3000 +live {2}\d\d:\d\d:\d\d$/);
    expect(lines[1]).toBe('1 waiting · 1 under way · 1 done · 1 failed · limbs 1/2 online · slots 1/2 busy');
    expect(lines.slice(3)).toEqual([
      'limb          state     slots  skills            works on',
      'attic         online    1/2    reason run_pyth…  2 Count the sheep',
      'cellar        offline   0/2    reason run_pyth…',
      '',
      '  task    state      limb          took    title',
      '> 4       queued                           Question 4',
      '  3       failed     attic         1m05s   Question 3 — no model [2J',
      '  2       running    attic         1m05s   Count the sheep',
      '  1       done       attic         1.0s    Question 1',
      ...Array.from({ length: 11 }, () => ''),
      '/ words   f shows: all   s sort: newest   Enter opens   ? help   q quit',
    ]);
  });

  it.each([
    [80, 24],
    [110, 40],
    [40, 10],
    [20, 5],
    [300, 100],
  ])('fits %i columns and %i rows, on every page', (columns, rows) => {
    const many = { tasks: Array.from({ length: 500 }, (_, i) => task(i + 1, { title: 'A long title '.repeat(40) })) };
    const material = { taskId: 4n, attempts: [], entry: undefined, reason: undefined, parts: [], summary: undefined };
    for (const view of [{}, { hasHelp: true }, { isTyping: true, words: 'x'.repeat(90) }, { opened: 4n }]) {
      for (const changes of [{}, many, { tasks: [], limbs: [] }, { link: away }, { ...many, material }]) {
        const lines = draw({ columns, rows }, view, changes);
        expect(lines).toHaveLength(rows);
        for (const line of lines) expect(cellsOf(line)).toBeLessThanOrEqual(columns);
      }
    }
  });

  it('keeps the selected task in sight, and marks it without colours', () => {
    const many = { tasks: Array.from({ length: 500 }, (_, i) => task(i + 1)) };
    for (const selected of [500n, 250n, 1n]) {
      const marked = draw({}, { selected }, many).filter((line) => line.startsWith('> '));
      expect(marked).toEqual([expect.stringContaining(`Question ${selected}`)]);
    }
  });

  it('says how long the hub has been away and when it is tried again', () => {
    expect(draw({}, {}, { link: away })[0]).toContain('hub away for 5.0s, next try in 3 s');
  });

  it('says what to do where there is nothing', () => {
    const lines = draw({}, {}, { tasks: [], limbs: [] }).join('\n');
    expect(lines).toContain('helix limb invite');
    expect(lines).toContain('helix ask');
    expect(draw({}, { words: 'goose' }).join('\n')).toContain('No task fits: Esc shows all');
  });

  it('shows why an open task is as it is, its progress and its answer, and scrolls', () => {
    const line = { key: '1/0', attempt: 1, kind: 'Line' as const, at: at(0) };
    const material = {
      taskId: 2n,
      attempts: [],
      entry: undefined,
      reason: undefined,
      parts: [
        { ...line, text: 'one sheep\ntwo sheep' },
        { ...line, key: '1/1', kind: 'Text' as const, text: 'So far there are 2.' },
      ],
      summary: undefined,
    };
    const lines = draw({}, { opened: 2n }, { material });
    expect(lines.join('\n')).toMatch(/Task 2 is being worked on[\s\S]*So far there are 2\.[\s\S]*two sheep/);
    expect(draw({ rows: 8 }, { opened: 2n, scrolled: 99 }, { material }).join('\n')).toContain('two sheep');
    expect(draw({}, { opened: 99n }).join('\n')).toContain('Task 99 is not kept any more.');
  });
});

const away = { kind: 'away', sinceMs: nowMs - 5000, nextAtMs: nowMs + 2500 } as const;

describe('the keys', () => {
  const ids = (view: View | 'quit'): number[] =>
    view === 'quit' ? [] : tasksOf(world, view).map(({ id }) => Number(id));

  it('move, open, go back and quit', () => {
    expect(keys('j j')).toMatchObject({ selected: 2n });
    expect(keys('down G k')).toMatchObject({ selected: 2n });
    expect(keys('G g')).toMatchObject({ selected: 4n });
    expect(keys('j return')).toMatchObject({ opened: 3n });
    expect(keys('j return j escape')).toMatchObject({ opened: undefined, selected: 3n, scrolled: 0 });
    expect([keys('q'), keys('return q'), keys('? q'), keys('/ interrupt')]).toEqual(['quit', 'quit', 'quit', 'quit']);
  });

  it('sort, and show what is open or what failed', () => {
    expect(ids(keys('s'))).toEqual([1, 2, 3, 4]);
    expect(ids(keys('s s'))).toEqual([3, 2, 1, 4]);
    expect(ids(keys('s s s'))).toEqual([2, 4, 3, 1]);
    expect(ids(keys('f'))).toEqual([4, 2]);
    expect(ids(keys('f f'))).toEqual([3]);
    expect(ids(keys('f escape'))).toHaveLength(4);
  });

  it('type words, among them q', () => {
    expect(ids(keys('/ s h e e p'))).toEqual([2]);
    expect(ids(keys('/ a t t i c return'))).toEqual([3, 2, 1]);
    expect(keys('/ q ? backspace')).toMatchObject({ words: 'q', isTyping: true });
    expect(keys('/ q escape')).toMatchObject({ words: '', isTyping: false });
  });

  it('stay on the task that was selected when others come', () => {
    const view = keys('j');
    if (view === 'quit') throw new Error('it quit');
    const lines = draw({}, view, { tasks: [...world.tasks, task(5), task(6)] });
    expect(lines.find((line) => line.startsWith('> '))).toContain('Question 3');
    expect(pageRows(world, view, { columns: 80, rows: 24 })).toBe(15);
  });
});
