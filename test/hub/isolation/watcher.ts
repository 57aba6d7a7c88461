import type { Identity } from 'spacetimedb';
import { expect } from 'vitest';
import type { Replica, UntypedRow } from '../../../engine/testing/index.ts';
import type { Mesh, MeshClient, MeshModule } from '../mesh.ts';
import { ownedBy, type Rows, tenantsOf, visible } from './sights.ts';

/** What somebody may see, view by view, as texts of rows. */
export type Sight = Readonly<Record<string, ReadonlySet<string>>>;

/** Somebody with a live copy of everything that can be subscribed to. */
export class Watcher {
  readonly identity: Identity;
  readonly #mesh: Mesh;
  client: MeshClient;
  replica: Replica<MeshModule>;

  constructor(mesh: Mesh, client: MeshClient) {
    this.#mesh = mesh;
    this.identity = client.identity;
    this.client = client;
    this.replica = this.#watch();
  }

  leave(): void {
    this.client.disconnect();
  }

  comeBack(): void {
    this.client.disconnect();
    this.client = this.#mesh.connect(this.identity);
    this.replica = this.#watch();
  }

  /** The rows are those that the private tables allow, and every row of a delta was one of them. */
  check(rows: Rows, before: Sight | undefined): Sight {
    const sight: Sight = Object.fromEntries(
      Object.entries(visible).map(([view, rowsFor]) => [view, new Set(rowsFor(rows, this.identity).map(text))]),
    );
    if (!this.client.isConnected) return sight;
    for (const [view, allowed] of Object.entries(sight)) {
      const received = this.replica.rows(view as 'tasks').map(text);
      const isSame = received.length === allowed.size && received.every((row) => allowed.has(row));
      if (!isSame) expect([view, new Set(received)]).toEqual([view, allowed]);
    }
    const deltas = this.replica.deltas.splice(0);
    for (const { table, inserts, deletes } of before ? deltas : []) {
      // Rows of events are in no table: that they name their receiver, or a tenant of theirs, is what is known of them.
      if (table === 'ping') {
        for (const row of inserts) expect(row).toEqual({ limb: this.identity });
        continue;
      }
      if (table === 'stream') {
        const own = tenantsOf(rows, this.identity);
        for (const row of inserts) expect(own).toContain(row['tenantId']);
        continue;
      }
      // An offer may be made and taken back while a step waits: it names its receiver too.
      const isOwnOffer = (row: Readonly<Record<string, unknown>>) =>
        table === 'offers' && this.identity.isEqual(row['limb'] as Identity);
      // And an invite may be made and redeemed in one step: its tenant's owners saw it.
      const isOwnInvite = (row: Readonly<Record<string, unknown>>) =>
        table === 'open_invites' && ownedBy(rows, this.identity).has(row['tenantId'] as bigint);
      const isPassing = (row: Readonly<Record<string, unknown>>) => isOwnOffer(row) || isOwnInvite(row);
      for (const row of inserts) {
        if (!sight[table]?.has(text(row)) && !isPassing(row)) expect.fail(`received of ${table}: ${text(row)}`);
      }
      for (const row of deletes) {
        if (!before?.[table]?.has(text(row)) && !isPassing(row)) expect.fail(`lost of ${table}: ${text(row)}`);
      }
    }
    return sight;
  }

  #watch(): Replica<MeshModule> {
    return this.client.subscribe(...Object.keys(visible).map((view) => `SELECT * FROM ${view}`));
  }
}

function text(row: UntypedRow): string {
  return JSON.stringify(row, (_key, value) => (typeof value === 'bigint' ? `${value}n` : value));
}
