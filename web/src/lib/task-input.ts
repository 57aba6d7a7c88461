/** What a task's input says, as far as this page knows its skill's schema. */
export type Asked =
  | { readonly kind: 'question'; readonly question: string }
  | { readonly kind: 'script'; readonly code: string }
  | { readonly kind: 'documents'; readonly paths: readonly string[] }
  | { readonly kind: 'other'; readonly json: string };

export function readInput(input: string): Asked {
  const value: unknown = parse(input);
  if (typeof value === 'object' && value !== null) {
    if ('question' in value && typeof value.question === 'string') {
      return { kind: 'question', question: value.question };
    }
    if ('code' in value && typeof value.code === 'string') return { kind: 'script', code: value.code };
    if ('paths' in value && Array.isArray(value.paths)) return { kind: 'documents', paths: value.paths.map(String) };
    return { kind: 'other', json: JSON.stringify(value, null, 2) };
  }
  return { kind: 'other', json: input };
}

function parse(input: string): unknown {
  try {
    return JSON.parse(input);
  } catch {
    return undefined;
  }
}

/** The first line that says something, for lists; of a script's first comment without its mark. */
export function titleOf(text: string): string {
  return (
    text
      .split('\n')
      .map((line) => line.replace(/^\s*#+/, '').trim())
      .find((line) => line !== '') ?? ''
  );
}
