import { t, table } from 'spacetimedb/server';
import { Role } from './people.ts';

// A recipe is a text with versions; a run goes by the version that it was started with, whatever is saved later.

export const Notation = t.enum('Notation', ['Yaml', 'Toml', 'Json']);

export const recipeRow = t.row('Recipe', {
  id: t.u64().primaryKey().autoInc(),
  tenantId: t.u64().index('btree'),
  /** Unique in its tenant. */
  name: t.string(),
  description: t.string(),
  /** The newest version, counted from 1. */
  version: t.u32(),
  updatedBy: t.identity(),
  updatedAt: t.timestamp(),
  /** When a run was last started; none while there was none. */
  startedAt: t.option(t.timestamp()),
});

export const recipeVersionRow = t.row('RecipeVersion', {
  id: t.u64().primaryKey().autoInc(),
  tenantId: t.u64().index('btree'),
  recipeId: t.u64().index('btree'),
  version: t.u32(),
  notation: Notation,
  text: t.string(),
  savedBy: t.identity(),
  savedAt: t.timestamp(),
});

/** `Undoing`: it has failed, and what its finished steps did is being undone. */
export const RunState = t.enum('RunState', ['Running', 'Paused', 'Undoing', 'Done', 'Failed', 'Cancelled']);

export const runRow = t.row('Run', {
  id: t.u64().primaryKey().autoInc(),
  tenantId: t.u64().index('btree'),
  recipeId: t.u64().index('btree'),
  /** The recipe's name when it was started. */
  recipe: t.string(),
  version: t.u32(),
  versionId: t.u64(),
  state: RunState,
  /** The starter's own key for it: starting with the same reference again changes nothing. */
  reference: t.string(),
  startedBy: t.identity(),
  startedAt: t.timestamp(),
  finishedAt: t.option(t.timestamp()),
  /** The day of that, counted from 1970; 0 before. */
  endedDay: t.u32(),
  /** Why it failed; empty when it did not. */
  error: t.string(),
  /** The step of another run that it is; 0 for none. */
  parentStep: t.u64().index('btree'),
  /** How many runs it is inside of. */
  depth: t.u8(),
  /** Steps that were begun, those of later tries included. */
  stepCount: t.u32(),
  /** Of the steps that were begun, those that have ended. */
  endedCount: t.u32(),
  /** What all tries of all steps have used, runs inside of it included. */
  tokensIn: t.u64(),
  tokensOut: t.u64(),
  costMicros: t.u64(),
  /** How often it was taken up again. */
  retries: t.u32(),
  /** The step whose compensation is next; 0 for none. */
  undoHead: t.u64(),
});

/** Apart from the run, so that a change of state does not send it again. */
export const runDataRow = t.row('RunData', {
  runId: t.u64().primaryKey(),
  tenantId: t.u64().index('btree'),
  /** JSON: kind, source, subject and payload of what started it. */
  trigger: t.string(),
  /** JSON; empty before the end, and when there is none. */
  output: t.string(),
});

/** Steps of one block that are done together: the run's own, one item of a map, one round of a loop, a branch. */
export const frameRow = t.row('Frame', {
  id: t.u64().primaryKey().autoInc(),
  runId: t.u64().index('btree'),
  tenantId: t.u64(),
  /** The step that it is a part of; 0 for the run itself. */
  stepId: t.u64(),
  /** The number of its block in the recipe. */
  block: t.u32(),
  /** Which item, round or branch. */
  index: t.u32(),
  /** JSON of the item of a map; empty otherwise. */
  item: t.string(),
  /** Steps that have not ended. */
  remaining: t.u32(),
  isOpen: t.bool(),
});

/** `Recovering`: it has failed, and its on_failure steps are under way. */
export const StepState = t.enum('StepState', [
  'Waiting',
  'Running',
  'Recovering',
  'Done',
  'Failed',
  'Skipped',
  'Cancelled',
  'Undone',
]);

export const StepKind = t.enum('StepKind', [
  'Skill',
  'If',
  'Parallel',
  'Map',
  'Loop',
  'Wait',
  'Approve',
  'Recipe',
  'Output',
  'Undo',
]);

