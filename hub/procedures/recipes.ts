import { t } from 'spacetimedb/server';
import { limits } from '../lib/limits.ts';
import { ascending } from '../lib/order.ts';
import { CheckedRecipe, ForeseenRetry } from '../recipes/checked.ts';
import { foresee } from '../recipes/foresee.ts';
import { readRecipe } from '../recipes/language/read.ts';
import { Turn } from '../recipes/turn.ts';
import { requireMember, requireRun } from '../reducers/access.ts';
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

/** What a retry from a step, or without a step (0) where the run failed, would do anew of what had begun. It does nothing. */
export const foreseeRetry = spacetimedb.procedure(
  { name: 'foresee_retry' },
  { runId: t.u64(), stepId: t.u64() },
  ForeseenRetry,
  (ctx, { runId, stepId }) =>
    ctx.withTx((tx) => {
      const again = foresee(new Turn(tx), requireRun(tx, runId), stepId).sort((a, b) => ascending(a.id, b.id));
      const all = [...tx.db.step.runId.filter(runId)].filter(({ isReplaced, undoes }) => !isReplaced && undoes === 0n);
      const own = again.filter((step) => step.runId === runId);
      const shown = again.slice(0, limits.foreseenStepsMax).map(({ runId: of, path, state }) => ({
        path: of === runId ? path : `run ${of}: ${path}`,
        state,
      }));
      return { again: shown, againCount: again.length, keptCount: all.length - own.length };
    }),
);
