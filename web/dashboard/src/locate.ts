/** A part of a text, from and to which character. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** What is wrong with a query, and where when that is known. */
export interface QueryFault {
  readonly message: string;
  readonly span: Span | undefined;
}

const position = /\bat character (\d+)/;
const word = /[\p{L}\p{N}_$]+|\S/uy;

/**
 * Finds the place that the host's message is about in what was written.
 * @param offset where `written` began in what was sent
 */
export function locate(message: string, written: string, offset = 0): QueryFault {
  const text = message.replace(/, executing: `[\s\S]*`$/, '');
  const at = position.exec(text);
  if (at !== null) {
    const start = Math.max(0, Number(at[1]) - 1 - offset);
    if (start >= written.trimEnd().length)
      return { message: text.replace(/saw .*$/, 'saw the end'), span: endOf(written) };
    return { message: text.replace(position, `at character ${start + 1}`), span: wordAt(written, start) };
  }
  if (/the end of the query/.test(text) && /^expected .*, saw the end/.test(text)) {
    return { message: text, span: endOf(written) };
  }
  return { message: text, span: nameIn(text, written) };
}

function wordAt(written: string, start: number): Span {
  word.lastIndex = start;
  const found = word.exec(written);
  return { start, end: found === null ? start + 1 : word.lastIndex };
}

/** The last character that says something. */
function endOf(written: string): Span | undefined {
  const end = written.trimEnd().length;
  return end === 0 ? undefined : { start: end - 1, end };
}

/** A message without a position names what it is about in backticks. */
function nameIn(message: string, written: string): Span | undefined {
  for (const [, name = ''] of message.matchAll(/`([^`]+)`/g)) {
    const last = name.split('.').at(-1) ?? name;
    for (const part of [name, last]) {
      const start = written.search(new RegExp(`(?<![\\p{L}\\p{N}_])${escaped(part)}(?![\\p{L}\\p{N}_])`, 'u'));
      if (part !== '' && start >= 0) return { start, end: start + part.length };
    }
  }
  return undefined;
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}
