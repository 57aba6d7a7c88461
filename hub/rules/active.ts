import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Identity } from 'spacetimedb';
import { requireRow } from '../lib/assertion.ts';
import type { Ctx, RuleActivationRow, RuleRow, RulesetRow } from '../schema.ts';
import { Network } from './network.ts';
import type { Rule } from './rule.ts';

/** A version of a rule while it is active. */
export interface ActiveRule {
  readonly activation: bigint;
  readonly tenantId: bigint;
  readonly ruleId: bigint;
  readonly version: number;
  /** Whose work its tasks are. */
  readonly by: Identity;
  readonly rule: Rule;
}

interface Cached {
  stamp: string;
  readonly network: Network<ActiveRule>;
  readonly members: Map<bigint, ActiveRule>;
}

const changesMax = 32;
const cachedMax = 256;

/**
 * The networks of tenants by their stamps, the last used last. A stamp is a hash over all changes before it, so one that a
 * rolled back transaction left here can only be found again by a set of rules that is the same.
 */
const cached = new Map<bigint, Cached>();

/** The network of a tenant's active rules. */
export function networkOf(ctx: Pick<Ctx, 'db'>, { tenantId, stamp }: RulesetRow): Network<ActiveRule> {
  const known = cached.get(tenantId);
  cached.delete(tenantId);
  const current = known && bringUpToDate(ctx, tenantId, known, stamp) ? known : build(ctx, tenantId);
  current.stamp = stamp;
  cached.set(tenantId, current);
  const [oldest] = cached.keys();
  if (cached.size > cachedMax && oldest !== undefined) cached.delete(oldest);
  return current.network;
}

export function activeRuleOf(ctx: Pick<Ctx, 'db'>, activation: RuleActivationRow): ActiveRule {
  const { id, tenantId, ruleId, version, by } = activation;
  return { activation: id, tenantId, ruleId, version, by, rule: programOf(ctx, ruleId, version) };
}

/** A rule acts for who activated it, and only as long as they are an operator. */
export function mayAct(ctx: Pick<Ctx, 'db'>, { tenantId, by }: Pick<ActiveRule, 'tenantId' | 'by'>): boolean {
  for (const member of ctx.db.member.identity.filter(by)) {
    if (member.tenantId === tenantId) return member.role.tag !== 'Viewer';
  }
  return false;
}

/** What a version of a rule says. */
export function programOf(ctx: Pick<Ctx, 'db'>, ruleId: bigint, version: number): Rule {
  const key = versionKey(ruleId, version);
  const { program } = requireRow(ctx.db.ruleProgram.key.find(key), `the program of rule ${key}`);
  return JSON.parse(program) as Rule;
}

export function versionKey(ruleId: bigint, version: number): string {
  return `${ruleId}/${version}`;
}

/** Gives the tenant's rules another stamp, because one of them has begun or ceased to be active. */
export function noteActive(ctx: Ctx, { tenantId, id, activation, activeVersion }: RuleRow, by: -1 | 0 | 1): void {
  const ruleset = rulesetOf(ctx, tenantId);
  const program = activeVersion === 0 ? '' : ctx.db.ruleProgram.key.find(versionKey(id, activeVersion))?.program;
  const change = [ruleset.stamp, id, activation, activeVersion, program].join('\n');
  const stamp = bytesToHex(sha256(utf8ToBytes(change))).slice(0, 32);
  const before = ctx.db.rulesetChanges.tenantId.find(tenantId);
  const changes = [...(before?.changes ?? []), { before: ruleset.stamp, ruleId: id }].slice(-changesMax);
  if (before) ctx.db.rulesetChanges.tenantId.update({ tenantId, changes });
  else ctx.db.rulesetChanges.insert({ tenantId, changes });
  ctx.db.ruleset.tenantId.update({ ...ruleset, stamp, active: ruleset.active + by });
}

export function rulesetOf(ctx: Ctx, tenantId: bigint): RulesetRow {
  return ctx.db.ruleset.tenantId.find(tenantId) ?? ctx.db.ruleset.insert({ tenantId, stamp: '', active: 0, rules: 0 });
}

/** Applies the changes since the stamp of a network. @returns whether they are all known */
function bringUpToDate(ctx: Pick<Ctx, 'db'>, tenantId: bigint, current: Cached, stamp: string): boolean {
  if (current.stamp === stamp) return true;
  const { changes = [] } = ctx.db.rulesetChanges.tenantId.find(tenantId) ?? {};
  const since = changes.findIndex(({ before }) => before === current.stamp);
  if (since < 0) return false;
  for (const ruleId of new Set(changes.slice(since).map((change) => change.ruleId))) refresh(ctx, current, ruleId);
  return true;
}

function build(ctx: Pick<Ctx, 'db'>, tenantId: bigint): Cached {
  const built: Cached = { stamp: '', network: new Network(), members: new Map() };
  for (const { id, activation } of ctx.db.rule.tenantId.filter(tenantId)) {
    if (activation !== 0n) refresh(ctx, built, id);
  }
  return built;
}

function refresh(ctx: Pick<Ctx, 'db'>, { network, members }: Cached, ruleId: bigint): void {
  const before = members.get(ruleId);
  if (before) network.remove(before);
  members.delete(ruleId);
  const id = ctx.db.rule.id.find(ruleId)?.activation ?? 0n;
  if (id === 0n) return;
  const member = activeRuleOf(ctx, requireRow(ctx.db.ruleActivation.id.find(id), `the activation ${id}`));
  network.add(member, member.rule);
  members.set(ruleId, member);
}
