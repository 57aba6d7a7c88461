import { t } from 'spacetimedb/server';

/** What is left of the tasks of one skill that ended alike on one day, after they were compacted. */
export const dayTotalRow = t.row('DayTotal', {
  id: t.u64().primaryKey().autoInc(),
  /** `<tenant>/<day>/<outcome>/<skill>` */
  key: t.string().unique(),
  tenantId: t.u64().index('btree'),
  /** The day on which they ended, by UTC: `2026-11-21`. */
  day: t.string(),
  skill: t.string(),
  /** `done`, `failed`, `dead` or `cancelled` */
  outcome: t.string(),
  tasks: t.u64(),
  attempts: t.u64(),
  tokensIn: t.u64(),
  tokensOut: t.u64(),
  /** Money, in millionths. */
  micros: t.u64(),
  /** Time of limbs, over all attempts. */
  workMs: t.u64(),
  /** From submission to end, and of the slowest. */
  totalMs: t.u64(),
  totalMsMax: t.u32(),
});

/** What finished tasks have cost on one day: of one member, done by one limb with one model or engine. */
export const spendingRow = t.row('Spending', {
  id: t.u64().primaryKey().autoInc(),
  /** `<tenant>/<day>/<member>/<limb>/<engine>` */
  key: t.string().unique(),
  tenantId: t.u64().index('btree'),
  /** By UTC: `2026-11-21`. */
  day: t.string(),
  member: t.identity(),
  limb: t.identity(),
  engine: t.string(),
  tokens: t.u64(),
  /** Money, in millionths. */
  micros: t.u64(),
  workMs: t.u64(),
});

/** How far the compaction has come. One row, once it has begun. */
export const compactionRow = t.row('Compaction', {
  id: t.u8().primaryKey(),
  /** There is no task before this one. */
  floor: t.u64(),
  /** The next one to look at. */
  cursor: t.u64(),
});
