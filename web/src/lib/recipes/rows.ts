import { toSql } from 'spacetimedb';
import { tables } from '$bindings/index.ts';
import type { Link } from '../live/link.svelte.ts';
import type { Recipe, RecipeVersion, Run, RunData, Step, StepOutput } from '../live/model.ts';
import { LiveRows } from '../live/rows.svelte.ts';

// The live rows of recipes and runs that screens look at. Whoever begins to look has to stop.

export function recipeRows(link: Link): LiveRows<Recipe> {
  return new LiveRows(link, { table: (db) => db.recipes, query: toSql(tables.recipes) });
}

/** The recipes of one tenant by name. */
export function ownedNames(rows: readonly Recipe[], tenantId: bigint | undefined): ReadonlyMap<string, bigint> {
  return new Map(rows.filter((recipe) => recipe.tenantId === tenantId).map(({ name, id }) => [name, id]));
}

export function versionRows(link: Link, recipeId: bigint): LiveRows<RecipeVersion> {
  return new LiveRows(link, {
    table: (db) => db.recipeVersions,
    query: toSql(tables.recipeVersions.where((row) => row.recipeId.eq(recipeId))),
    keep: (row) => row.recipeId === recipeId,
  });
}

export function versionRow(link: Link, versionId: bigint): LiveRows<RecipeVersion> {
  return new LiveRows(link, {
    table: (db) => db.recipeVersions,
    query: toSql(tables.recipeVersions.where((row) => row.id.eq(versionId))),
    keep: (row) => row.id === versionId,
  });
}

export function runRows(link: Link): LiveRows<Run> {
  return new LiveRows(link, { table: (db) => db.runs, query: toSql(tables.runs) });
}

export function runDataRow(link: Link, runId: bigint): LiveRows<RunData> {
  return new LiveRows(link, {
    table: (db) => db.runDetails,
    query: toSql(tables.runDetails.where((row) => row.runId.eq(runId))),
    keep: (row) => row.runId === runId,
  });
}

export function stepRows(link: Link, runId: bigint): LiveRows<Step> {
  return new LiveRows(link, {
    table: (db) => db.steps,
    query: toSql(tables.steps.where((row) => row.runId.eq(runId))),
    keep: (row) => row.runId === runId,
  });
}

export function stepRow(link: Link, stepId: bigint): LiveRows<Step> {
  return new LiveRows(link, {
    table: (db) => db.steps,
    query: toSql(tables.steps.where((row) => row.id.eq(stepId))),
    keep: (row) => row.id === stepId,
  });
}

/** The run that a step of another one is. */
export function innerRunRows(link: Link, stepId: bigint): LiveRows<Run> {
  return new LiveRows(link, {
    table: (db) => db.runs,
    query: toSql(tables.runs.where((row) => row.parentStep.eq(stepId))),
    keep: (row) => row.parentStep === stepId,
  });
}

export function outputRows(link: Link, runId: bigint): LiveRows<StepOutput> {
  return new LiveRows(link, {
    table: (db) => db.stepOutputs,
    query: toSql(tables.stepOutputs.where((row) => row.runId.eq(runId))),
    keep: (row) => row.runId === runId,
  });
}
