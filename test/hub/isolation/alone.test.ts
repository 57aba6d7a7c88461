import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { CallError, type Mark, Rejection } from '../../../engine/testing/index.ts';
import { type Mesh, type MeshModule, startMesh } from '../mesh.ts';
import { deeds, doings } from './deeds.ts';
import { Lives, sameButNumbers } from './numbers.ts';
import { numbersOf, type Sides, settle, sightOf, sorted } from './sides.ts';

// What one tenant does changes nothing for another: its history is lived alone and among the deeds of the other one, and its
// people see the same. HELIX_LIVES says how many others are tried than the few that always are.

const lives = process.env['HELIX_LIVES'];
const histories = lives === undefined ? { numRuns: 5, seed: 1 } : { numRuns: Number(lives) };

interface Moment {
  readonly who: 'one' | 'other' | 'both';
  readonly what: string;
  readonly a: number;
  readonly b: number;
}

interface HistoryEntry {
  readonly offset: number;
  readonly action: string;
  readonly changes: readonly object[];
}

/** What the hub takes away for all tenants together, so much at a time: in which of its steps is no tenant's affair. */
const chores = ['compact', 'sweep'];

let mesh: Mesh;
let mark: Mark<MeshModule>;
let settled: Sides;
beforeAll(async () => {
  mesh = await startMesh({ keepsInstance: true });
  settled = settle(mesh);
  const now = await mesh.snapshot();
  // All numbers are written with as many digits, so that what is counted in bytes is the same.
  mark = { ...now, sequences: now.sequences.map((position) => ({ ...position, next: 1000n })) };
});

const number = fc.nat({ max: 239 });
const often = [
  'submit',
  'submit',
  'claim',
  'claim',
  'claim',
  'report',
  'report',
  'report',
  'emit',
  'rule',
  'recipe',
  'run',
];
const passing = ['wait', 'wait', 'wait', 'wait', 'wait', 'days', 'shared limb'];
const deed = (who: 'one' | 'other') =>
  fc.record({
    who: fc.constant(who),
    what: fc.constantFrom(...often, ...Object.keys(deeds).filter((name) => who === 'one' || name !== 'trespass')),
    a: number,
    b: number,
  });
const moments = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: deed('one') },
    { weight: 4, arbitrary: deed('other') },
    {
      weight: 2,
      arbitrary: fc.record({
        who: fc.constant('both' as const),
        what: fc.constantFrom(...passing),
        a: number,
        b: number,
      }),
    },
  ),
  { minLength: 40, maxLength: 120, size: 'max' },
);

describe('a tenant', () => {
  it('lives as if it were alone', { timeout: 3_600_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(moments, async (history) => {
        const together = await live(history);
        const alone = await live(history.filter(({ who }) => who !== 'one'));
        expect(sameButNumbers(alone, together)).toBe('');
      }),
      { ...histories, endOnFailure: process.env['HELIX_SHRINK'] === undefined },
    );
  });
});

/** Lives a history. What the deeds of the other tenant change at once is an error here already. */
async function live(history: readonly Moment[]): Promise<Lives> {
  await mesh.rewind(mark);
  const sides: Sides = { ...settled, one: { ...settled.one }, other: { ...settled.other } };
  for (const limb of [sides.one.own, sides.other.own, sides.shared]) limb.call('pong');
  const lives = new Lives();
  for (const { who, what, a, b } of history) {
    const before = who === 'one' ? sightOf(sides, sides.other) : [];
    const answer = await answerOf(() =>
      who === 'both' ? doings[what]?.(sides, a) : deeds[what]?.(sides, sides[who], a, b),
    );
    const sight = sightOf(sides, sides.other);
    if (who === 'one') expect(sight, `after ${what} ${a} ${b}: ${answer}`).toEqual(before);
    else lives.add(`${who} ${what} ${a} ${b}`, [answer, ...sight], numbersOf(sides, sides.other));
    fc.pre(!hasPaused(sides));
  }
  await mesh.settle();
  const { commits } = await mesh.history(sides.other.owner, { limit: 1000 });
  const entries = commits.map((text) => JSON.parse(text) as HistoryEntry);
  const told = entries
    .filter(({ action }) => !chores.includes(action))
    .map(({ offset: _, changes, ...entry }) =>
      JSON.stringify({ ...entry, changes: sorted(changes.map((change) => JSON.stringify(change))) }),
    );
  const chored = entries
    .filter(({ action }) => chores.includes(action))
    .flatMap(({ changes }) => changes.map((change) => JSON.stringify(change)));
  lives.add('history', [...told, ...sorted(chored)], new Map());
  return lives;
}

/**
 * Whether a task has been lost twice: how long it waits then is spread at random, by what all reducers of a module draw from, so two
 * lives with it cannot be compared.
 */
function hasPaused({ mesh }: Sides): boolean {
  return mesh.rows('task').some(({ failures }) => failures > 1);
}

/** What a call comes to; a reducer that breaks is a failure of the test. */
async function answerOf(act: () => unknown): Promise<string> {
  try {
    return `${await act()}`;
  } catch (error) {
    if (error instanceof CallError && error.kind === 'rejected') return error.message;
    if (error instanceof Rejection && error.code === 'disconnected') return error.code;
    throw error;
  }
}
