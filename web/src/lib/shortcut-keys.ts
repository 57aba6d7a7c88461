import { places } from './shell/places.ts';

export type Shortcut =
  | { readonly kind: 'compose' | 'next' | 'previous' | 'select' | 'close' | 'help' | 'palette' }
  | { readonly kind: 'go'; readonly path: string };

const byKey: Readonly<Record<string, Exclude<Shortcut['kind'], 'go' | 'palette'>>> = {
  '/': 'compose',
  j: 'next',
  k: 'previous',
  x: 'select',
  Escape: 'close',
  '?': 'help',
};

/** How long the second key of a pair may take. */
const pairMsMax = 1500;

/** Reads key presses as shortcuts; it remembers the first key of a pair such as `g t`. */
export class ShortcutReader {
  #leaderAtMs = Number.NEGATIVE_INFINITY;

  /** What a key press asks for; undefined while somebody writes, or when the key is meant for something else. */
  read(event: KeyboardEvent): Shortcut | undefined {
    if (event.defaultPrevented || event.isComposing || event.altKey) return undefined;
    const target = event.target instanceof HTMLElement ? event.target : undefined;
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === 'k') return { kind: 'palette' };
    if (event.ctrlKey || event.metaKey || target?.closest('dialog, [role=dialog], [role=alertdialog], [role=menu]')) {
      return undefined;
    }
    if (target?.isContentEditable) return undefined;
    if (target?.matches('textarea, select, input:not([type="radio"], [type="checkbox"])')) {
      if (event.key === 'Escape') target.blur();
      return undefined;
    }
    const isPair = event.timeStamp - this.#leaderAtMs < pairMsMax;
    this.#leaderAtMs = event.key === 'g' ? event.timeStamp : Number.NEGATIVE_INFINITY;
    if (isPair) {
      const place = places.find(({ key }) => key === event.key);
      return place && { kind: 'go', path: place.path };
    }
    if (target?.matches('[data-task-id]')) {
      if (event.key === 'ArrowDown') return { kind: 'next' };
      if (event.key === 'ArrowUp') return { kind: 'previous' };
    }
    const kind = byKey[event.key];
    return kind && { kind };
  }
}
