export type TokenKind = 'plain' | 'keyword' | 'string' | 'number' | 'comment' | 'name';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
}

const keywords = new Set(
  (
    'False None True and as assert async await break case class continue def del elif else except finally for from ' +
    'global if import in is lambda match nonlocal not or pass raise return try while with yield'
  ).split(' '),
);

const pattern =
  /(#[^\n]*)|((?:\b[rbfuRBFU]{1,2})?(?:"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:\\.|[^"\\\n])*"?|'(?:\\.|[^'\\\n])*'?))|(\b\d[\w.]*)|([A-Za-z_]\w*)(?=(\s*\()?)/g;

/** Cuts Python into pieces to colour; together they are exactly the code. */
export function tokens(code: string): Token[] {
  const found: Token[] = [];
  let from = 0;
  const add = (kind: TokenKind, text: string): void => {
    if (text !== '') found.push({ kind, text });
  };
  for (const match of code.matchAll(pattern)) {
    const [text, comment, string, number, word, call] = match;
    add('plain', code.slice(from, match.index));
    if (comment !== undefined) add('comment', text);
    else if (string !== undefined) add('string', text);
    else if (number !== undefined) add('number', text);
    else if (word !== undefined && keywords.has(word)) add('keyword', text);
    else add(call === undefined ? 'plain' : 'name', text);
    from = match.index + text.length;
  }
  add('plain', code.slice(from));
  return found;
}
