import { ConnectionId, Identity } from 'spacetimedb';
import { Reader } from '../bsatn/reader.ts';
import { Writer } from '../bsatn/writer.ts';
import type { HostedDatabase } from '../database.ts';
import { assert, Rejection } from '../errors.ts';
import type { ModuleDef } from '../module/definition.ts';
import { ProcedureFailure } from '../module/procedures/partner.ts';
import type { Client, ClientMessage, ServerMessage } from '../serve/contract.ts';
import { CallError } from './failure.ts';
import type {
  CallArgs,
  ProcedureName,
  ProcedureResult,
  ReducerName,
  RelationName,
  RelationRow,
  UntypedRow,
} from './module-types.ts';
import { readSdkValue } from './read-value.ts';
import { Replica } from './replica.ts';
import { decodeRow, findNamed, relationRow, splitRows } from './rows.ts';
import { writeSdkValue } from './write-value.ts';

/** What a client may do again after its hub has gone back in time. */
export interface ClientState<M> {
  readonly replicas: ReadonlyMap<number, Replica<M>>;
}

export interface ClientParts {
  readonly identity: bigint;
  readonly connectionId: bigint;
  readonly claims: string;
  /** The database now: another one after a crash. */
  readonly database: () => HostedDatabase;
}

/** One connection of somebody. It sees commits at once, before they are durable. */
export class TestClient<M = unknown> {
  readonly identity: Identity;
  readonly connectionId: ConnectionId;
  /** The connection as the engine knows it. */
  readonly link: Client;
  readonly #database: () => HostedDatabase;
  #replicas = new Map<number, Replica<M>>();
  #reply: ServerMessage | undefined;
  #lastQuerySetId = 0;
  #closeReason: string | undefined = 'it was never opened';

  /** Made by `TestHub.connect`. */
  constructor({ identity, connectionId, claims, database }: ClientParts) {
    this.identity = new Identity(identity);
    this.connectionId = new ConnectionId(connectionId);
    this.#database = database;
    this.link = {
      identity,
      connectionId,
      claims,
      deliver: (message) => this.#receive(message),
      close: (_code, reason) => this.#end(reason),
    };
  }

  get isConnected(): boolean {
    return this.#closeReason === undefined;
  }