export const stepRow = t.row('Step', {
  id: t.u64().primaryKey().autoInc(),
  runId: t.u64().index('btree'),
  tenantId: t.u64().index('btree'),
  frameId: t.u64(),
  /** Its number in the recipe. */
  node: t.u32(),
  name: t.string(),
  /** With the steps that it is inside of: `each[3].summarise`. */
  path: t.string(),
  kind: StepKind,
  state: StepState,
  startedAt: t.timestamp(),
  finishedAt: t.option(t.timestamp()),
  /** Why it failed, or what it waits for; empty otherwise. */
  error: t.string(),
  /** It has failed, and the run went on. */
  isHandled: t.bool(),
  /** Of a skill: its task, the newest one; 0 for none. */
  taskId: t.u64(),
  /** Of a skill: how many tasks it had; more than one after a check that did not hold. */
  tries: t.u32(),
  /** Of a map, a loop or parallel branches: how many items, rounds or branches there are at most, were begun, have ended. */
  total: t.u32(),
  opened: t.u32(),
  closed: t.u32(),
  tokensIn: t.u64(),
  tokensOut: t.u64(),
  costMicros: t.u64(),
  /** The step whose compensation this is; 0 for none. */
  undoes: t.u64(),
  /** The step whose compensation comes after its own; 0 for none. */
  undoNext: t.u64(),
  /** A later try has taken its place. */
  isReplaced: t.bool(),
});

/** What a step came to, apart from it, so that a change of state does not send it again. */
export const stepOutputRow = t.row('StepOutput', {
  stepId: t.u64().primaryKey(),
  runId: t.u64().index('btree'),
  tenantId: t.u64().index('btree'),
  /** JSON. */
  value: t.string(),
});

/** A step's unfinished task. */
export const stepTaskRow = t.row('StepTask', {
  taskId: t.u64().primaryKey(),
  stepId: t.u64().index('btree'),
});

/** The items of a map while it goes on: JSON of the list. */
export const stepItemsRow = t.row('StepItems', {
  stepId: t.u64().primaryKey(),
  runId: t.u64().index('btree'),
  items: t.string(),
});

/** What somebody gave a step instead of what its recipe says, when they took the run up again. */
export const givenInputRow = t.row('GivenInput', {
  id: t.u64().primaryKey().autoInc(),
  runId: t.u64().index('btree'),
  frameId: t.u64(),
  node: t.u32(),
  /** JSON. */
  input: t.string(),
});

/** A step that waits for an event. */
export const eventWaitRow = t.row('EventWait', {
  stepId: t.u64().primaryKey(),
  runId: t.u64(),
  /** `<tenant>/<kind>` */
  kind: t.string().index('btree'),
});

export const ApprovalState = t.enum('ApprovalState', ['Open', 'Approved', 'Rejected', 'Withdrawn']);

/** A question to a person, on whose answer a step waits. */
export const approvalRow = t.row('Approval', {
  id: t.u64().primaryKey().autoInc(),
  tenantId: t.u64().index('btree'),
  runId: t.u64().index('btree'),
  stepId: t.u64().index('btree'),
  recipe: t.string(),
  path: t.string(),
  prompt: t.string(),
  /** Who may answer, at least. */
  role: Role,
  /** JSON: the inputs that are asked for, as `{ name: { type, required, default, about } }`. */
  asks: t.string(),
  state: ApprovalState,
  askedAt: t.timestamp(),
  /** Unanswered by then it is withdrawn. */
  until: t.option(t.timestamp()),
  decidedBy: t.option(t.identity()),
  decidedAt: t.option(t.timestamp()),
  note: t.string(),
  /** JSON of the inputs that were given; empty before. */
  inputs: t.string(),
});

/** What a run does next. */
export const MoveKind = t.enum('MoveKind', ['Start', 'Settle', 'Spread', 'Cancel', 'Undo', 'Replace']);

/** A move that is kept for a later transaction: the run is paused, or there was too much to do in one. */
export const moveRow = t.row('Move', {
  id: t.u64().primaryKey().autoInc(),
  runId: t.u64().index('btree'),
  kind: MoveKind,
  /** Of the frame that a step is to be started in; otherwise of the step. */
  target: t.u64(),
  node: t.u32(),
});

/** Goes on with the moves of a run that were kept. */
export const advanceTable = table(
  { name: 'advance' },
  t.row('Advance', {
    id: t.u64().primaryKey().autoInc(),
    scheduledAt: t.scheduleAt(),
    runId: t.u64().index('btree'),
  }),
);

/** `Timeout`: the step is given up. `Wake`: what it waits for has come. `Retry`: it is tried again. */
export const StepClockKind = t.enum('StepClockKind', ['Timeout', 'Wake', 'Retry']);

export const stepClockTable = table(
  { name: 'step_clock' },
  t.row('StepClock', {
    id: t.u64().primaryKey().autoInc(),
    scheduledAt: t.scheduleAt(),
    stepId: t.u64().index('btree'),
    kind: StepClockKind,
  }),
);
