import { t, table } from 'spacetimedb/server';

/** What events do when they come together. Its text is in its versions. */
export const ruleRow = t.row('Rule', {
  id: t.u64().primaryKey().autoInc(),
  tenantId: t.u64().index('btree'),
  /** `<tenant>/<name>` */
  key: t.string().unique(),
  name: t.string(),
  description: t.string(),
  /** The newest that was saved. */
  version: t.u32(),
  /** The one that is active; 0 for none. */
  activeVersion: t.u32(),
  /** The activation that goes on; 0 for none. */
  activation: t.u64(),
  savedBy: t.identity(),
  savedAt: t.timestamp(),
});

export const ruleVersionRow = t.row('RuleVersion', {
  /** `<rule>/<version>` */
  key: t.string().primaryKey(),
  ruleId: t.u64().index('btree'),
  tenantId: t.u64().index('btree'),
  version: t.u32(),
  /** YAML or JSON, as it was written. */
  text: t.string(),
  savedBy: t.identity(),
  savedAt: t.timestamp(),
});

/** What a version says, as it was read from its text: JSON, so that starting a hub reads no texts. */
export const ruleProgramRow = t.row('RuleProgram', {
  /** `<rule>/<version>` */
  key: t.string().primaryKey(),
  tenantId: t.u64(),
  program: t.string(),
});

/** A time in which a version was active: for the events with places from `fromPlace` up to, but not including, `untilPlace`. */
export const ruleActivationRow = t.row('RuleActivation', {
  id: t.u64().primaryKey().autoInc(),
  tenantId: t.u64().index('btree'),
  ruleId: t.u64().index('btree'),
  version: t.u32(),
  /** Whose work its tasks are. */
  by: t.identity(),
  since: t.timestamp(),
  fromPlace: t.u64(),
  /** None while it goes on. */
  until: t.option(t.timestamp()),
  untilPlace: t.option(t.u64()),
});

/** How often a rule fired, and what went wrong last. Apart from the rule, so that a firing does not send the rule again. */
export const ruleCountRow = t.row('RuleCount', {
  ruleId: t.u64().primaryKey(),
  tenantId: t.u64().index('btree'),
  firings: t.u64(),
  /** Firings of which an action failed, and events that it could not take. */
  failures: t.u64(),
  lastFiredAt: t.option(t.timestamp()),
  lastError: t.string(),
  lastErrorAt: t.option(t.timestamp()),
  /** The hour, counted from 1970, of the last of `perHour`. */
  hour: t.u32(),
  /** Firings in each of 24 hours, the newest last. */
  perHour: t.array(t.u32()),
  /** Of how many keys it remembers something. */
  keys: t.u32(),
});

/** What one action of a firing did; texts say why it failed. */
export const Deed = t.enum('Deed', {
  Submitted: t.u64(),
  Emitted: t.u64(),
  Notified: t.u64(),
  Failed: t.string(),
  /** A run of a recipe. */
  Started: t.u64(),
});

/** A rule was completed and acted. */
export const firingRow = t.row('Firing', {
  id: t.u64().primaryKey().autoInc(),
  tenantId: t.u64(),
  /** Its place among the firings of its tenant, which are numbered without gaps. */
  place: t.u64(),
  ruleId: t.u64().index('btree'),
  ruleName: t.string(),
  version: t.u32(),
  /** The last of the events that completed it. */
  event: t.u64().index('btree'),
  /** All of them, the newest 100, in their order. */
  events: t.array(t.u64()),
  /** How many there were. */
  count: t.u32(),
  /** What its events have in common, as JSON; empty for a rule without `by`. */
  groupKey: t.string(),
  at: t.timestamp(),
  deeds: t.array(Deed),
});

/** What a tenant has of rules. */
export const rulesetRow = t.row('Ruleset', {
  tenantId: t.u64().primaryKey(),
  /** A hash over all changes of what is active: equal stamps are equal sets of rules, whatever was rolled back. */
  stamp: t.string(),
  active: t.u32(),
  rules: t.u32(),
});

/** One change of what is active: the stamp before it, and the rule that it was of. */
export const RulesetChange = t.object('RulesetChange', { before: t.string(), ruleId: t.u64() });

/** The latest changes, the newest last, so that a network that is a little behind is brought up to date by them alone. */
export const rulesetChangesRow = t.row('RulesetChanges', {
  tenantId: t.u64().primaryKey(),
  changes: t.array(RulesetChange),
});

/** A tenant keeps the firings with places from `head` up to, but not including, `tail`. */
export const firingLogRow = t.row('FiringLog', {
  tenantId: t.u64().primaryKey(),
  head: t.u64(),
  tail: t.u64(),
});

/** What an active rule remembers of the events of one key. */
export const ruleMemoryRow = t.row('RuleMemory', {
  id: t.u64().primaryKey().autoInc(),
  /** `<activation>/<group key>` */
  key: t.string().unique(),
  activation: t.u64().index('btree'),
  ruleId: t.u64(),
  /** As in firings. */
  groupKey: t.string(),
  /** JSON. */
  memory: t.string(),
  /** When its timer wakes it, in microseconds; 0 without a timer. */
  wakeAt: t.i64(),
});

/** An event that a rule counts. */
export const ruleTokenRow = t.row('RuleToken', {
  id: t.u64().primaryKey().autoInc(),
  memoryId: t.u64(),
  at: t.i64(),
  event: t.u64(),
});

/** Wakes what a rule remembers when something is due, or all of it is out of date. */
export const ruleTimerTable = table(
  { name: 'rule_timer' },
  t.row('RuleTimer', {
    id: t.u64().primaryKey().autoInc(),
    scheduledAt: t.scheduleAt(),
    memoryId: t.u64().index('btree'),
  }),
);

/** The next step of forgetting what an activation that has ended remembered. */
export const ruleForgetTable = table(
  { name: 'rule_forget' },
  t.row('RuleForget', {
    id: t.u64().primaryKey().autoInc(),
    scheduledAt: t.scheduleAt(),
    activation: t.u64(),
  }),
);
