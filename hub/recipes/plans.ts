import { requireRow } from '../lib/assertion.ts';
import type { Ctx, RecipeVersionRow, RunRow } from '../schema.ts';
import { readRecipe } from './language/read.ts';
import type { Plan } from './plan.ts';

const keptMax = 200;

/**
 * What was read of texts, by notation and text: forgetting it changes nothing but the time of the next reading, and a
 * transaction that is undone leaves nothing wrong behind.
 */
const kept = new Map<string, Plan>();

/** The plan of a run: of the version that it was started with. */
export function planOf(ctx: Ctx, run: RunRow): Plan {
  return planOfVersion(requireRow(ctx.db.recipeVersion.id.find(run.versionId), `the recipe of run ${run.id}`));
}

export function planOfVersion({ notation, text, id }: RecipeVersionRow): Plan {
  const key = `${notation.tag}\n${text}`;
  const known = kept.get(key);
  if (known) return known;
  const read = readRecipe(text, notation.tag);
  const plan = requireRow(read.ok ? read.plan : undefined, `the plan of version ${id}`);
  if (kept.size >= keptMax) kept.clear();
  kept.set(key, plan);
  return plan;
}
