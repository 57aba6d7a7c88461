import pc from 'picocolors';
import type { Task, TaskState } from '../../bindings/types.ts';
import { formatDuration } from './summary.ts';
import { clip, oneLine } from './terminal.ts';

export const stateColours: Record<TaskState['tag'], (text: string) => string> = {
  Queued: pc.yellow,
  Claimed: pc.cyan,
  Running: pc.cyan,
  Done: pc.green,
  Failed: pc.red,
  Dead: pc.red,
  Cancelled: pc.dim,
};

const header = ['task', 'state', 'skill', 'limb', 'took', 'title'] as const;
const widths = [6, 9, 12, 16, 9];

/** A table of tasks, one a line; `columns` is the width to cut lines to. */
export function formatTasks(
  tasks: readonly Task[],
  limbNames: ReadonlyMap<string, string>,
  nowMs: number,
  columns = Number.POSITIVE_INFINITY,
): string {
  const lines = tasks.map((task) => formatTask(task, limbNames, nowMs, columns));
  if (lines.length === 0) lines.push(pc.dim('no tasks yet: try `helix ask "What is a limb?"`'));
  return [pc.bold(padded(header).join('  ')), ...lines].join('\n');
}

export function formatTask(
  task: Task,
  limbNames: ReadonlyMap<string, string>,
  nowMs: number,
  columns = Number.POSITIVE_INFINITY,
): string {
  const limb = task.limb === undefined ? '' : (limbNames.get(task.limb.toHexString()) ?? '');
  const title = task.error === '' ? task.title : `${task.title} — ${task.error}`;
  const cells = padded([task.id.toString(), task.state.tag.toLowerCase(), task.skill, limb, took(task, nowMs), title]);
  const used = widths.reduce((sum, width) => sum + width + 2, 0);
  return cells
    .map((cell, index) => {
      if (index === 1) return stateColours[task.state.tag](cell);
      return index === 5 ? clip(cell, Math.max(10, columns - used)) : cell;
    })
    .join('  ')
    .trimEnd();
}

function padded(cells: readonly string[]): string[] {
  return cells.map((cell, index) => {
    const width = widths[index];
    return width === undefined ? oneLine(cell) : clip(oneLine(cell), width).padEnd(width);
  });
}

/** How long it has been worked on, or was. */
function took(task: Task, nowMs: number): string {
  if (task.claimedAt === undefined) return '';
  const endMs = task.finishedAt === undefined ? nowMs : task.finishedAt.toDate().getTime();
  return task.state.tag === 'Queued' ? '' : formatDuration(Math.max(0, endMs - task.claimedAt.toDate().getTime()));
}
