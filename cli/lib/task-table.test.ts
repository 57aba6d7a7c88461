import { stripVTControlCharacters } from 'node:util';
import { Identity, Timestamp } from 'spacetimedb';
import { describe, expect, it } from 'vitest';
import type { Task } from '../../bindings/types.ts';
import { formatTasks } from './task-table.ts';

const limb = new Identity(7n);
const task: Task = {
  id: 12n,
  tenantId: 1n,
  reference: 'r',
  skill: 'reason',
  title: 'What is a limb?',
  state: { tag: 'Done' },
  priority: 5,
  attempt: 1,
  failures: 0,
  attemptsMax: 5,
  limb,
  parent: undefined,
  root: 12n,
  submittedBy: new Identity(1n),
  submittedAt: new Timestamp(0n),
  claimedAt: new Timestamp(1_000_000n),
  finishedAt: new Timestamp(3_500_000n),
  error: '',
};
const names = new Map([[limb.toHexString(), 'desk']]);
const lines = (tasks: Task[], columns?: number): string[] =>
  stripVTControlCharacters(formatTasks(tasks, names, 10_000, columns)).split('\n');

describe('the table of tasks', () => {
  it('has a line a task: number, state, skill, limb, how long it took, and title', () => {
    expect(lines([task])[1]).toBe('12      done       reason        desk              2.5 s      What is a limb?');
  });

  it('counts the time of a task that is being worked on, and none for one that waits', () => {
    const running = { ...task, state: { tag: 'Running' as const }, finishedAt: undefined };
    const queued = { ...task, state: { tag: 'Queued' as const }, limb: undefined, finishedAt: undefined };
    expect(lines([running])[1]).toContain('running    reason        desk              9.0 s');
    expect(lines([queued])[1]).not.toMatch(/desk| s /);
  });

  it('says why a task failed, on one line that fits the terminal', () => {
    const failed = { ...task, state: { tag: 'Failed' as const }, error: 'no\nmodel\x1b[2J' };
    expect(lines([failed])[1]).toMatch(/What is a limb\? — no model \[2J$/);
    for (const line of lines([failed], 80)) expect(line.length).toBeLessThanOrEqual(80);
  });

  it('without tasks says how to make one', () => {
    expect(lines([])[1]).toContain('helix ask');
  });
});
