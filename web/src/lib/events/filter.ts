/** Which events are shown. It is kept in the address. A text that ends with * stands for all that begin so. */
export interface EventFilter {
  readonly kind: string;
  readonly source: string;
  readonly subject: string;
}

const names = ['kind', 'source', 'subject'] as const;

export function readFilter(search: URLSearchParams): EventFilter {
  return { kind: search.get('kind') ?? '', source: search.get('source') ?? '', subject: search.get('subject') ?? '' };
}

/** The query of an address, with its question mark; empty when everything is shown. */
export function writeFilter(filter: EventFilter): string {
  const search = new URLSearchParams();
  for (const name of names) if (filter[name] !== '') search.set(name, filter[name]);
  return search.size === 0 ? '' : `?${search}`;
}

export function isNarrow(filter: EventFilter): boolean {
  return names.some((name) => filter[name] !== '');
}

/** The newest events of a tenant that fit, as SQL. */
export function queryOf(tenantId: bigint, filter: EventFilter, most: number): string {
  const parts = [`tenant_id = ${tenantId}`, ...names.flatMap((name) => conditionOf(name, filter[name].trim()))];
  return `SELECT * FROM events WHERE ${parts.join(' AND ')} ORDER BY id DESC LIMIT ${most}`;
}

/** The same of an event that is here. */
export function matches(event: EventFilter & { readonly tenantId: bigint }, tenantId: bigint, filter: EventFilter) {
  return (
    event.tenantId === tenantId &&
    names.every((name) => {
      const wanted = filter[name].trim();
      if (!wanted.endsWith('*')) return wanted === '' || event[name] === wanted;
      return event[name].startsWith(wanted.slice(0, -1));
    })
  );
}

function conditionOf(column: string, wanted: string): string[] {
  if (wanted === '' || wanted === '*') return [];
  if (!wanted.endsWith('*')) return [`${column} = ${literal(wanted)}`];
  const start = wanted.slice(0, -1);
  return [`${column} >= ${literal(start)}`, `${column} < ${literal(`${start}\u{10FFFF}`)}`];
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
