import { t } from 'spacetimedb/server';

export const TaskState = t.enum('TaskState', ['Queued', 'Claimed', 'Running', 'Done', 'Failed', 'Dead', 'Cancelled']);

/** How an attempt ended. */
export const AttemptOutcome = t.enum('AttemptOutcome', ['Open', 'Done', 'Failed', 'Lost', 'Cancelled', 'Expired']);

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

/** Amounts of what budgets bound; money in millionths. */
export const Amounts = t.object('Amounts', { tokens: t.u64(), micros: t.u64(), seconds: t.u64() });

/** How a task is to be queued; a task without any runs as soon as a limb is free, in the order of submission. */
export const TaskTerms = t.object('TaskTerms', {
  /** The only limb that may claim it; none for any limb with the skill. */
  target: t.option(t.identity()),
  /** 0 to 9, the highest first; 5 without terms. */
  priority: t.u8(),
  /** Not before. */
  runAfter: t.option(t.timestamp()),
  /** Unfinished by then it is given up. */
  deadline: t.option(t.timestamp()),
  /** How many attempts may fail; 0 for 5. */
  attemptsMax: t.u32(),
  /** While a task with this key is unfinished, another one is not queued; empty for none. */
  dedupeKey: t.string(),
  /** Tasks with this key share `concurrencyMax` places; empty for none. */
  concurrencyKey: t.string(),
  concurrencyMax: t.u32(),
  /** Labels that the limb must have. */
  labels: t.array(t.string()),
  /** The task that this one is a part of. */
  parent: t.option(t.u64()),
  /** It waits until its budgets have so much left. */
  needs: t.option(Amounts),
  /** What it and its parts may spend together; 0 of a unit for no bound. Only without a parent. */
  treeBudget: t.option(Amounts),
});

export const taskRow = t.row('Task', {
  id: t.u64().primaryKey().autoInc(),
  tenantId: t.u64().index('btree'),
  /** The submitter's own key for it: submitting the same reference again changes nothing. */
  reference: t.string(),
  skill: t.string(),
  /** The first line of the input, for lists. */
  title: t.string(),
  state: TaskState,
  priority: t.u8(),
  /** Counts claims; a report must name the attempt it is about. */
  attempt: t.u32(),
  /** Attempts that came to nothing since it was queued or redriven. */
  failures: t.u32(),
  /** So many failures, and it is dead. */
  attemptsMax: t.u32(),
  /** The limb of the latest attempt. */
  limb: t.option(t.identity()),
  parent: t.option(t.u64()),
  /** The first of its tree of parents; its own number without a parent. */
  root: t.u64(),
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
  terms: TaskTerms,
});

/** One task's link to its parent, for finding the children. */
export const childRow = t.row('Child', {
  taskId: t.u64().primaryKey(),
  parent: t.u64().index('btree'),
  root: t.u64().index('btree'),
});

/** Stands for a task whose attempts are used up, so that all of a tenant's are found at once. */
export const deadLetterRow = t.row('DeadLetter', {
  taskId: t.u64().primaryKey(),
  tenantId: t.u64().index('btree'),
});

/** The unfinished task of a dedupe key. */
export const dedupeRow = t.row('Dedupe', {
  /** `<tenant>/<key>` */
  key: t.string().primaryKey(),
  taskId: t.u64().index('btree'),
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

/** One claim of a task and what became of it. */
export const attemptRow = t.row('Attempt', {
  id: t.u64().primaryKey().autoInc(),
  taskId: t.u64().index('btree'),
  tenantId: t.u64().index('btree'),
  number: t.u32(),
  limb: t.identity(),
  /** The limb may be gone when somebody asks. */
  limbName: t.string(),
  startedAt: t.timestamp(),
  endedAt: t.option(t.timestamp()),
  durationMs: t.u32(),
  outcome: AttemptOutcome,
  error: t.string(),
  exitCode: t.option(t.i32()),
});

export const summaryRow = t.row('Summary', {
  taskId: t.u64().primaryKey(),
  tenantId: t.u64().index('btree'),
  attempt: t.u32(),
  limb: t.identity(),
  body: SummaryBody,
  at: t.timestamp(),
});
