import { t } from 'spacetimedb/server';
import spacetimedb from '../schema.ts';
import { budgetRow, policyRow } from '../tables/budgets.ts';
import { limbRow, memoryRow } from '../tables/limbs.ts';
import { memberRow, openInviteRow, tenantRow } from '../tables/people.ts';
import { progressRow } from '../tables/progress.ts';
import { usageRow } from '../tables/queue.ts';
import { attemptRow, summaryRow, taskInputRow, taskRow } from '../tables/tasks.ts';
import { feedbackRow, turnRow } from '../tables/threads.ts';
import { dayTotalRow, spendingRow } from '../tables/totals.ts';
import { tunnelRow } from '../tables/tunnels.ts';
import { memberships } from './memberships.ts';

// What a member sees: the rows of the tenants that the caller is a member of, and no others. Each is a join from the
// caller's own memberships, so that the engine keeps it current row by row.

export const tenants = spacetimedb.view({ name: 'tenants', public: true }, t.array(tenantRow), (ctx) =>
  memberships(ctx).rightSemijoin(ctx.from.tenant, (member, tenant) => member.tenantId.eq(tenant.id)),
);

export const members = spacetimedb.view({ name: 'members', public: true }, t.array(memberRow), (ctx) => {
  // A table cannot be joined with itself, so the caller's tenants are looked up first.
  const rows = [];
  for (const own of ctx.db.member.identity.filter(ctx.sender))
    rows.push(...ctx.db.member.tenantId.filter(own.tenantId));
  return rows;
});

/** The ways into a tenant that are open are for its owners to see, and the hashes of their codes for nobody. */
export const openInvites = spacetimedb.view({ name: 'open_invites', public: true }, t.array(openInviteRow), (ctx) => {
  const owned = [...ctx.db.member.identity.filter(ctx.sender)].filter(({ role }) => role.tag === 'Owner');
  return owned.flatMap(({ tenantId }) =>
    [...ctx.db.invite.tenantId.filter(tenantId)].map(({ codeHash: _, ...invite }) => invite),
  );
});

export const limbs = spacetimedb.view({ name: 'limbs', public: true }, t.array(limbRow), (ctx) =>
  memberships(ctx).rightSemijoin(ctx.from.limb, (member, limb) => member.tenantId.eq(limb.tenantId)),
);

export const memories = spacetimedb.view({ name: 'memories', public: true }, t.array(memoryRow), (ctx) =>
  memberships(ctx).rightSemijoin(ctx.from.memory, (member, memory) => member.tenantId.eq(memory.tenantId)),
);

export const tunnels = spacetimedb.view({ name: 'tunnels', public: true }, t.array(tunnelRow), (ctx) =>
  memberships(ctx).rightSemijoin(ctx.from.tunnel, (member, tunnel) => member.tenantId.eq(tunnel.tenantId)),
);

export const tasks = spacetimedb.view({ name: 'tasks', public: true }, t.array(taskRow), (ctx) =>
  memberships(ctx).rightSemijoin(ctx.from.task, (member, task) => member.tenantId.eq(task.tenantId)),
);

export const taskInputs = spacetimedb.view({ name: 'task_inputs', public: true }, t.array(taskInputRow), (ctx) =>
  memberships(ctx).rightSemijoin(ctx.from.taskInput, (member, input) => member.tenantId.eq(input.tenantId)),
);

export const attempts = spacetimedb.view({ name: 'attempts', public: true }, t.array(attemptRow), (ctx) =>
  memberships(ctx).rightSemijoin(ctx.from.attempt, (member, attempt) => member.tenantId.eq(attempt.tenantId)),
);

export const budgets = spacetimedb.view({ name: 'budgets', public: true }, t.array(budgetRow), (ctx) =>
  memberships(ctx).rightSemijoin(ctx.from.budget, (member, budget) => member.tenantId.eq(budget.tenantId)),
);

export const policies = spacetimedb.view({ name: 'policies', public: true }, t.array(policyRow), (ctx) =>
  memberships(ctx).rightSemijoin(ctx.from.policy, (member, policy) => member.tenantId.eq(policy.tenantId)),
);

/** How much of its quotas a tenant has used. */
export const usages = spacetimedb.view({ name: 'usages', public: true }, t.array(usageRow), (ctx) =>
  memberships(ctx).rightSemijoin(ctx.from.usage, (member, usage) => member.tenantId.eq(usage.tenantId)),
);

/** What became of the tasks that are not kept any more. */
export const dayTotals = spacetimedb.view({ name: 'day_totals', public: true }, t.array(dayTotalRow), (ctx) =>
  memberships(ctx).rightSemijoin(ctx.from.dayTotal, (member, total) => member.tenantId.eq(total.tenantId)),
);

/** What finished tasks have cost in the last weeks. */
export const spendings = spacetimedb.view({ name: 'spendings', public: true }, t.array(spendingRow), (ctx) =>
  memberships(ctx).rightSemijoin(ctx.from.spending, (member, spending) => member.tenantId.eq(spending.tenantId)),
);

export const progress = spacetimedb.view({ name: 'progress', public: true }, t.array(progressRow), (ctx) =>
  memberships(ctx).rightSemijoin(ctx.from.progressPiece, (member, piece) => member.tenantId.eq(piece.tenantId)),
);

/** What passes by is seen by the members of its tenant. */
export const streamRule = spacetimedb.clientVisibilityFilter.sql(
  'SELECT stream.* FROM stream JOIN member ON stream.tenant_id = member.tenant_id WHERE member.identity = :sender',
);

export const summaries = spacetimedb.view({ name: 'summaries', public: true }, t.array(summaryRow), (ctx) =>
  memberships(ctx).rightSemijoin(ctx.from.summary, (member, summary) => member.tenantId.eq(summary.tenantId)),
);

export const threadTurns = spacetimedb.view({ name: 'thread_turns', public: true }, t.array(turnRow), (ctx) =>
  memberships(ctx).rightSemijoin(ctx.from.threadTurn, (member, turn) => member.tenantId.eq(turn.tenantId)),
);

export const feedbacks = spacetimedb.view({ name: 'feedbacks', public: true }, t.array(feedbackRow), (ctx) =>
  memberships(ctx).rightSemijoin(ctx.from.feedback, (member, feedback) => member.tenantId.eq(feedback.tenantId)),
);
