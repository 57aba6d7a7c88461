import { SenderError } from 'spacetimedb/server';
import { didYouMean } from '../conditions/hints.ts';
import { problemText } from '../conditions/source.ts';
import { requireRoom } from '../keeping/quotas.ts';
import { grow } from '../keeping/usage.ts';
import { limits } from '../lib/limits.ts';
import { utf8Bytes } from '../lib/text.ts';
import type { Ctx, RecipeVersionRow } from '../schema.ts';
import { type NotationTag, readRecipe } from './language/read.ts';
import type { Plan } from './plan.ts';
import { findRecipe, isFinal, newestVersion, requireRecipe } from './runs.ts';

/** Saves a text as the next version of the recipe that it names, whoever may do so. The newest text again changes nothing. */
export function saveRecipeText(ctx: Ctx, tenantId: bigint, text: string, notation: NotationTag): void {
  const plan = requirePlan(text, notation);
  requireKnownRecipes(ctx, tenantId, plan);
  const known = findRecipe(ctx, tenantId, plan.name);
  const newest = known && newestVersion(ctx, known);
  if (newest?.text === text && newest.notation.tag === notation) return;
  if (!known && [...ctx.db.recipe.tenantId.filter(tenantId)].length >= limits.recipesMax) {
    throw new SenderError(`too-many-recipes: the tenant has ${limits.recipesMax} recipes; delete one that is not used`);
  }
  if (known && known.version >= limits.recipeVersionsMax) {
    throw new SenderError(`too-many-versions: ${plan.name} has ${known.version} versions; save it under another name`);
  }
  const growth = { rows: known ? 1 : 2, bytes: utf8Bytes(text) };
  requireRoom(ctx, tenantId, growth);
  grow(ctx, tenantId, growth);
  const version = (known?.version ?? 0) + 1;
  const facts = { description: plan.description, version, updatedBy: ctx.sender, updatedAt: ctx.timestamp };
  const recipe = known
    ? ctx.db.recipe.id.update({ ...known, ...facts })
    : ctx.db.recipe.insert({ id: 0n, tenantId, name: plan.name, startedAt: undefined, ...facts });
  ctx.db.recipeVersion.insert({
    id: 0n,
    tenantId,
    recipeId: recipe.id,
    version,
    notation: { tag: notation },
    text,
    savedBy: ctx.sender,
    savedAt: ctx.timestamp,
  });
}

/** Forgets a recipe and its versions. Runs that have ended stay, but cannot be taken up again. */
export function deleteRecipeOf(ctx: Ctx, tenantId: bigint, name: string): void {
  const recipe = requireRecipe(ctx, tenantId, name);
  for (const run of ctx.db.run.recipeId.filter(recipe.id)) {
    if (isFinal(run.state.tag)) continue;
    throw new SenderError(`in-use: run ${run.id} of ${name} has not ended; wait for it or cancel it`);
  }
  let bytes = 0;
  let rows = 1;
  for (const version of [...ctx.db.recipeVersion.recipeId.filter(recipe.id)]) {
    bytes += sizeOfVersion(version);
    rows += 1;
  }
  ctx.db.recipeVersion.recipeId.delete(recipe.id);
  ctx.db.recipe.id.delete(recipe.id);
  grow(ctx, tenantId, { rows: -rows, bytes: -bytes });
}

export function sizeOfVersion({ text }: Pick<RecipeVersionRow, 'text'>): number {
  return utf8Bytes(text);
}

function requirePlan(text: string, notation: NotationTag): Plan {
  const read = readRecipe(text, notation);
  if (read.ok) return read.plan;
  throw new SenderError(`invalid-recipe: ${read.problems.map(problemText).join('\n')}`);
}

/** The recipes that it has as steps are there, and it is none of them. */
function requireKnownRecipes(ctx: Ctx, tenantId: bigint, plan: Plan): void {
  for (const { id, action } of plan.nodes) {
    if (action.kind !== 'Recipe') continue;
    if (action.recipe === plan.name) {
      throw new SenderError(`invalid-recipe: the step ${id} runs the recipe ${plan.name} itself; it would never end`);
    }
    if (findRecipe(ctx, tenantId, action.recipe)) continue;
    const names = [...ctx.db.recipe.tenantId.filter(tenantId)].map(({ name }) => name);
    const hint = didYouMean(action.recipe, names);
    throw new SenderError(
      `invalid-recipe: the step ${id} runs ${action.recipe}, which is no recipe of this tenant; ${hint === '' ? 'save that one first' : hint}`,
    );
  }
}
