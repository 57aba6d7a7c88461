import { t } from 'spacetimedb/server';
import { TextProblem } from '../rules/answers.ts';
import { StepState } from '../tables/recipes.ts';

/** What is told of the text of a recipe. */
export const CheckedRecipe = t.object('CheckedRecipe', {
  /** None when the text can be saved. */
  problems: t.array(TextProblem),
  /** The name of the recipe; empty when the text cannot be saved. */
  name: t.string(),
  /** JSON: the inputs that a run is to be given, as a list; empty when the text cannot be saved. */
  asks: t.string(),
});

export const ForeseenStep = t.object('ForeseenStep', {
  /** Of another run than the one that was asked about, with its number before it. */
  path: t.string(),
  /** What had become of it. */
  state: StepState,
});

/** What a retry of a run would do anew of what had begun. */
export const ForeseenRetry = t.object('ForeseenRetry', {
  /** Those that had begun first; not all of them when there are many. */
  again: t.array(ForeseenStep),
  againCount: t.u32(),
  /** Steps of the run that stay as they are. */
  keptCount: t.u32(),
});
