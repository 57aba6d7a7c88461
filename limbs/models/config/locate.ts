import { parse } from 'smol-toml';

/**
 * The line (from 1) in a TOML text that sets what a path of keys leads to, or as much of the path as is written there.
 * 1 when nothing of it is.
 */
export function lineOf(text: string, path: readonly PropertyKey[]): number {
  const wanted = path.map(String);
  let best = { line: 1, depth: 0 };
  let table: string[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    const header = headerOf(line);
    if (header) table = header;
    const written = header ?? [...table, ...(pathOf(assignmentOf(line)) ?? [])];
    const isOnPath = written.length > 0 && written.every((key, at) => key === wanted[at]);
    if (isOnPath && written.length > best.depth) best = { line: index + 1, depth: written.length };
  }
  return best.line;
}

/** The path of the table that a line begins; none when it begins none. */
export function headerOf(line: string): string[] | undefined {
  return pathOf(/^\s*\[[^[].*\]/.test(line) ? line : undefined);
}

/** The key that a line sets, when that is a single one. */
export function keyOfLine(line: string): string | undefined {
  const path = pathOf(assignmentOf(line));
  return path?.length === 1 ? path[0] : undefined;
}

/** The key of a line that sets one, with a value that parses by itself. */
function assignmentOf(line: string): string | undefined {
  const key = /^\s*((?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[A-Za-z0-9_-]+))*)\s*=/.exec(line);
  return key ? `${key[1]} = 0` : undefined;
}

/** The keys that a line of TOML leads through; none when it does not parse by itself. */
function pathOf(toml: string | undefined): string[] | undefined {
  if (toml === undefined) return undefined;
  try {
    const keys: string[] = [];
    let value: unknown = parse(toml);
    while (typeof value === 'object' && value !== null) {
      const [key] = Object.keys(value);
      if (key === undefined) break;
      keys.push(key);
      value = (value as Record<string, unknown>)[key];
    }
    return keys;
  } catch {
    // The text as a whole has been parsed: this is the inside of a longer value.
    return undefined;
  }
}
