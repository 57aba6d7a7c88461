import { t } from 'spacetimedb/server';
import { TextProblem } from '../rules/answers.ts';

/** What is told of the text of a recipe. */
export const CheckedRecipe = t.object('CheckedRecipe', {
  /** None when the text can be saved. */
  problems: t.array(TextProblem),
  /** The name of the recipe; empty when the text cannot be saved. */
  name: t.string(),
  /** JSON: the inputs that a run is to be given, as a list; empty when the text cannot be saved. */
  asks: t.string(),
});
