import { toSql } from 'spacetimedb';
import { tables } from '$bindings/index.ts';
import type { Mesh } from '../live/mesh.svelte.ts';
import type { Approval, RoleTag } from '../live/model.ts';
import type { Refusal } from '../live/refusals.svelte.ts';
import { LiveRows } from '../live/rows.svelte.ts';

/** What waits for a person's answer, and what was answered. */
export class Approvals {
  readonly #rows: LiveRows<Approval>;
  readonly #mesh: Mesh;
  /** Newest first. */
  readonly list: readonly Approval[] = $derived.by(() =>
    this.#rows.list
      .filter(({ tenantId }) => tenantId === this.#mesh.tenant?.id)
      .toSorted((a, b) => (a.id < b.id ? 1 : -1)),
  );
  readonly open: readonly Approval[] = $derived(this.list.filter(({ state }) => state.tag === 'Open').toReversed());
  /** Those that we may answer, the oldest first. */
  readonly mine: readonly Approval[] = $derived(
    this.open.filter(({ role }) => mayAnswer(this.#mesh.me?.role.tag, role.tag)),
  );

  constructor(mesh: Mesh) {
    this.#mesh = mesh;
    this.#rows = new LiveRows(mesh.link, { table: (db) => db.approvals, query: toSql(tables.approvals) });
    mesh.link.onSession(() => this.#rows.clear());
  }

  get refusal(): Refusal {
    return this.#rows.refusal;
  }

  get isLoaded(): boolean {
    return this.#rows.isLoaded;
  }
}

/** Whether somebody of one role may answer what asks for another one. */
export function mayAnswer(mine: RoleTag | undefined, asked: RoleTag): boolean {
  const ranks = { Viewer: 0, Operator: 1, Owner: 2 };
  return mine !== undefined && ranks[mine] >= ranks[asked];
}
