// What comes from others (answers, titles, a child's output) is shown as text: nothing in it may move the cursor.

/** Without control characters other than line breaks and tabs. */
export function printable(text: string): string {
  return text.replaceAll(/(?![\n\t])\p{Cc}/gu, '');
}

/** On one line. */
export function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\s]+/gu, ' ').trim();
}

/** Cut to a length, with an ellipsis where something is missing. */
export function clip(text: string, charsMax: number): string {
  return text.length <= charsMax ? text : `${text.slice(0, charsMax - 1)}…`;
}
