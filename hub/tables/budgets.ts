import { t } from 'spacetimedb/server';

/** Whose spending a budget bounds: all of a tenant, the tasks that one member submitted, or one tree of tasks. */
export const BudgetScope = t.enum('BudgetScope', ['Tenant', 'Member', 'Tree']);

export const BudgetUnit = t.enum('BudgetUnit', ['Tokens', 'Micros', 'Seconds']);

/** Calendar days and months are those of UTC; a total never starts anew. */
export const BudgetPeriod = t.enum('BudgetPeriod', ['Day', 'Month', 'Total']);

/** What a limb is to do when a budget is used up: stop, or go on with a cheaper model. */
export const Exhaustion = t.enum('Exhaustion', ['Reject', 'Downgrade']);

/** `spent + reserved` never passes `bound` by anything that a limb does. */
export const budgetRow = t.row('Budget', {
  id: t.u64().primaryKey().autoInc(),
  tenantId: t.u64().index('btree'),
  /** `<tenant>/tenant`, `<tenant>/member/<identity>` or `<tenant>/tree/<task>` */
  holder: t.string().index('btree'),
  scope: BudgetScope,
  unit: BudgetUnit,
  period: BudgetPeriod,
  /** The most that may be spent in a period; money in millionths. */
  bound: t.u64(),
  spent: t.u64(),
  /** Set aside for work that goes on. */
  reserved: t.u64(),
  /** The day or month that `spent` is about: `2026-11-21`, `2026-11`; empty for a total. */
  since: t.string(),
});

/** What a running attempt has set aside before it spends. It ends with the lease, whatever becomes of the limb. */
export const reservationRow = t.row('Reservation', {
  id: t.u64().primaryKey().autoInc(),
  taskId: t.u64().index('btree'),
  /** Chosen by the limb, each once in an attempt: a reservation that comes again changes nothing. */
  number: t.u32(),
  tokens: t.u64(),
  micros: t.u64(),
  seconds: t.u64(),
  /** The budgets that it was set aside from. */
  budgetIds: t.array(t.u64()),
});

/** What a tenant has decided. */
export const policyRow = t.row('Policy', {
  tenantId: t.u64().primaryKey(),
  onExhausted: Exhaustion,
  /** What it may have at most; 0 for the default. */
  unfinishedTasksMax: t.u32().default(0),
  rowsMax: t.u64().default(0n),
  bytesMax: t.u64().default(0n),
  /** How long finished tasks are kept before only their daily totals are; 0 for the default. */
  keepDays: t.u32().default(0),
  /** How many events are kept, of how many bytes, and for how many days; 0 for the default. */
  eventsMax: t.u32().default(0),
  eventBytesMax: t.u64().default(0n),
  eventDays: t.u32().default(0),
  /** Where it is, by the name of the IANA, for schedules, rules and runs. Empty for UTC. */
  timeZone: t.string().default(''),
});
