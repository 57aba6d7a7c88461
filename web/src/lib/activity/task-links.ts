import type { AuditEntry } from '../audit/history.ts';

/** A part of a sentence; with `taskId` it names a task that can be opened. */
export interface LinkedText {
  readonly text: string;
  readonly taskId?: string;
}

/** Cuts the words of an entry so that the tasks that it changed are parts of their own. */
export function linkTasks(words: string, { changes }: Pick<AuditEntry, 'changes'>): LinkedText[] {
  const ids = changes.flatMap(({ table, before, after }) =>
    table === 'task' ? [String((after ?? before)?.['id'])] : [],
  );
  return words.split(/\b(task \d+)\b/).flatMap((text): LinkedText[] => {
    const taskId = /^task (\d+)$/.exec(text)?.[1];
    if (taskId !== undefined && ids.includes(taskId)) return [{ text, taskId }];
    return text === '' ? [] : [{ text }];
  });
}
