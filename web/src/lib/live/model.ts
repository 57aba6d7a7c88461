import type {
  Attempt,
  Budget,
  DayTotal,
  Feedback,
  Limb,
  Member,
  Memory,
  OpenInvite,
  Policy,
  ProgressPiece,
  QueueEntry,
  StreamPiece,
  Summary,
  Task,
  TaskInput,
  Tenant,
  ThreadTurn,
  Usage,
  WaitReason,
} from '$bindings/types.ts';

export type {
  Attempt,
  Budget,
  DayTotal,
  Feedback,
  Limb,
  Member,
  Memory,
  OpenInvite,
  Policy,
  ProgressPiece,
  QueueEntry,
  StreamPiece,
  Summary,
  Task,
  TaskInput,
  Tenant,
  ThreadTurn,
  Usage,
  WaitReason,
};
export type RoleTag = Member['role']['tag'];
export type Citation = Summary['body']['citations'][number];
export type Timing = Summary['body']['timings'][number];
export type TaskStateTag = Task['state']['tag'];

export function isFinished(state: TaskStateTag): boolean {
  return state === 'Done' || state === 'Failed' || state === 'Dead' || state === 'Cancelled';
}
