import { t } from 'spacetimedb/server';
import spacetimedb from '../schema.ts';
import {
  approvalRow,
  recipeRow,
  recipeVersionRow,
  runDataRow,
  runRow,
  stepOutputRow,
  stepRow,
} from '../tables/recipes.ts';
import { memberships } from './memberships.ts';

// What a member sees of recipes and their runs: those of the own tenants.

export const recipes = spacetimedb.view({ name: 'recipes', public: true }, t.array(recipeRow), (ctx) =>
  memberships(ctx).rightSemijoin(ctx.from.recipe, (member, recipe) => member.tenantId.eq(recipe.tenantId)),
);

export const recipeVersions = spacetimedb.view(
  { name: 'recipe_versions', public: true },
  t.array(recipeVersionRow),
  (ctx) =>
    memberships(ctx).rightSemijoin(ctx.from.recipeVersion, (member, version) => member.tenantId.eq(version.tenantId)),
);

export const runs = spacetimedb.view({ name: 'runs', public: true }, t.array(runRow), (ctx) =>
  memberships(ctx).rightSemijoin(ctx.from.run, (member, run) => member.tenantId.eq(run.tenantId)),
);

export const runDetails = spacetimedb.view({ name: 'run_details', public: true }, t.array(runDataRow), (ctx) =>
  memberships(ctx).rightSemijoin(ctx.from.runData, (member, data) => member.tenantId.eq(data.tenantId)),
);

export const steps = spacetimedb.view({ name: 'steps', public: true }, t.array(stepRow), (ctx) =>
  memberships(ctx).rightSemijoin(ctx.from.step, (member, step) => member.tenantId.eq(step.tenantId)),
);

export const stepOutputs = spacetimedb.view({ name: 'step_outputs', public: true }, t.array(stepOutputRow), (ctx) =>
  memberships(ctx).rightSemijoin(ctx.from.stepOutput, (member, output) => member.tenantId.eq(output.tenantId)),
);

export const approvals = spacetimedb.view({ name: 'approvals', public: true }, t.array(approvalRow), (ctx) =>
  memberships(ctx).rightSemijoin(ctx.from.approval, (member, approval) => member.tenantId.eq(approval.tenantId)),
);
