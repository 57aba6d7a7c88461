export type Shortcut = 'compose' | 'next' | 'previous' | 'close' | 'help';

const byKey: Readonly<Record<string, Shortcut>> = {
  '/': 'compose',
  j: 'next',
  k: 'previous',
  Escape: 'close',
  '?': 'help',
};

/** What a key press asks for; undefined while somebody writes, or when the key is meant for something else. */
export function shortcutOf(event: KeyboardEvent): Shortcut | undefined {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return undefined;
  const target = event.target instanceof HTMLElement ? event.target : undefined;
  if (target?.closest('dialog')) return undefined;
  if (target?.matches('textarea, select, input:not([type="radio"])')) {
    if (event.key === 'Escape') target.blur();
    return undefined;
  }
  if (target?.matches('button[data-task-id]')) {
    if (event.key === 'ArrowDown') return 'next';
    if (event.key === 'ArrowUp') return 'previous';
  }
  return byKey[event.key];
}
