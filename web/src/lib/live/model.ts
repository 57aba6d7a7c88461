import type {
  Attempt,
  Budget,
  DayTotal,
  Event,
  Feedback,
  Hook,
  Limb,
  Member,
  Memory,
  Notification,
  OpenInvite,
  Policy,
  ProgressPiece,
  QueueEntry,
  Reading,
  Schedule,
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
  Event,
  Feedback,
  Hook,
  Limb,
  Member,
  Memory,
  Notification,
  OpenInvite,
  Policy,
  ProgressPiece,
  QueueEntry,
  Reading,
  Schedule,
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
