/** What keeps a text from being JSON; empty when it is. */
export function jsonFault(text: string): string {
  try {
    JSON.parse(text);
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** JSON with a line for each part, or the text as it is. */
export function prettyJson(text: string): string {
  return jsonFault(text) === '' ? JSON.stringify(JSON.parse(text), undefined, 2) : text;
}
