export const tabs = ['tables', 'sql', 'call', 'logs', 'clients'] as const;
export type Tab = (typeof tabs)[number];

/** Where the page is: `#/`, or `#/<database>/<tab>/<item>`. */
export interface Place {
  /** A name or an identity; empty for the list. */
  readonly database: string;
  readonly tab: Tab;
  /** A table or a function; empty for none. */
  readonly item: string;
}

class Route {
  place: Place = $state.raw(placeOf(location.hash));

  start(): void {
    window.addEventListener('hashchange', () => {
      this.place = placeOf(location.hash);
    });
  }

  go(place: Partial<Place>): void {
    location.hash = addressOf(place);
  }
}

export function addressOf({ database = '', tab = 'tables', item = '' }: Partial<Place>): string {
  if (database === '') return '#/';
  return `#/${[database, tab, ...(item === '' ? [] : [item])].map(encodeURIComponent).join('/')}`;
}

function placeOf(hash: string): Place {
  // Anything else is no place, such as a sign-in code, which goes nowhere.
  const path = hash.startsWith('#/') ? hash.slice(2) : '';
  const [database = '', tab, item = ''] = path.split('/').map(decode);
  return { database, tab: tabs.find((one) => one === tab) ?? 'tables', item };
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

export const route = new Route();
