import type { AuditEntry, AuditQuery } from '../audit/history.ts';
import { fetchAudit } from '../live/audit.ts';
import { reasonOf } from '../live/mesh.svelte.ts';

const pageMax = 100;
/** What an export asks for at a time. */
const exportPageMax = 1000;

/** What happened in a tenant, newest first, as far as it has been read. */
export class Trail {
  entries: readonly AuditEntry[] = $state.raw([]);
  isLoading = $state(false);
  isLoaded = $state(false);
  /** Why it could not be read; empty otherwise. */
  error = $state('');
  /** Above 0 the history before was trimmed. */
  beginsAt = $state(0);
  #next: number | null = $state(null);
  #query: AuditQuery = {};
  #abort = new AbortController();

  get hasMore(): boolean {
    return this.#next !== null;
  }

  /** Begins anew, at the newest. */
  async read(query: AuditQuery): Promise<void> {
    this.#abort.abort();
    this.#abort = new AbortController();
    this.#query = query;
    await this.#page(undefined, this.#abort.signal);
  }

  async more(): Promise<void> {
    if (this.#next !== null && !this.isLoading) await this.#page(this.#next, this.#abort.signal);
  }

  stop(): void {
    this.#abort.abort();
  }

  /** Everything that the query finds, as JSON lines. @throws AuditRefused */
  async export(): Promise<string> {
    const lines: string[] = [];
    for (let before: number | undefined; ; ) {
      const page = await fetchAudit({
        ...this.#query,
        limit: exportPageMax,
        ...(before === undefined ? {} : { before }),
      });
      for (const entry of page.commits) lines.push(JSON.stringify(entry));
      if (page.next === null) return lines.map((line) => `${line}\n`).join('');
      before = page.next;
    }
  }

  async #page(before: number | undefined, signal: AbortSignal): Promise<void> {
    this.isLoading = true;
    try {
      const query = { ...this.#query, limit: pageMax, ...(before === undefined ? {} : { before }) };
      const page = await fetchAudit(query, signal);
      if (signal.aborted) return;
      this.entries = before === undefined ? page.commits : [...this.entries, ...page.commits];
      this.#next = page.next;
      this.beginsAt = page.begins_at;
      this.error = '';
      this.isLoaded = true;
    } catch (error) {
      if (!signal.aborted) this.error = reasonOf(error);
    } finally {
      if (!signal.aborted) this.isLoading = false;
    }
  }
}
