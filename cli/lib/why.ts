import type { Attempt, QueueEntry, Task, WaitReason } from '../../bindings/types.ts';
import { formatDuration } from './summary.ts';
import { oneLine } from './terminal.ts';

export interface WhyFacts {
  readonly task: Task;
  readonly entry: QueueEntry | undefined;
  /** Why the tasks wait that it stands among. */
  readonly reason: WaitReason | undefined;
  readonly attempts: readonly Attempt[];
}

/** Why a task is not done, and what its attempts came to, line by line. */
export function explain({ task, entry, reason, attempts }: WhyFacts): string[] {
  const lines = [headOf(task, entry, reason)];
  for (const attempt of [...attempts].sort((a, b) => a.number - b.number)) lines.push(describe(attempt));
  return lines.map(oneLine);
}

function headOf(task: Task, entry: QueueEntry | undefined, reason: WaitReason | undefined): string {
  const name = `Task ${task.id}`;
  switch (task.state.tag) {
    case 'Queued':
      return `${name} waits: ${waitOf(entry, reason)}`;
    case 'Claimed':
    case 'Running':
      return `${name} is being worked on, attempt ${task.attempt}`;
    case 'Done':
      return `${name} is done`;
    case 'Cancelled':
      return `${name} was cancelled`;
    case 'Failed':
      return `${name} failed: ${task.error}`;
    case 'Dead':
      return `${name} is dead after ${task.failures} of ${task.attemptsMax} attempts: ${task.error}`;
  }
}

function waitOf(entry: QueueEntry | undefined, reason: WaitReason | undefined): string {
  if (entry?.waitsUntil) return `its time comes at ${entry.waitsUntil.toDate().toISOString()}`;
  if (entry && entry.shortage !== '') return entry.shortage;
  return reason?.text ?? 'it is offered to a limb that has a free slot';
}

function describe({ number, limbName, startedAt, durationMs, outcome, error, exitCode }: Attempt): string {
  const how = outcome.tag === 'Open' ? 'runs' : `${outcome.tag.toLowerCase()} after ${formatDuration(durationMs)}`;
  const exit = exitCode === undefined ? '' : `, exit status ${exitCode}`;
  const why = error === '' ? '' : `: ${error}`;
  return `attempt ${number} on ${limbName} at ${startedAt.toDate().toISOString()} ${how}${exit}${why}`;
}
