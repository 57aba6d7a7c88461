import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../hub/lib/backoff.ts';
import { isFinished, mayBecome, type TaskStateTag, transitions } from '../../hub/lib/states.ts';

const states = Object.keys(transitions) as TaskStateTag[];

describe('the states of a task', () => {
  it('are drawn in ARCHITECTURE.md as they are in the code', () => {
    const text = readFileSync(new URL('../../ARCHITECTURE.md', import.meta.url), 'utf8');
    const [, diagram = ''] = /### The states of a task[\s\S]*?```mermaid\n([\s\S]*?)```/.exec(text) ?? [];
    const drawn = [...diagram.matchAll(/^ +(\w+) --> (\w+): (.+)$/gm)].map(
      ([, from, to, why]) => `${from} ${to} ${why}`,
    );
    const coded = states.flatMap((from) =>
      Object.entries(transitions[from]).map(([to, why]) => `${from.toLowerCase()} ${to.toLowerCase()} ${why}`),
    );
    expect(drawn.sort()).toEqual(coded.sort());
  });

  it('are left for good once a task is done or cancelled, and otherwise for the queue only', () => {
    const after = (from: TaskStateTag) => states.filter((to) => mayBecome(from, to));
    expect(states.filter(isFinished).map((from) => [from, after(from)])).toEqual([
      ['Done', []],
      ['Failed', ['Queued']],
      ['Dead', ['Queued']],
      ['Cancelled', []],
    ]);
  });
});

describe('the pause before another attempt', () => {
  it('doubles from five seconds to an hour, spread by a fifth', () => {
    const seconds = (failures: number) => [0, 0.5, 1].map((random) => backoffMs(failures, random) / 1000);
    expect(seconds(1)).toEqual([4, 5, 6]);
    expect(seconds(2)).toEqual([8, 10, 12]);
    expect(seconds(10)).toEqual([2048, 2560, 3072]);
    expect(seconds(11)).toEqual([2880, 3600, 4320]);
    expect(seconds(2000)).toEqual([2880, 3600, 4320]);
  });
});
