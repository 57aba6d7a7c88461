export interface Edit {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

const step = '    ';

/** What Tab (or Shift+Tab, with `isBack`) makes of a text with a selection. */
export function indent({ text, start, end }: Edit, isBack: boolean): Edit {
  const lineStart = text.lastIndexOf('\n', start - 1) + 1;
  if (!isBack && start === end) {
    const missing = step.length - ((start - lineStart) % step.length);
    return {
      text: text.slice(0, start) + ' '.repeat(missing) + text.slice(end),
      start: start + missing,
      end: start + missing,
    };
  }
  const nextBreak = text.indexOf('\n', end);
  const lineEnd = nextBreak === -1 ? text.length : nextBreak;
  let firstDelta = 0;
  let allDelta = 0;
  const lines = text
    .slice(lineStart, lineEnd)
    .split('\n')
    .map((line, index) => {
      const changed = isBack ? line.replace(/^(?: {1,4}|\t)/, '') : line === '' ? line : step + line;
      if (index === 0) firstDelta = changed.length - line.length;
      allDelta += changed.length - line.length;
      return changed;
    });
  return {
    text: text.slice(0, lineStart) + lines.join('\n') + text.slice(lineEnd),
    start: Math.max(lineStart, start + firstDelta),
    end: Math.max(lineStart, end + allDelta),
  };
}

/** What Enter makes of a Python text: the new line keeps the indentation, one step deeper after a colon. */
export function breakLine({ text, start, end }: Edit): Edit {
  const before = text.slice(text.lastIndexOf('\n', start - 1) + 1, start);
  const margin = (/^[ \t]*/.exec(before)?.[0] ?? '') + (/:\s*(?:#.*)?$/.test(before) ? step : '');
  const at = start + 1 + margin.length;
  return { text: `${text.slice(0, start)}\n${margin}${text.slice(end)}`, start: at, end: at };
}
