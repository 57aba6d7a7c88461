// A terminal counts in cells: some characters take two of them, and some none.

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u4dbf\u4e00-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff01-\uff60\uffe0-\uffe6\u{1f300}-\u{1faff}\u{20000}-\u{3fffd}]/u;
const empty = /[\p{Mn}\p{Me}\p{Cf}]/u;

function cellsOfCharacter(character: string): number {
  if (empty.test(character)) return 0;
  return wide.test(character) ? 2 : 1;
}

export function cellsOf(text: string): number {
  let cells = 0;
  for (const character of text) cells += cellsOfCharacter(character);
  return cells;
}

/** On one line of exactly `cells` cells: filled with spaces, or cut with an ellipsis. */
export function fill(text: string, cells: number): string {
  const line = text.replaceAll(/\p{Cc}/gu, ' ');
  const all = cellsOf(line);
  if (all <= cells) return line + ' '.repeat(cells - all);
  if (cells < 1) return '';
  let used = 0;
  let kept = '';
  for (const character of line) {
    const more = cellsOfCharacter(character);
    if (used + more > cells - 1) break;
    kept += character;
    used += more;
  }
  return `${kept}…${' '.repeat(cells - 1 - used)}`;
}

/** Lines of at most `cells` cells, broken between words where that is possible. */
export function wrap(text: string, cells: number): string[] {
  return text.split('\n').flatMap((line) => wrapLine(line, cells));
}

function wrapLine(line: string, cells: number): string[] {
  const lines: string[] = [];
  let current = '';
  for (const word of line.split(' ')) {
    const joined = current === '' ? word : `${current} ${word}`;
    if (cellsOf(joined) <= cells) {
      current = joined;
      continue;
    }
    if (current !== '') lines.push(current);
    current = '';
    for (const character of word) {
      if (cellsOf(current + character) > cells) {
        lines.push(current);
        current = '';
      }
      current += character;
    }
  }
  return [...lines, current];
}

/** `850ms`, `1.2s`, `3m05s`, `2h05m`, `3d4h`: at most six cells for what lasts less than 100 days. */
export function shortDuration(durationMs: number): string {
  const seconds = Math.floor(durationMs / 1000);
  const two = (count: number): string => String(count).padStart(2, '0');
  if (seconds < 1) return `${Math.max(0, Math.round(durationMs))}ms`;
  if (seconds < 60) return `${(durationMs / 1000).toFixed(1)}s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)}m${two(seconds % 60)}s`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3600)}h${two(Math.floor((seconds % 3600) / 60))}m`;
  return `${Math.floor(seconds / 86_400)}d${Math.floor((seconds % 86_400) / 3600)}h`;
}
