import { isDeepStrictEqual } from 'node:util';
import { parse, stringify } from 'smol-toml';
import { headerOf, keyOfLine } from '../config/locate.ts';

/** A table of a TOML text, and all that it is to hold; `undefined` is left out. */
export interface TableEdit {
  readonly path: readonly string[];
  readonly settings: Readonly<Record<string, unknown>>;
}

/**
 * The text with these tables as they are to be. Only lines whose setting changes are touched, so that comments, order and
 * style stay. Undefined where that does not lead to `wanted`, because of how the text is written, such as inline tables or
 * lists over several lines.
 */
export function editToml(
  text: string,
  edits: readonly TableEdit[],
  wanted: Record<string, unknown>,
): string | undefined {
  const edited = edits.reduce(editTable, text);
  try {
    return isDeepStrictEqual(parse(edited), parse(stringify(wanted))) ? edited : undefined;
  } catch {
    // The edit has torn apart what was written over several lines.
    return undefined;
  }
}

function editTable(text: string, { path, settings }: TableEdit): string {
  const lines = text.split('\n');
  const header = lines.findIndex((line) => isDeepStrictEqual(headerOf(line), path));
  const written = Object.entries(settings).filter(([, value]) => value !== undefined);
  if (header === -1) {
    const table = stringify(
      path.reduceRight<Record<string, unknown>>((inner, key) => ({ [key]: inner }), Object.fromEntries(written)),
    );
    return `${text.trimEnd()}${text.trim() === '' ? '' : '\n\n'}${table.trimEnd()}\n`;
  }
  const next = lines.findIndex((line, index) => index > header && /^\s*\[/.test(line));
  const end = next === -1 ? lines.length : next;
  const kept = lines.slice(header + 1, end).flatMap((line) => {
    const key = keyOfLine(line);
    if (key === undefined) return [line];
    return settings[key] === undefined ? [] : [lineSetting(key, settings[key], line)];
  });
  const known = new Set(kept.map(keyOfLine));
  const more = written.filter(([key]) => !known.has(key)).map(([key, value]) => lineSetting(key, value));
  const last = kept.findLastIndex((line) => keyOfLine(line) !== undefined) + 1;
  return [
    ...lines.slice(0, header + 1),
    ...kept.slice(0, last),
    ...more,
    ...kept.slice(last),
    ...lines.slice(end),
  ].join('\n');
}

/** The line as it was when it says that already; else with the comment at its end, if there is one that is plain to see. */
function lineSetting(key: string, value: unknown, line = ''): string {
  const setting = stringify({ [key]: value }).trimEnd();
  try {
    if (isDeepStrictEqual(parse(line), parse(setting))) return line;
  } catch {
    // It goes on in the next line: whoever called finds out.
  }
  return `${setting}${/\s+#[^"']*$/.exec(line)?.[0] ?? ''}`;
}
