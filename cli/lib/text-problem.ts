import pc from 'picocolors';
import type { TextProblem } from '../../bindings/types.ts';
import { oneLine } from './terminal.ts';

/** Mistakes in a text, each with its place under the line that it is in. */
export function formatProblems(name: string, text: string, problems: readonly TextProblem[]): string {
  const lines = text.split('\n');
  return problems
    .map(({ message, line, column, hint }) => {
      const head = `${pc.bold(`${name}:${line}:${column}`)} ${oneLine(message)}${hint === '' ? '' : `; ${oneLine(hint)}`}`;
      const shown = lines[line - 1]?.replaceAll('\t', ' ').trimEnd();
      if (!shown) return head;
      const gutter = `${line} | `;
      return `${head}\n  ${pc.dim(gutter)}${oneLineKeepingSpaces(shown)}\n  ${' '.repeat(gutter.length + column - 1)}${pc.red('^')}`;
    })
    .join('\n');
}

function oneLineKeepingSpaces(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, ' ');
}
