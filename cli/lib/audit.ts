import { tables } from '../../bindings/index.ts';
import {
  type AuditEntry,
  type AuditPage,
  type AuditQuery,
  AuditRefused,
  readAudit,
} from '../../web/src/lib/audit/history.ts';
import { describeEntry } from '../../web/src/lib/audit/words.ts';
import { Failure } from './failure.ts';
import { databaseName, type Hub, subscribe } from './hub.ts';

/** An entry with names and words. */
export interface ToldEntry extends AuditEntry {
  readonly who: string;
  readonly text: string;
}

const formerNamesMax = 50;

/** The history of a hub for the owner that a connection is of. */
export class Audit {
  readonly #hub: Hub;
  readonly #signal: AbortSignal;
  /** By Identity, in hex. */
  readonly #names = new Map<string, string>();
  #lookups = 0;

  private constructor(hub: Hub, signal: AbortSignal) {
    this.#hub = hub;
    this.#signal = signal;
  }

  static async open(hub: Hub, signal: AbortSignal): Promise<Audit> {
    const audit = new Audit(hub, signal);
    await subscribe(hub, [tables.members, tables.limbs]);
    const { members, limbs } = hub.connection.db;
    for (const { identity, name } of [...members.iter(), ...limbs.iter()])
      audit.#names.set(identity.toHexString(), name);
    const answer = await fetch(new URL(`/v1/database/${databaseName}/identity`, hub.url), { signal });
    if (answer.ok) audit.#names.set((await answer.text()).trim(), 'the hub');
    return audit;
  }

  /** The Identity in hex of who is called so. @throws Failure when nobody is, or several are */
  identityOf(name: string): string {
    if (/^[0-9a-f]{64}$/i.test(name)) return name.toLowerCase();
    const found = [...this.#names].filter(([, known]) => known === name).map(([identity]) => identity);
    const [identity] = found;
    if (identity === undefined) {
      const known = [...new Set(this.#names.values())].sort().join(', ');
      throw new Failure(`Nobody here is called ${name}: give one of ${known}, or an Identity in 64 hex digits`);
    }
    if (found.length > 1) throw new Failure(`${found.length} are called ${name}: give one of ${found.join(', ')}`);
    return identity;
  }

  /** Page after page, the newest first. @throws Failure with the hub's own words when it refuses */
  async *pages(
    query: AuditQuery,
  ): AsyncGenerator<{ readonly entries: readonly ToldEntry[]; readonly beginsAt: number }> {
    for (let before = query.before; ; ) {
      const page = await this.#page(before === undefined ? query : { ...query, before });
      const entries: ToldEntry[] = [];
      for (const entry of page.commits) entries.push(await this.#tell(entry));
      yield { entries, beginsAt: page.begins_at };
      if (page.next === null) return;
      before = page.next;
    }
  }

  async #tell(entry: AuditEntry): Promise<ToldEntry> {
    if (!this.#names.has(entry.caller)) this.#names.set(entry.caller, await this.#formerName(entry.caller));
    const nameOf = (identity: string) => this.#names.get(identity) ?? shortOf(identity);
    return { ...entry, who: nameOf(entry.caller), text: describeEntry(entry, nameOf) };
  }

  /** What the history calls somebody who is not here any more. */
  async #formerName(identity: string): Promise<string> {
    if (this.#lookups >= formerNamesMax) return shortOf(identity);
    this.#lookups += 1;
    const { commits } = await this.#page({ member: identity, limb: identity, limit: 100 });
    const rows = commits.flatMap(({ changes }) => changes.flatMap(({ before, after }) => [after, before]));
    const name = rows.find((row) => row?.['identity'] === identity)?.['name'];
    return typeof name === 'string' ? `${name} (gone)` : shortOf(identity);
  }

  async #page(query: AuditQuery): Promise<AuditPage> {
    const { url, token } = this.#hub;
    try {
      return await readAudit({ url, database: databaseName, token }, query, this.#signal);
    } catch (error) {
      if (this.#signal.aborted) throw this.#signal.reason;
      if (error instanceof AuditRefused) throw new Failure(`The hub refused: ${error.message}`, { cause: error });
      throw new Failure(`The hub at ${url} went away: start it with \`helix start\``, { cause: error });
    }
  }
}

function shortOf(identity: string): string {
  return identity.slice(0, 16);
}
