import { Identity, Timestamp } from 'spacetimedb';
import { describe, expect, it } from 'vitest';
import type { Attempt, QueueEntry, Task } from '../../bindings/types.ts';
import { explain } from './why.ts';

const task: Task = {
  id: 7n,
  tenantId: 1n,
  reference: 'r',
  skill: 'reason',
  title: 'What?',
  state: { tag: 'Queued' },
  priority: 5,
  attempt: 1,
  failures: 1,
  attemptsMax: 5,
  limb: undefined,
  parent: undefined,
  root: 7n,
  submittedBy: new Identity(1n),
  submittedAt: new Timestamp(0n),
  claimedAt: undefined,
  finishedAt: undefined,
  error: 'no paper',
};
const entry: QueueEntry = {
  taskId: 7n,
  tenantId: 1n,
  laneId: 3n,
  place: 1n,
  queuedAt: new Timestamp(0n),
  waitsUntil: undefined,
  budgetId: 0n,
  shortage: '',
  bandId: 2n,
};
const attempt: Attempt = {
  id: 1n,
  taskId: 7n,
  tenantId: 1n,
  number: 1,
  limb: new Identity(2n),
  limbName: 'desk',
  startedAt: new Timestamp(0n),
  endedAt: new Timestamp(1_500_000n),
  durationMs: 1500,
  outcome: { tag: 'Failed' },
  error: 'no paper',
  exitCode: 3,
};

describe('the explanation of a task', () => {
  it.each([
    ['its lane', entry, 'Task 7 waits: all slots are busy'],
    [
      'its time',
      { ...entry, waitsUntil: new Timestamp(0n) },
      'Task 7 waits: its time comes at 1970-01-01T00:00:00.000Z',
    ],
    ['a budget', { ...entry, shortage: 'too little is left' }, 'Task 7 waits: too little is left'],
  ])('of a queued one names what it waits for: %s', (_what, waiting, expected) => {
    const reason = { key: 'band/2', tenantId: 1n, code: 'busy', text: 'all slots are busy' };
    expect(explain({ task, entry: waiting, reason, attempts: [] })).toEqual([expected]);
  });

  it('of a dead one lists its attempts in order', () => {
    const dead: Task = { ...task, state: { tag: 'Dead' }, failures: 2, attemptsMax: 2 };
    const second: Attempt = {
      ...attempt,
      number: 2,
      outcome: { tag: 'Lost' },
      error: 'the limb went away',
      exitCode: undefined,
    };
    expect(explain({ task: dead, entry: undefined, reason: undefined, attempts: [second, attempt] })).toEqual([
      'Task 7 is dead after 2 of 2 attempts: no paper',
      'attempt 1 on desk at 1970-01-01T00:00:00.000Z failed after 1.5 s, exit status 3: no paper',
      'attempt 2 on desk at 1970-01-01T00:00:00.000Z lost after 1.5 s: the limb went away',
    ]);
  });
});
