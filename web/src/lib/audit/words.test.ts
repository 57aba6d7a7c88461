import { describe, expect, it } from 'vitest';
import type { AuditChange } from './history.ts';
import { describeEntry } from './words.ts';

function told(action: string, ...changes: AuditChange[]): string {
  const entry = { offset: 1, time: '', action, caller: '', changes };
  return describeEntry(entry, (identity) => (identity === 'aa' ? 'desk' : identity));
}

describe('the words of the audit', () => {
  it('say what a new task is', () => {
    const after = { id: '12', skill: 'reason', title: 'Why?', state: 'queued' };
    expect(told('submit_task', { table: 'task', before: null, after })).toBe(
      'submitted a task: task 12 (reason) “Why?”',
    );
  });

  it('say what has changed, with names', () => {
    const before = { id: '12', state: 'queued', limb: null, attempt: 0, title: 'Why?' };
    const after = { ...before, state: 'claimed', limb: 'aa', attempt: 1 };
    expect(told('claim_task', { table: 'task', before, after })).toBe(
      'took a task: task 12 queued → claimed, at desk, attempt 0 → 1',
    );
  });

  it('say what is gone', () => {
    const before = { name: 'Bo', role: 'viewer' };
    expect(told('remove_member', { table: 'member', before, after: null })).toBe('removed a member: member Bo is gone');
  });

  it('name a budget by whose it is', () => {
    const after = { scope: 'member', holder: '1/member/aa', unit: 'tokens', period: 'day', bound: '500' };
    expect(told('set_budget', { table: 'budget', before: null, after })).toBe(
      'set a budget: budget of tokens a day for desk: at most 500',
    );
  });

  it('name hooks, schedules and rules', () => {
    const before = { id: '1', name: 'shop', kind: 'order.paid', rotated_at: null };
    expect(told('create_hook', { table: 'hook', before: null, after: before })).toBe('made a hook: hook shop');
    const after = { ...before, rotated_at: '2026-01-01T00:00:00Z' };
    expect(told('rotate_hook', { table: 'hook', before, after })).toBe(
      'replaced the secret of a hook: hook shop rotated at none → 2026-01-01T00:00:00Z',
    );
  });

  it('name recipes, runs and approvals, and who answered', () => {
    const before = { id: '3', run_id: '7', path: 'ask', state: 'open', decided_by: null };
    const after = { ...before, state: 'approved', decided_by: 'aa' };
    expect(told('decide_approval', { table: 'approval', before, after })).toBe(
      'answered an approval: approval ask of run 7 open → approved, decided by desk',
    );
    const run = { id: '7', recipe: 'digest', state: 'running' };
    expect(told('start_recipe', { table: 'run', before: null, after: run })).toBe('started a recipe: run 7 of digest');
  });

  it('say something of what they do not know', () => {
    const change = { table: 'new_thing', before: { size: 1 }, after: { size: 2 } };
    expect(told('do_new_thing', change)).toBe('do new thing: new thing size 1 → 2');
    expect(told('idle')).toBe('idle');
  });
});
