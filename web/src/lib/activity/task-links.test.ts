import { expect, test } from 'vitest';
import { linkTasks } from './task-links.ts';

test('a task that an entry changed can be opened, one that a title merely names cannot', () => {
  const change = { table: 'task', before: null, after: { id: '12' } };
  expect(linkTasks('submitted a task: task 12 (reason) “Why is task 7 late?”', { changes: [change] })).toEqual([
    { text: 'submitted a task: ' },
    { text: 'task 12', taskId: '12' },
    { text: ' (reason) “Why is ' },
    { text: 'task 7' },
    { text: ' late?”' },
  ]);
});
