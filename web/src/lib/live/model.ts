import type {
  Attempt,
  Budget,
  Limb,
  Member,
  Memory,
  ProgressPiece,
  QueueEntry,
  StreamPiece,
  Summary,
  Task,
  TaskInput,
  Tenant,
  WaitReason,
} from '$bindings/types.ts';

export type {
  Attempt,
  Budget,
  Limb,
  Member,
  Memory,
  ProgressPiece,
  QueueEntry,
  StreamPiece,
  Summary,
  Task,
  TaskInput,
  Tenant,
  WaitReason,
};
export type RoleTag = Member['role']['tag'];
export type Citation = Summary['body']['citations'][number];
export type Timing = Summary['body']['timings'][number];
export type TaskStateTag = Task['state']['tag'];

export function isFinished(state: TaskStateTag): boolean {
  return state === 'Done' || state === 'Failed' || state === 'Dead' || state === 'Cancelled';
}
