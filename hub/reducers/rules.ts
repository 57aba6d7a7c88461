import { t } from 'spacetimedb/server';
import { emitEvent } from '../events/emit.ts';
import { wakeMemory } from '../rules/match.ts';
import { activate, deactivate, forgetStep, deleteRule as removeRule, saveText } from '../rules/saving.ts';
import spacetimedb, { type Ctx, type RuleRow } from '../schema.ts';
import { ruleForgetTable, ruleTimerTable } from '../tables/rules.ts';
import { requireMember, requireOwn } from './access.ts';

/**
 * Keeps a text, in YAML or JSON, as the newest version of the rule that it names, which is made when it is not there. What is
 * active stays so: activate the version to have it take events.
 */
export const saveRule = spacetimedb.reducer(
  { name: 'save_rule' },
  { tenantId: t.u64(), text: t.string() },
  (ctx, { tenantId, text }) => {
    requireMember(ctx, tenantId, 'Operator');
    saveText(ctx, tenantId, text);
  },
);

/** Lets a version of a rule, 0 for the newest, take every event from now on. Its tasks are the work of the caller. */
export const activateRule = spacetimedb.reducer(
  { name: 'activate_rule' },
  { ruleId: t.u64(), version: t.u32() },
  (ctx, { ruleId, version }) => {
    activate(ctx, requireRule(ctx, ruleId), version);
  },
);

/** Lets a rule take no more events. What it remembers is forgotten. */
export const deactivateRule = spacetimedb.reducer(
  { name: 'deactivate_rule' },
  { ruleId: t.u64() },
  (ctx, { ruleId }) => {
    deactivate(ctx, requireRule(ctx, ruleId));
  },
);

/** Deletes a rule with all of its versions; what it did stays. */
export const deleteRule = spacetimedb.reducer({ name: 'delete_rule' }, { ruleId: t.u64() }, (ctx, { ruleId }) => {
  removeRule(ctx, requireRule(ctx, ruleId));
});

export const wakeRule = spacetimedb.reducer(
  { onSchedule: ruleTimerTable },
  { row: ruleTimerTable.rowType },
  (ctx, { row }) => {
    const memory = ctx.db.ruleMemory.id.find(row.memoryId);
    if (memory) wakeMemory(ctx, memory, (event) => emitEvent(ctx, event));
  },
);

export const forgetRule = spacetimedb.reducer(
  { onSchedule: ruleForgetTable },
  { row: ruleForgetTable.rowType },
  (ctx, { row }) => {
    forgetStep(ctx, row.activation);
  },
);

function requireRule(ctx: Ctx, id: bigint): RuleRow {
  return requireOwn(ctx, { what: 'rule', id, row: ctx.db.rule.id.find(id), atLeast: 'Operator' }).row;
}
