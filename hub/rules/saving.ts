import { ScheduleAt, type Timestamp } from 'spacetimedb';
import { SenderError } from 'spacetimedb/server';
import { problemText } from '../conditions/source.ts';
import { requireRoom } from '../keeping/quotas.ts';
import { grow, minus, sizeOfRuleVersion, sumOf } from '../keeping/usage.ts';
import { requireRow } from '../lib/assertion.ts';
import { limits } from '../lib/limits.ts';
import { ascending } from '../lib/order.ts';
import type { Ctx, RuleRow, RuleVersionRow } from '../schema.ts';
import { mayAct, noteActive, rulesetOf, versionKey } from './active.ts';
import { dropCell } from './cells.ts';
import { readRule } from './language.ts';
import type { Rule } from './rule.ts';

/** The rule that a text says. @throws SenderError with the places of what is wrong, one a line */
export function requireRule(text: string): Rule {
  const read = readRule(text);
  if (read.ok) return read.rule;
  throw new SenderError(`invalid-rule: ${read.problems.map(problemText).join('\n')}`);
}

/** Keeps a text as the newest version of the rule that it names. The same text again changes nothing. */
export function saveText(ctx: Ctx, tenantId: bigint, text: string): void {
  const rule = requireRule(text);
  const known = ctx.db.rule.key.find(`${tenantId}/${rule.name}`);
  if (known && ctx.db.ruleVersion.key.find(versionKey(known.id, known.version))?.text === text) return;
  const program = JSON.stringify(rule);
  const growth = sumOf(sizeOfRuleVersion(text, program), { rows: known ? 0 : 1 });
  requireRoom(ctx, tenantId, growth);
  const row = known ?? newRule(ctx, tenantId, rule.name);
  grow(ctx, tenantId, growth);
  const version = row.version + 1;
  const saved = { savedBy: ctx.sender, savedAt: ctx.timestamp };
  ctx.db.rule.id.update({ ...row, version, description: rule.description, ...saved });
  const key = versionKey(row.id, version);
  ctx.db.ruleVersion.insert({ key, ruleId: row.id, tenantId, version, text, ...saved });
  ctx.db.ruleProgram.insert({ key, tenantId, program });
  dropOldVersion(ctx, row);
}

/**
 * Makes a version take the events from now on, instead of another one; it remembers nothing yet. Version 0 is the newest. What
 * is active already stays so, unless who activated it may not act any more.
 */
export function activate(ctx: Ctx, rule: RuleRow, version: number): void {
  const wanted = version === 0 ? rule.version : version;
  if (!ctx.db.ruleVersion.key.find(versionKey(rule.id, wanted))) {
    throw new SenderError(
      `no-such-version: rule ${rule.id} has no version ${wanted}, its newest is ${rule.version}; name one that it has`,
    );
  }
  const current = ctx.db.ruleActivation.id.find(rule.activation);
  if (current?.version === wanted && mayAct(ctx, current)) return;
  endActivation(ctx, rule);
  const activation = ctx.db.ruleActivation.insert({
    id: 0n,
    tenantId: rule.tenantId,
    ruleId: rule.id,
    version: wanted,
    by: ctx.sender,
    since: ctx.timestamp,
    fromPlace: nextEventPlace(ctx, rule.tenantId),
    until: undefined,
    untilPlace: undefined,
  });
  const active = ctx.db.rule.id.update({ ...rule, activeVersion: wanted, activation: activation.id });
  noteActive(ctx, active, rule.activation === 0n ? 1 : 0);
}

/** Lets a rule take no more events, and forgets what it remembers. */
export function deactivate(ctx: Ctx, rule: RuleRow): void {
  if (rule.activation === 0n) return;
  endActivation(ctx, rule);
  noteActive(ctx, ctx.db.rule.id.update({ ...rule, activeVersion: 0, activation: 0n }), -1);
}

