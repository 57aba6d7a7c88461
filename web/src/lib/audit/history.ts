// Who did what in a tenant, page by page, from the history of the hub: for owners. It imports nothing, so that the
// terminal reads the same history with the same words.

export type AuditRow = Readonly<Record<string, unknown>>;

/** A row as it was before and after; null where it was not there. */
export interface AuditChange {
  readonly table: string;
  readonly before: AuditRow | null;
  readonly after: AuditRow | null;
}

/** One thing that somebody did. */
export interface AuditEntry {
  /** Counts everything that ever happened at the hub. */
  readonly offset: number;
  readonly time: string;
  /** The reducer that was called, or what else happened. */
  readonly action: string;
  /** The Identity of whoever did it, in hex; that of the hub's database for what the hub did by itself. */
  readonly caller: string;
  readonly changes: readonly AuditChange[];
  /** Changes beyond those that are told. */
  readonly more?: number;
}

/** The newest first. */
export interface AuditPage {
  readonly commits: readonly AuditEntry[];
  /** `before` of the next page; null when there is no more. A page may have fewer entries than asked for, even none. */
  readonly next: number | null;
  /** Above 0 the history before that entry was trimmed. */
  readonly begins_at: number;
}

export interface AuditQuery {
  /** What `next` of the page before says. */
  readonly before?: number;
  /** At most 1000; 100 by default. */
  readonly limit?: number;
  /** Only of this tenant. Default: all that the caller owns. */
  readonly tenant?: bigint;
  /** The Identity of whoever did it, in hex. */
  readonly by?: string;
  /** Such as `submit_task`. */
  readonly action?: string;
  readonly since?: Date;
  readonly until?: Date;
  readonly task?: bigint;
  /** The Identity of a limb, in hex: what it is, and the tasks that it works on. */
  readonly limb?: string;
  /** The Identity of a member, in hex: what it is, and the tasks that it submitted. */
  readonly member?: string;
}

export interface AuditSource {
  /** `http://<host>:<port>` of the hub. */
  readonly url: string;
  readonly database: string;
  readonly token: string;
}

/** The hub refused: its words. */
export class AuditRefused extends Error {
  override readonly name = 'AuditRefused';
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

/** Reads one page. @throws AuditRefused; what `fetch` throws when no hub answers */
export async function readAudit(
  { url, database, token }: AuditSource,
  query: AuditQuery,
  signal?: AbortSignal,
): Promise<AuditPage> {
  const address = new URL(`/v1/database/${encodeURIComponent(database)}/history?${paramsOf(query)}`, url);
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(address, signal === undefined ? { headers } : { headers, signal });
  if (!response.ok) throw new AuditRefused(response.status, (await response.text()).trim());
  return (await response.json()) as AuditPage;
}

function paramsOf({ before, limit, tenant, by, action, since, until, ...about }: AuditQuery): URLSearchParams {
  const params = new URLSearchParams();
  const set = (name: string, value: string | number | bigint | undefined): void => {
    if (value !== undefined) params.append(name, String(value));
  };
  set('before', before);
  set('limit', limit);
  set('scope', tenant);
  set('caller', by);
  set('action', action);
  set('since', since?.toISOString());
  set('until', until?.toISOString());
  const subjects: Record<string, string | bigint | undefined> = {
    'task.id': about.task,
    'limb.identity': about.limb,
    'task.limb': about.limb,
    'member.identity': about.member,
    'task.submitted_by': about.member,
  };
  for (const [column, value] of Object.entries(subjects)) if (value !== undefined) set('about', `${column}:${value}`);
  return params;
}
