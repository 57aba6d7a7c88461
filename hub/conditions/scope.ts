import { type Expression, type Path, pathsOf, pathText } from './expression.ts';
import { didYouMean } from './hints.ts';
import { type ExpressionProblem, parseExpression } from './parse-expression.ts';
import type { Position, Problems } from './source.ts';

/** What the expressions of a text may speak of. */
export interface Scope {
  /** The names that a path may begin with. */
  readonly roots: readonly string[];
  /** Objects to a path whose root is known; nothing when it is all right. */
  readonly check?: (path: Path) => { readonly message: string; readonly hint: string } | undefined;
}

/** Reads an expression that stands in a text at a place, and looks whether the scope has what it speaks of. */
export function readExpression(text: string, at: Position, scope: Scope, problems: Problems): Expression | undefined {
  const parsed = parseExpression(text);
  const problem = parsed.ok ? findUnknown(text, parsed.expression, scope) : parsed.problem;
  if (problem) {
    problems.add({ line: at.line, column: at.column + problem.offset }, problem.message, problem.hint);
    return undefined;
  }
  return parsed.ok ? parsed.expression : undefined;
}

function findUnknown(text: string, expression: Expression, { roots, check }: Scope): ExpressionProblem | undefined {
  for (const path of pathsOf(expression)) {
    const root = String(path[0]);
    const offset = Math.max(0, text.indexOf(root));
    if (!roots.includes(root)) {
      const hint = didYouMean(root, roots);
      return { offset, message: `${pathText(path)} begins with ${root}, which is not known here`, hint };
    }
    const objection = check?.(path);
    if (objection) return { offset, ...objection };
  }
  return undefined;
}