/** Deletes a rule with its versions; its firings stay. */
export function deleteRule(ctx: Ctx, rule: RuleRow): void {
  deactivate(ctx, rule);
  for (const version of [...ctx.db.ruleVersion.ruleId.filter(rule.id)]) dropVersion(ctx, version);
  grow(ctx, rule.tenantId, { rows: -1 });
  ctx.db.ruleActivation.ruleId.delete(rule.id);
  ctx.db.ruleCount.ruleId.delete(rule.id);
  ctx.db.rule.id.delete(rule.id);
  const ruleset = rulesetOf(ctx, rule.tenantId);
  ctx.db.ruleset.tenantId.update({ ...ruleset, rules: ruleset.rules - 1 });
}

/** Takes one bounded step of forgetting what an ended activation remembered. */
export function forgetStep(ctx: Ctx, activation: bigint): void {
  let left: number = limits.forgottenMax;
  for (const row of ctx.db.ruleMemory.activation.filter(activation)) {
    if (left <= 0) {
      forgetLater(ctx, activation, ctx.timestamp);
      return;
    }
    left -= 1 + (row.memory.includes('"count"') ? forgottenPerCount : 0);
    dropCell(ctx, row);
  }
}

/** A cell that counts may have many tokens. */
const forgottenPerCount = 50;

function forgetLater(ctx: Ctx, activation: bigint, at: Timestamp): void {
  ctx.db.ruleForget.insert({ id: 0n, scheduledAt: ScheduleAt.time(at.microsSinceUnixEpoch), activation });
}

function newRule(ctx: Ctx, tenantId: bigint, name: string): RuleRow {
  const ruleset = rulesetOf(ctx, tenantId);
  if (ruleset.rules >= limits.rulesMax) {
    throw new SenderError(
      `too-many-rules: the tenant has ${ruleset.rules} rules, the most that are allowed; delete some`,
    );
  }
  ctx.db.ruleset.tenantId.update({ ...ruleset, rules: ruleset.rules + 1 });
  return ctx.db.rule.insert({
    id: 0n,
    tenantId,
    key: `${tenantId}/${name}`,
    name,
    description: '',
    version: 0,
    activeVersion: 0,
    activation: 0n,
    savedBy: ctx.sender,
    savedAt: ctx.timestamp,
  });
}

/** The oldest version goes when there are too many, but never the active one. */
function dropOldVersion(ctx: Ctx, { id, activeVersion }: RuleRow): void {
  const versions = [...ctx.db.ruleVersion.ruleId.filter(id)].sort((a, b) => a.version - b.version);
  const oldest = versions.find(({ version }) => version !== activeVersion);
  if (versions.length <= limits.ruleVersionsMax || !oldest) return;
  dropVersion(ctx, oldest);
}

function dropVersion(ctx: Ctx, { key, tenantId, text }: RuleVersionRow): void {
  const program = ctx.db.ruleProgram.key.find(key)?.program ?? '';
  grow(ctx, tenantId, minus(sizeOfRuleVersion(text, program)));
  ctx.db.ruleVersion.key.delete(key);
  ctx.db.ruleProgram.key.delete(key);
}

function endActivation(ctx: Ctx, { id, tenantId, activation }: RuleRow): void {
  if (activation === 0n) return;
  const row = requireRow(ctx.db.ruleActivation.id.find(activation), `the activation ${activation}`);
  const untilPlace = nextEventPlace(ctx, tenantId);
  ctx.db.ruleActivation.id.update({ ...row, until: ctx.timestamp, untilPlace });
  const ended = [...ctx.db.ruleActivation.ruleId.filter(id)].sort((a, b) => ascending(a.id, b.id));
  const [oldest] = ended;
  if (ended.length > limits.ruleActivationsMax && oldest) ctx.db.ruleActivation.id.delete(oldest.id);
  const count = ctx.db.ruleCount.ruleId.find(id);
  if (count) ctx.db.ruleCount.ruleId.update({ ...count, keys: 0 });
  forgetLater(ctx, activation, ctx.timestamp);
}

function nextEventPlace(ctx: Ctx, tenantId: bigint): bigint {
  return ctx.db.eventLog.tenantId.find(tenantId)?.tail ?? 1n;
}
