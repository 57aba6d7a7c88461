import { type Token, tokenize } from './lexer.ts';
import { QueryRejection } from './rejection.ts';

/** Words that cannot be names unless they are quoted. */
const reserved: ReadonlySet<string> = new Set(
  'select from where join inner on and or not as true false null order limit'.split(' '),
);

/** Steps through the tokens of one SQL text. */
export class Cursor {
  readonly #tokens: readonly Token[];
  readonly #end: Token;
  #position = 0;

  /** @throws QueryRejection `syntax`, `too-large` */
  constructor(sql: string) {
    this.#tokens = tokenize(sql);
    this.#end = { kind: 'end', text: '', at: sql.length };
  }

  get token(): Token {
    return this.#tokens[this.#position] ?? this.#end;
  }

  get after(): Token {
    return this.#tokens[this.#position + 1] ?? this.#end;
  }

  get isAtEnd(): boolean {
    return this.token.kind === 'end';
  }

  take(): Token {
    const { token } = this;
    this.#position += 1;
    return token;
  }

  /** Words are matched in any case. */
  isWord(word: string): boolean {
    return this.token.kind === 'name' && this.token.text.toLowerCase() === word;
  }

  isSymbol(symbol: string): boolean {
    return this.token.kind === 'symbol' && this.token.text === symbol;
  }

  takeWord(word: string): boolean {
    const found = this.isWord(word);
    if (found) this.take();
    return found;
  }

  takeSymbol(symbol: string): boolean {
    const found = this.isSymbol(symbol);
    if (found) this.take();
    return found;
  }

  expectWord(word: string): void {
    if (!this.takeWord(word)) throw this.unexpected(word.toUpperCase());
  }

  expectSymbol(symbol: string): void {
    if (!this.takeSymbol(symbol)) throw this.unexpected(symbol);
  }

  isName(): boolean {
    const { kind, text } = this.token;
    return kind === 'quoted' || (kind === 'name' && !reserved.has(text.toLowerCase()));
  }

  takeName(expected: string): string {
    if (!this.isName()) throw this.unexpected(expected);
    return this.take().text;
  }

  unexpected(expected: string): QueryRejection {
    const { kind, text, at } = this.token;
    const seen = kind === 'end' ? 'the end of the query' : `${JSON.stringify(text)} at character ${at + 1}`;
    const hint = kind === 'name' && reserved.has(text.toLowerCase()) ? ' (quote it to use it as a name)' : '';
    return new QueryRejection('syntax', `expected ${expected}, saw ${seen}${hint}`);
  }
}
