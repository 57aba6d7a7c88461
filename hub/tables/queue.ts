import { t } from 'spacetimedb/server';

// How tasks wait. A queued task has one queue entry. The entry stands in a lane, or it waits for its time, or it is
// offered to a limb. The tasks of a lane are alike in everything that decides who may work on them and when; lanes that
// differ only in their concurrency key form a band, whose lanes are served in turn.

/** Stands for a queued task: a task is queued exactly while it has one. */
export const queueEntryRow = t.row('QueueEntry', {
  taskId: t.u64().primaryKey(),
  tenantId: t.u64().index('btree'),
  /** 0 while it is in no lane. */
  laneId: t.u64(),
  place: t.u64(),
  queuedAt: t.timestamp(),
  /** Set while it waits for its time. */
  waitsUntil: t.option(t.timestamp()),
  /** The budget that has less left than it needs, while that is so; 0 otherwise. */
  budgetId: t.u64().index('btree'),
  /** What that budget is short of, in words. */
  shortage: t.string(),
  /** The band of its lane; 0 while it is in none. */
  bandId: t.u64().default(0n),
});

/** The tasks of one concurrency key, or of none, in one band. There is a lane exactly while it has tasks. */
export const laneRow = t.row('Lane', {
  id: t.u64().primaryKey().autoInc(),
  tenantId: t.u64().index('btree'),
  bandId: t.u64(),
  /** `<tenant>/<key>`; empty without a key. */
  concurrency: t.string().index('btree'),
  /** Its place in the band's order; 0 while its concurrency key is used up. */
  place: t.u64(),
  head: t.u64(),
  tail: t.u64(),
  taskCount: t.u32(),
});

/** Lanes that the same limbs may serve, at one priority. There is a band exactly while it has lanes. */
export const bandRow = t.row('Band', {
  id: t.u64().primaryKey().autoInc(),
  tenantId: t.u64().index('btree'),
  route: t.string().index('btree'),
  skill: t.string(),
  target: t.option(t.identity()),
  labels: t.array(t.string()),
  priority: t.u8(),
  head: t.u64(),
  tail: t.u64(),
  laneCount: t.u32(),
  /** Grows when it is served: the smallest of those that a limb could serve is next. */
  turn: t.u64(),
});

/** Who holds the places of a concurrency key. There is a row exactly while somebody does. */
export const concurrencyRow = t.row('Concurrency', {
  /** `<tenant>/<key>` */
  key: t.string().primaryKey(),
  holders: t.array(t.u64()),
});

/** A queued task as the limb sees it that is to claim it. */
export const offerRow = t.row('Offer', {
  taskId: t.u64().primaryKey(),
  tenantId: t.u64(),
  limb: t.identity().index('btree'),
  skill: t.string(),
  offeredAt: t.timestamp(),
});

/**
 * Grows when a limb that serves several tenants is offered one of its tasks: the smallest is next. Nobody sees it, because it tells
 * of the other tenants.
 */
export const precedenceRow = t.row('Precedence', { tenantId: t.u64().primaryKey(), turn: t.u64() });

/** What the hub counts for a tenant. */
export const usageRow = t.row('Usage', {
  tenantId: t.u64().primaryKey(),
  /** Of an earlier version: `precedence` has taken its place. */
  turn: t.u64(),
  unfinishedTasks: t.u32(),
  /** What is kept of its tasks, finished or not, with their daily totals, of its recipes, runs and rules. */
  rows: t.u64().default(0n),
  /** Of inputs, summaries, errors, feedback, the texts of recipes and rules, and what runs and steps were given and came to. */
  bytes: t.u64().default(0n),
  /** The newest task that was submitted. */
  lastTask: t.u64().default(0n),
  /** Of an earlier version: `counting` has taken its place. */
  isCounted: t.bool().default(false),
  /** Runs of recipes that have not ended. */
  unfinishedRuns: t.u32().default(0),
  /** By which of the ways of counting its rows and bytes were counted: earlier versions did not count all of them. */
  counting: t.u8().default(0),
});

/** Why tasks wait: those of one lane whose concurrency key is used up, or those of all other lanes of a band. */
export const waitReasonRow = t.row('WaitReason', {
  /** `lane/<id>` comes before `band/<id>`. */
  key: t.string().primaryKey(),
  tenantId: t.u64(),
  /** For programs: `concurrency`, `no-limb`, `offline`, `labels`, `busy` or `capacity`. */
  code: t.string(),
  /** For a person. */
  text: t.string(),
});
