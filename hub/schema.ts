import { type Infer, schema, t, table } from 'spacetimedb/server';

/** owner: everything, members included; operator: tasks; viewer: looks. */
export const Role = t.enum('Role', ['Owner', 'Operator', 'Viewer']);

/** What an invite makes of the Identity that redeems it. */
export const InviteKind = t.enum('InviteKind', ['Member', 'Limb']);

export const TaskState = t.enum('TaskState', ['Queued', 'Claimed', 'Running', 'Done', 'Failed', 'Dead', 'Cancelled']);

/** Where in the limb's memory a part of an answer comes from. */
export const Citation = t.object('Citation', {
  document: t.string(),
  section: t.string(),
  quote: t.string(),
});

/** One measured part of the work. */
export const Timing = t.object('Timing', {
  name: t.string(),
  durationMs: t.u32(),
});

/** All that ever comes back from a limb. At most 4 KiB as JSON. */
export const SummaryBody = t.object('SummaryBody', {
  text: t.string(),
  citations: t.array(Citation),
  /** What answered, in words for a person: a model's name, `extractive`, `bubblewrap (jail)`. */
  engine: t.string(),
  /** What the reader should know about how it was answered; empty for nothing. */
  note: t.string(),
  /** The exit status of a script; none for other skills. */
  exitCode: t.option(t.i32()),
  /** SHA-256 of artefacts that stay at the limb. */
  artefacts: t.array(t.string()),
  tokensIn: t.u32(),
  tokensOut: t.u32(),
  costMicros: t.u64(),
  durationMs: t.u32(),
  timings: t.array(Timing),
});

export const tenantRow = t.row('Tenant', {
  id: t.u64().primaryKey().autoInc(),
  name: t.string(),
  createdAt: t.timestamp(),
});

export const memberRow = t.row('Member', {
  id: t.u64().primaryKey().autoInc(),
  tenantId: t.u64().index('btree'),
  identity: t.identity().index('btree'),
  role: Role,
  name: t.string(),
  joinedAt: t.timestamp(),
});

export const limbRow = t.row('Limb', {
  identity: t.identity().primaryKey(),
  tenantId: t.u64().index('btree'),
  name: t.string(),
  skills: t.array(t.string()),
  /** How many tasks it works on at once. */
  capacity: t.u32(),
  online: t.bool(),
  /** The connection that announced it; another one's end does not take it offline. */
  connection: t.option(t.connectionId()),
  version: t.string(),
  /** The sandbox engine and its level, in words: `bubblewrap (jail)`; empty without one. */
  sandbox: t.string(),
  /** The language model, in words; empty without one. */
  model: t.string(),
  documentCount: t.u32(),
  chunkCount: t.u32(),
  enrolledAt: t.timestamp(),
  seenAt: t.timestamp(),
});

export const taskRow = t.row('Task', {
  id: t.u64().primaryKey().autoInc(),
  tenantId: t.u64().index('btree'),
  /** The submitter's own key for it inside the tenant: submitting the same reference again changes nothing. */
  reference: t.string().index('btree'),
  skill: t.string(),
  /** The first line of the input, for lists. */
  title: t.string(),
  state: TaskState,
  /** Counts claims; a report must name the attempt it is about. */
  attempt: t.u32(),
  /** The limb of the latest attempt. */
  limb: t.option(t.identity()),
  /** The only limb that may claim it; none for any limb with the skill. */
  target: t.option(t.identity()),
  submittedBy: t.identity(),
  submittedAt: t.timestamp(),
  claimedAt: t.option(t.timestamp()),
  finishedAt: t.option(t.timestamp()),
  /** Why the latest attempt failed; empty when it did not. */
  error: t.string(),
});

/** Apart from the task, so that a change of state does not send the input again. */
export const taskInputRow = t.row('TaskInput', {
  taskId: t.u64().primaryKey(),
  tenantId: t.u64().index('btree'),
  /** JSON by the skill's own schema. */
  input: t.string(),
});

/** Stands for a queued task. A limb sees the offers of its lanes and nothing else of the queue. */
export const offerRow = t.row('Offer', {
  taskId: t.u64().primaryKey(),
  lane: t.string().index('btree'),
  skill: t.string(),
  queuedAt: t.timestamp(),
});

/** Lets a limb see and claim the offers of one lane. */
export const laneAccessRow = t.row('LaneAccess', {
  id: t.u64().primaryKey().autoInc(),
  limb: t.identity().index('btree'),
  lane: t.string().index('btree'),
});

/** Stands for a claimed task: who holds it, by which attempt. */
export const leaseRow = t.row('Lease', {
  taskId: t.u64().primaryKey(),
  tenantId: t.u64().index('btree'),
  limb: t.identity().index('btree'),
  skill: t.string(),
  attempt: t.u32(),
  claimedAt: t.timestamp(),
});

export const progressRow = t.row('ProgressLine', {
  id: t.u64().primaryKey().autoInc(),
  taskId: t.u64().index('btree'),
  tenantId: t.u64().index('btree'),
  attempt: t.u32(),
  line: t.string(),
  at: t.timestamp(),
});

export const summaryRow = t.row('Summary', {
  taskId: t.u64().primaryKey(),
  tenantId: t.u64().index('btree'),
  attempt: t.u32(),
  limb: t.identity(),
  body: SummaryBody,
  at: t.timestamp(),
});

/** A one-time code by its hash: the code itself is never stored. */
export const inviteRow = t.row('Invite', {
  codeHash: t.string().primaryKey(),
  tenantId: t.u64().index('btree'),
  kind: InviteKind,
  role: Role,
  createdBy: t.identity(),
  expiresAt: t.timestamp(),
});

/** Its one row is the hub's broom: expired invites go. */
export const sweepTable = table(
  { name: 'sweep' },
  t.row('Sweep', {
    id: t.u64().primaryKey().autoInc(),
    scheduledAt: t.scheduleAt(),
  }),
);

const spacetimedb = schema({
  tenant: table({ name: 'tenant' }, tenantRow),
  member: table({ name: 'member' }, memberRow),
  limb: table({ name: 'limb' }, limbRow),
  task: table({ name: 'task' }, taskRow),
  taskInput: table({ name: 'task_input' }, taskInputRow),
  offer: table({ name: 'offer' }, offerRow),
  laneAccess: table({ name: 'lane_access' }, laneAccessRow),
  lease: table({ name: 'lease' }, leaseRow),
  progressLine: table({ name: 'progress_line' }, progressRow),
  summary: table({ name: 'summary' }, summaryRow),
  invite: table({ name: 'invite' }, inviteRow),
  sweep: sweepTable,
});
export default spacetimedb;

/** What a reducer of this module gets: `InferSchema` does not see through the schema's class. */
export type Ctx = Parameters<Parameters<typeof spacetimedb.init>[1]>[0];
export type MemberRow = Infer<typeof memberRow>;
export type LimbRow = Infer<typeof limbRow>;
export type TaskRow = Infer<typeof taskRow>;
export type LeaseRow = Infer<typeof leaseRow>;
export type SummaryBody = Infer<typeof SummaryBody>;
export type RoleTag = Infer<typeof Role>['tag'];
