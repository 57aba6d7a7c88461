import type { Approval, Member, RecipeVersion, Run, Step, Summary, Task } from '$bindings/types.ts';

/** What finished tasks have cost on one day, of one member, limb and engine. */
export type {
  Approval,
  Attempt,
  Budget,
  Event,
  Feedback,
  Firing,
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
  Recipe,
  RecipeVersion,
  Rehearsal,
  Rule,
  RuleAnswer,
  RuleCount,
  RuleVersion,
  Run,
  RunData,
  Schedule,
  Spending as SpendingRow,
  Step,
  StepOutput,
  StreamPiece,
  Summary,
  Task,
  TaskInput,
  Tenant,
  ThreadTurn,
  Tunnel,
  Usage,
  WaitReason,
} from '$bindings/types.ts';
export type RoleTag = Member['role']['tag'];
export type Citation = Summary['body']['citations'][number];
export type Timing = Summary['body']['timings'][number];
export type ApprovalStateTag = Approval['state']['tag'];
export type NotationTag = RecipeVersion['notation']['tag'];
export type RunStateTag = Run['state']['tag'];
export type StepStateTag = Step['state']['tag'];
export type TaskStateTag = Task['state']['tag'];

export function isFinished(state: TaskStateTag): boolean {
  return state === 'Done' || state === 'Failed' || state === 'Dead' || state === 'Cancelled';
}

export function hasEnded(state: RunStateTag): boolean {
  return state === 'Done' || state === 'Failed' || state === 'Cancelled';
}