  /** Calls a reducer. @throws CallError when it does not end well; Rejection when there is none or an argument is wrong */
  call<K extends ReducerName<M>>(reducer: K, ...[args = {}]: CallArgs<M, K>): void {
    const { name, params } = findNamed('reducer', callable(this.#def.reducers), reducer);
    const writer = new Writer();
    writeSdkValue({ kind: 'product', fields: params }, args, writer, name);
    const reply = this.#ask({ kind: 'call-reducer', requestId: 0, name, args: writer.copy() });
    assert(reply.kind === 'reducer-result', `a call was answered with ${reply.kind}`);
    const { outcome } = reply;
    if (outcome.kind === 'rejected') throw new CallError('rejected', outcome.message);
    if (outcome.kind === 'failed') throw new CallError('failed', this.#whyFailed(outcome.message));
    this.#update(outcome);
  }

  /**
   * Calls a procedure. What it commits reaches subscriptions at once, before it ends.
   * @throws CallError when it does not end well; Rejection when there is none or an argument is wrong
   */
  async callProcedure<K extends ProcedureName<M>>(
    procedure: K,
    ...[args = {}]: CallArgs<M, K>
  ): Promise<ProcedureResult<M, K>> {
    this.#requireConnected();
    const found = findNamed('procedure', callable(this.#def.procedures), procedure);
    const writer = new Writer();
    writeSdkValue({ kind: 'product', fields: found.params }, args, writer, found.name);
    const { engine } = this.#database();
    const origin = engine.origin(found.name, this.link.identity, this.link.connectionId);
    try {
      const reader = new Reader(await engine.procedures.call(found, origin, writer.copy()));
      return readSdkValue(found.returns, reader) as ProcedureResult<M, K>;
    } catch (error) {
      if (!(error instanceof ProcedureFailure)) throw error;
      if (error.code === 'reducer-rejected') throw new CallError('rejected', error.message);
      throw new CallError('failed', this.#whyFailed(error.message));
    }
  }

  /** The rows of a table or view as this client may see them now. @throws Rejection `query` when it may not */
  rows<K extends RelationName<M>>(name: K): RelationRow<M, K>[] {
    const { tables, views } = this.#def;
    const relation = findNamed('relation', [...tables, ...views], name);
    return this.query(`SELECT * FROM "${relation.name}"`) as RelationRow<M, K>[];
  }

  /** Answers `SELECT * FROM …` once. @throws Rejection `query` */
  query(sql: string): UntypedRow[] {
    const reply = this.#ask({ kind: 'query', requestId: 0, sql });
    assert(reply.kind === 'query-result', `a query was answered with ${reply.kind}`);
    const { result } = reply;
    if ('message' in result) throw new Rejection('query', result.message);
    const type = relationRow(this.#def, result.table);
    return splitRows(type, result.rows).map((bytes) => decodeRow(type, bytes));
  }

  /** Keeps a live replica of what the queries select. @throws Rejection `subscription` */
  subscribe(...queries: string[]): Replica<M> {
    const querySetId = ++this.#lastQuerySetId;
    const replica = new Replica<M>(queries, querySetId, {
      def: () => this.#def,
      unsubscribe: () => this.#unsubscribe(querySetId),
    });
    this.#fill(querySetId, replica);
    this.#replicas.set(querySetId, replica);
    return replica;
  }

  /** Ends the connection; the disconnect hook runs. Doing it twice does nothing. */
  disconnect(): void {
    this.#end('the client has left');
  }

  /** Opens the connection; the connect hook runs. @throws Rejection `connect-refused` */
  open(): void {
    this.#database().connect(this.link);
    this.#closeReason = undefined;
  }

  /** The connection goes without anybody being told. */
  lose(reason: string): void {
    this.#closeReason = reason;
  }

  save(): ClientState<M> {
    return { replicas: new Map(this.#replicas) };
  }

  /** Is connected again, with the subscriptions of an earlier time, which start over. */
  restore(state: ClientState<M>): void {
    this.#closeReason = undefined;
    this.#replicas = new Map(state.replicas);
    for (const [querySetId, replica] of this.#replicas) this.#fill(querySetId, replica);
  }

  get #def(): ModuleDef {
    return this.#database().def;
  }

  #fill(querySetId: number, replica: Replica<M>): void {
    const reply = this.#ask({ kind: 'subscribe', requestId: 0, querySetId, queries: replica.queries });
    if (reply.kind === 'subscription-error') throw new Rejection('subscription', reply.message);
    assert(reply.kind === 'subscribe-applied', `a subscription was answered with ${reply.kind}`);
    replica.reset(reply.rows ?? []);
  }

  #unsubscribe(querySetId: number): void {
    const reply = this.#ask({ kind: 'unsubscribe', requestId: 0, querySetId, sendDroppedRows: false });
    if (reply.kind === 'subscription-error') throw new Rejection('subscription', reply.message);
    this.#replicas.delete(querySetId);
  }

  #ask(message: ClientMessage): ServerMessage {
    this.#requireConnected();
    this.#reply = undefined;
    this.#database().handle([{ client: this.link, message }].values());
    const reply = this.#reply as ServerMessage | undefined;
    assert(reply, `a message of kind ${message.kind} was not answered`);
    return reply;
  }

  #requireConnected(): void {
    if (this.#closeReason === undefined) return;
    throw new Rejection('disconnected', `this client is not connected: ${this.#closeReason}; connect again`);
  }

  #receive(message: ServerMessage): void {
    if (message.kind === 'transaction-update') this.#update(message);
    // A subscription that an update of the module has ended, which nobody asked about.
    else if (message.kind === 'subscription-error' && message.requestId === undefined) {
      this.#replicas.delete(message.querySetId);
    } else this.#reply = message;
  }

  #update({ update }: Pick<ServerMessage & { kind: 'transaction-update' }, 'update'>): void {
    for (const part of update) {
      const replica = this.#replicas.get(part.querySetId);
      assert(replica, `an update for the query set ${part.querySetId}, which does not exist`);
      replica.apply(part);
    }
  }

  #end(reason: string): void {
    if (!this.isConnected) return;
    this.#closeReason = reason;
    this.#database().disconnect(this.link);
  }

  /** What the log says of a failure: its caller may not know, but a test should. */
  #whyFailed(message: string): string {
    const last = this.#database().logs(1)[0];
    return last?.level === 'Error' ? `${message}\n${last.message}` : message;
  }
}

function callable<T extends { readonly isCallable: boolean }>(functions: readonly T[]): T[] {
  return functions.filter(({ isCallable }) => isCallable);
}
