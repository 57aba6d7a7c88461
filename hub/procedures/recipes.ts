import { t } from 'spacetimedb/server';
import { CheckedRecipe } from '../recipes/checked.ts';
import { readRecipe } from '../recipes/language/read.ts';
import { requireMember } from '../reducers/access.ts';
import { problemsOf } from '../rules/answers.ts';
import spacetimedb from '../schema.ts';
import { Notation } from '../tables/recipes.ts';

/** What is wrong with the text of a recipe, while it is being typed, and what a run of it would be given. */
export const checkRecipe = spacetimedb.procedure(
  { name: 'check_recipe' },
  { tenantId: t.u64(), text: t.string(), notation: Notation },
  CheckedRecipe,
  (ctx, { tenantId, text, notation }) => {
    ctx.withTx((tx) => requireMember(tx, tenantId, 'Viewer'));
    const read = readRecipe(text, notation.tag);
    if (!read.ok) return { problems: problemsOf(read.problems), name: '', asks: '' };
    return { problems: [], name: read.plan.name, asks: JSON.stringify(read.plan.inputs) };
  },
);
