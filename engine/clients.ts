import type { CallResult } from './call.ts';
import type { Engine } from './engine.ts';
import { Rejection } from './errors.ts';
import { clientTable } from './module/system-catalog.ts';
import type { Room } from './room.ts';
import type { Client } from './serve/contract.ts';
import { clientRow, readClientRow } from './system.ts';

/** Who is connected to an engine. The module's hooks run when somebody comes or goes, whatever happens in between. */
export class Clients {
  readonly #engine: Engine;
  readonly #room: Room;
  readonly #clients = new Map<bigint, Client>();

  constructor(engine: Engine, room: Room) {
    this.#engine = engine;
    this.#room = room;
  }

  /** Says goodbye to whoever was connected when the host stopped. @param present who is connected still */
  start(present: readonly Client[]): void {
    for (const client of present) this.#clients.set(client.connectionId, client);
    const rows = this.#engine.store.table(clientTable.id);
    for (const handle of rows.scan()) {
      const { identity, connectionId } = readClientRow(rows.row(handle));
      if (!this.#clients.has(connectionId)) this.#end(identity, connectionId);
    }
  }

  /** Records the client and runs the connect hook. @throws Rejection `closed`, `connect-refused` */
  connect(client: Client): void {
    this.#engine.requireOpen();
    const { identity, connectionId } = client;
    this.#clients.set(connectionId, client);
    const result = this.#engine.runHook('connect', identity, connectionId, (tx) =>
      tx.insert(clientTable.id, clientRow(identity, connectionId)),
    );
    if (result.kind === 'ok') return;
    this.#clients.delete(connectionId);
    throw new Rejection('connect-refused', result.message);
  }

  /** Runs the disconnect hook and forgets the client's subscriptions. */
  disconnect(client: Client): void {
    if (this.#engine.isClosed || !this.#clients.has(client.connectionId)) return;
    this.#engine.queries.remove(client);
    this.#end(client.identity, client.connectionId);
    this.#clients.delete(client.connectionId);
  }

  /** Disconnects everybody without waiting for the connections to end. */
  disconnectAll(): void {
    for (const client of [...this.#clients.values()]) this.disconnect(client);
  }

  /** Ends every connection, such as when an update breaks what the clients were generated from. */
  closeAll(code: number, reason: string): void {
    for (const client of [...this.#clients.values()]) client.close(code, reason);
  }

  /** What the token of a connection claims; empty for none. */
  claims(connectionId: bigint): string {
    return this.#clients.get(connectionId)?.claims ?? '';
  }

  /** Ends a connection. A disconnect hook that fails does not keep the client in the table. */
  #end(identity: bigint, connectionId: bigint): void {
    const row = clientRow(identity, connectionId);
    const result = this.#engine.runHook('disconnect', identity, connectionId, (tx) =>
      tx.deleteEqual(clientTable.id, row),
    );
    if (result.kind === 'ok') return;
    const forgotten = result.kind === 'refused' ? result : this.#forget(identity, connectionId, result.message);
    // The hook must not be skipped: what a client held would stay with it.
    if (forgotten.kind === 'refused') this.#room.defer(() => this.#end(identity, connectionId));
  }

  /** Removes a client whose hook has failed. */
  #forget(identity: bigint, connectionId: bigint, reason: string): CallResult {
    const message = `The disconnect hook failed: ${reason}`;
    this.#engine.logs.add({ level: 'Error', ts: this.#engine.nowMicros(), message });
    return this.#engine.transact(this.#engine.origin('disconnect', identity, connectionId), undefined, (tx) => {
      tx.deleteEqual(clientTable.id, clientRow(identity, connectionId));
      return { kind: 'ok' };
    });
  }
}
