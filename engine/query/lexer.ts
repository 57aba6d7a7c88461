import { QueryRejection } from './rejection.ts';

type TokenKind = 'name' | 'quoted' | 'number' | 'text' | 'hex' | 'parameter' | 'symbol' | 'end';

export interface Token {
  readonly kind: TokenKind;
  /** The content without quotes and prefixes. */
  readonly text: string;
  readonly at: number;
}

/** Longer texts are refused before they are read. */
export const sqlCharsMax = 50_000;

/** Blanks and comments. */
const blank = /(?:\s+|--[^\n]*|\/\*[\s\S]*?\*\/)+/y;
const word = /[\p{L}_][\p{L}\p{M}\p{N}_$]*/uy;

/** Tried in this order; the first group is the token's text. */
const patterns: readonly (readonly [TokenKind, RegExp])[] = [
  ['hex', /[xX]'([0-9a-fA-F]*)'/y],
  ['name', /([\p{L}_][\p{L}\p{M}\p{N}_$]*)/uy],
  ['hex', /0[xX]([0-9a-fA-F]*)/y],
  ['number', /((?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)/y],
  ['text', /'([^']*(?:''[^']*)*)'/y],
  ['quoted', /"([^"]*(?:""[^"]*)*)"/y],
  ['parameter', /:([\p{L}_][\p{L}\p{M}\p{N}_]*)/uy],
  ['symbol', /(<>|!=|<=|>=|[=<>(),.*;+-])/y],
];

/** Splits SQL into tokens; the last one is `end`. @throws QueryRejection `syntax`, `too-large` */
export function tokenize(sql: string): Token[] {
  if (sql.length > sqlCharsMax) {
    throw new QueryRejection('too-large', `the query has ${sql.length} characters; at most ${sqlCharsMax} are read`);
  }
  const tokens: Token[] = [];
  let at = skip(blank, sql, 0);
  while (at < sql.length) {
    const found = next(sql, at);
    if (!found || (found.token.kind === 'quoted' && found.token.text === '')) {
      throw new QueryRejection('syntax', unreadable(sql, at));
    }
    tokens.push(found.token);
    const { kind } = found.token;
    if ((kind === 'number' || kind === 'hex') && skip(word, sql, found.end) > found.end) {
      throw new QueryRejection('syntax', `a number runs into a name at character ${at + 1}: put a blank between them`);
    }
    at = skip(blank, sql, found.end);
  }
  tokens.push({ kind: 'end', text: '', at });
  return tokens;
}

function next(sql: string, at: number): { token: Token; end: number } | undefined {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const found = pattern.exec(sql);
    if (found) return { token: { kind, text: content(kind, found[1] ?? ''), at }, end: pattern.lastIndex };
  }
  return undefined;
}

function content(kind: TokenKind, raw: string): string {
  if (kind === 'text') return raw.replaceAll("''", "'");
  if (kind === 'quoted') return raw.replaceAll('""', '"');
  return raw === '!=' ? '<>' : raw;
}

function skip(pattern: RegExp, sql: string, at: number): number {
  pattern.lastIndex = at;
  return pattern.test(sql) ? pattern.lastIndex : at;
}

function unreadable(sql: string, at: number): string {
  const seen = sql[at] ?? '';
  if (seen === "'") return `the text that starts at character ${at + 1} has no closing '`;
  if (sql.startsWith('/*', at)) return `the comment that starts at character ${at + 1} has no closing */`;
  if (seen === '"') return `the quoted name that starts at character ${at + 1} is empty or has no closing "`;
  return `unexpected character ${JSON.stringify(seen)} at character ${at + 1}`;
}
