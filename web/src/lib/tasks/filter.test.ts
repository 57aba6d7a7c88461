import { describe, expect, it } from 'vitest';
import type { Task } from '../live/model.ts';
import { type Filter, matchesBesideState, matchesState, readFilter, writeFilter } from './filter.ts';

const everything: Filter = { view: 'table', words: '', states: [], skill: '', limb: '', member: '' };

describe('the filter of tasks', () => {
  it('survives the address', () => {
    const filter: Filter = {
      view: 'board',
      words: 'a & b, ü',
      states: ['waiting', 'failed'],
      skill: 'run_python',
      limb: 'ab',
      member: 'cd',
    };
    expect(readFilter(new URLSearchParams(writeFilter(filter)))).toEqual(filter);
    expect(writeFilter(everything)).toBe('');
  });

  it('leaves out what it does not know', () => {
    expect(readFilter(new URLSearchParams('state=waiting,lost&view=pie'))).toEqual({
      ...everything,
      states: ['waiting'],
    });
  });

  it('finds a task by words of its title and by its number', () => {
    const task = { id: 42n, title: 'Count the Sheep', state: { tag: 'Running' }, skill: 'count' } as Task;
    const finds = (words: string): boolean => matchesBesideState(task, { ...everything, words });
    expect([finds('sheep'), finds('42'), finds('#42'), finds(' the s')]).toEqual([true, true, true, true]);
    expect([finds('2'), finds('goat'), finds('#4')]).toEqual([false, false, false]);
    expect(matchesState(task, { ...everything, states: ['working'] })).toBe(true);
    expect(matchesState(task, { ...everything, states: ['waiting'] })).toBe(false);
  });
});
