import { t } from 'spacetimedb/server';
import spacetimedb from '../schema.ts';
import { firingRow, ruleActivationRow, ruleCountRow, ruleRow, ruleVersionRow } from '../tables/rules.ts';
import { memberships } from './memberships.ts';

export const rules = spacetimedb.view({ name: 'rules', public: true }, t.array(ruleRow), (ctx) =>
  memberships(ctx).rightSemijoin(ctx.from.rule, (member, rule) => member.tenantId.eq(rule.tenantId)),
);

/** Texts: ask for those of one rule, by `rule_id`. */
export const ruleVersions = spacetimedb.view({ name: 'rule_versions', public: true }, t.array(ruleVersionRow), (ctx) =>
  memberships(ctx).rightSemijoin(ctx.from.ruleVersion, (member, version) => member.tenantId.eq(version.tenantId)),
);

/** When which version was active, by whom. */
export const ruleActivations = spacetimedb.view(
  { name: 'rule_activations', public: true },
  t.array(ruleActivationRow),
  (ctx) =>
    memberships(ctx).rightSemijoin(ctx.from.ruleActivation, (member, activation) =>
      member.tenantId.eq(activation.tenantId),
    ),
);

/** How often each rule fired. */
export const ruleCounts = spacetimedb.view({ name: 'rule_counts', public: true }, t.array(ruleCountRow), (ctx) =>
  memberships(ctx).rightSemijoin(ctx.from.ruleCount, (member, count) => member.tenantId.eq(count.tenantId)),
);

/** Many: ask for the newest ones, by `ORDER BY id DESC LIMIT n`, or for those of an event or a rule. */
export const firings = spacetimedb.view({ name: 'firings', public: true }, t.array(firingRow), (ctx) =>
  memberships(ctx).rightSemijoin(ctx.from.firing, (member, firing) => member.tenantId.eq(firing.tenantId)),
);
