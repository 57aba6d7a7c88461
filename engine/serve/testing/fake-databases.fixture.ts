import { Rejection } from '../../errors.ts';
import type { ModuleDef } from '../../module/definition.ts';
import type { QuerySetUpdate, RowList, TableUpdate } from '../../query/contract.ts';
import type {
  CallAnswer,
  Client,
  ClientMessage,
  ConnectedClient,
  Database,
  Databases,
  HistoryPage,
  HttpCaller,
  LogRecord,
  PublishPlan,
  PublishRequest,
  Received,
  RouteRequest,
  RouteResponse,
  SqlAnswer,
} from '../contract.ts';
import { Writer } from '../wire/writer.ts';

const emptyDef: ModuleDef = {
  tables: [],
  reducers: [],
  procedures: [],
  views: [],
  types: [],
  rowLevelSecurity: [],
  httpHandlers: [],
  httpRoutes: [],
  submodules: [],
};

export interface FakePerson {
  readonly id: number;
  readonly name: string;
}

/**
 * A fake of the `Database` contract for tests of the transport: one table `person` (id u32, name string), every query
 * selects all of it, and commits become durable when the test says so, or at once.
 */
export class FakeDatabase implements Database {
  readonly def = emptyDef;
  readonly programHash = 'ab'.repeat(32);
  isLocked = false;
  offset = -1;
  durableOffset = -1;
  /** When false, `durableOffset` moves only by `makeDurable`. */
  isDurableAtOnce = true;
  /** What happened, for assertions. */
  readonly connected: (Client & ConnectedClient)[] = [];
  readonly disconnected: Client[] = [];
  readonly batches: (readonly ClientMessage[])[] = [];
  readonly records: LogRecord[] = [];
  readonly identity: bigint;
  readonly owner: bigint;
  refuseConnect: string | undefined;
  #people: FakePerson[] = [];
  readonly #subscriptions = new Map<Client, Set<number>>();
  readonly #durableListeners = new Set<() => void>();
  readonly #logListeners = new Set<(record: LogRecord) => void>();

  constructor(identity: bigint, owner: bigint) {
    this.identity = identity;
    this.owner = owner;
  }

  tableId(): number {
    return 1;
  }

  get watcherCount(): number {
    return this.#durableListeners.size + this.#logListeners.size;
  }

  onDurable(listener: () => void): () => void {
    this.#durableListeners.add(listener);
    return () => this.#durableListeners.delete(listener);
  }

  makeDurable(offset = this.offset): void {
    this.durableOffset = offset;
    for (const listener of this.#durableListeners) listener();
  }

  connect(client: Client): void {
    if (this.refuseConnect !== undefined) throw new Rejection('connect-refused', this.refuseConnect);
    this.connected.push(Object.assign(client, { sinceMicros: 1_700_000_000_000_000n }));
    this.#subscriptions.set(client, new Set());
  }

  disconnect(client: Client): void {
    this.disconnected.push(client);
    this.#subscriptions.delete(client);
  }

  handle(received: Iterator<Received>): void {
    const batch: ClientMessage[] = [];
    this.batches.push(batch);
    for (let next = received.next(); !next.done; next = received.next()) {
      batch.push(next.value.message);
      this.#handleOne(next.value.client, next.value.message);
    }
  }

  /** Inserts rows and tells every subscriber, as a commit by somebody else would. */
  insert(...people: readonly FakePerson[]): void {
    this.#commit(people, undefined);
  }

  async callHttp(caller: HttpCaller, name: string, args: string): Promise<CallAnswer> {
    switch (name) {
      case 'add':
        this.insert({ id: this.#people.length, name: String(JSON.parse(args)[0]) });
        return { kind: 'reducer', durationMicros: 12.5 };
      case 'whoami':
        return {
          kind: 'procedure',
          value: `{"big":18446744073709551615,"me":"${caller.identity}"}`,
          durationMicros: 3,
        };
      case 'reject':
        throw new Rejection('reducer-rejected', 'no, because of reasons');
      case 'explode':
        throw new Rejection('reducer-failed', 'The instance encountered a fatal error.');
      case 'init':
        throw new Rejection('not-callable', 'init is a lifecycle reducer: clients cannot call it');
      case 'bug':
        throw new TypeError('a bug of the server');
      default:
        throw new Rejection('no-such-function', `no such reducer or procedure: ${name}`);
    }
  }

  async sql(_caller: HttpCaller, text: string, confirmed: boolean): Promise<SqlAnswer[]> {
    if (!text.startsWith('SELECT')) throw new Rejection('sql', `unexpected ${text}`);
    const rows = `[${this.#people.map(({ id, name }) => JSON.stringify([id, name])).join(',')}]`;
    const stats = { rowsInserted: 0, rowsDeleted: 0, rowsUpdated: 0 };
    return text.split(';').map(() => ({
      schema: `{"elements":[],"confirmed":${confirmed}}`,
      rows,
      totalDurationMicros: 5,
      ...stats,
    }));
  }

  async route(request: RouteRequest): Promise<RouteResponse | undefined> {
    if (request.path !== '/echo') return undefined;
    const text = `${request.method} ${request.uri} ${Buffer.from(request.body)}`;
    return { status: 201, headers: [['x-module', Buffer.from('yes')]], body: Buffer.from(text) };
  }

  history(): Promise<HistoryPage> {
    return Promise.resolve({ commits: [], next: undefined, beginsAt: 0 });
  }

  logs(lineCount: number | undefined): readonly LogRecord[] {
    return lineCount === undefined ? this.records : this.records.slice(Math.max(0, this.records.length - lineCount));
  }

  log(message: string): void {
    const record: LogRecord = { level: 'Info', ts: 1_700_000_000_000_000n, message };
    this.records.push(record);
    for (const listener of this.#logListeners) listener(record);
  }

  followLogs(listener: (record: LogRecord) => void): () => void {
    this.#logListeners.add(listener);
    return () => this.#logListeners.delete(listener);
  }

  tableSizes() {
    return [{ table: 'person', rowCount: this.#people.length, bytes: 8 * this.#people.length }];
  }

  schema(version: 9 | 10): string {
    return `{"version":${version}}`;
  }

  #handleOne(client: Client, message: ClientMessage): void {
    switch (message.kind) {
      case 'subscribe': {
        if (message.queries.some((query) => query.includes('nowhere'))) {
          const { requestId, querySetId } = message;
          const error = {
            kind: 'subscription-error',
            requestId,
            querySetId,
            message: 'no such table: `nowhere`',
          } as const;
          client.deliver(error, this.offset);
          return;
        }
        this.#subscriptions.get(client)?.add(message.querySetId);
        const rows = [{ table: 'person', rows: rowList(this.#people) }];
        const { requestId, querySetId } = message;
        client.deliver({ kind: 'subscribe-applied', requestId, querySetId, rows }, this.offset);
        return;
      }
      case 'unsubscribe': {
        this.#subscriptions.get(client)?.delete(message.querySetId);
        const rows = message.sendDroppedRows ? [{ table: 'person', rows: rowList(this.#people) }] : undefined;
        const { requestId, querySetId } = message;
        client.deliver({ kind: 'unsubscribe-applied', requestId, querySetId, rows }, this.offset);
        return;
      }
      case 'query': {
        const result = { table: 'person', rows: rowList(this.#people) };
        client.deliver({ kind: 'query-result', requestId: message.requestId, result }, this.offset);
        return;
      }
      case 'call-reducer':
        this.#callReducer(client, message.requestId, message.name, Buffer.from(message.args));
        return;
      case 'call-procedure': {
        const outcome =
          message.name === 'echo' ? { value: Buffer.from(message.args) } : { message: `no such procedure` };
        const { requestId } = message;
        client.deliver(
          { kind: 'procedure-result', requestId, timestampMicros: 1n, durationMicros: 2n, outcome },
          this.offset,
        );
      }
    }
  }

  #callReducer(client: Client, requestId: number, name: string, args: Uint8Array): void {
    const timestampMicros = 1_700_000_000_000_000n;
    if (name === 'add') {
      const person = { id: this.#people.length, name: Buffer.from(args.subarray(4)).toString('utf8') };
      const update = this.#commit([person], client);
      client.deliver(
        { kind: 'reducer-result', requestId, timestampMicros, outcome: { kind: 'ok', update } },
        this.offset,
      );
      return;
    }
    if (name === 'bug') throw new TypeError('a bug of the server');
    const outcome =
      name === 'reject'
        ? ({ kind: 'rejected', message: 'no, because of reasons' } as const)
        : ({ kind: 'failed', message: 'The instance encountered a fatal error.' } as const);
    client.deliver({ kind: 'reducer-result', requestId, timestampMicros, outcome }, this.offset);
  }

  #commit(people: readonly FakePerson[], caller: Client | undefined): QuerySetUpdate[] {
    this.#people = [...this.#people, ...people];
    this.offset += 1;
    const inserts = rowList(people);
    const tables: TableUpdate[] = [{ table: 'person', isEvent: false, inserts, deletes: rowList([]) }];
    let ofCaller: QuerySetUpdate[] = [];
    for (const [client, querySets] of this.#subscriptions) {
      const update = [...querySets].map((querySetId) => ({ querySetId, tables }));
      if (client === caller) ofCaller = update;
      else if (update.length > 0) client.deliver({ kind: 'transaction-update', update }, this.offset);
    }
    if (this.isDurableAtOnce) this.makeDurable();
    return ofCaller;
  }
}

/** A fake of the `Databases` contract that holds fake databases by name. */
export class FakeDatabases implements Databases {
  readonly byName = new Map<string, FakeDatabase>();
  readonly #listeners = new Set<() => void>();
  readonly published: PublishRequest[] = [];
  readonly deleted: Database[] = [];
  readonly reset_: (string | undefined)[] = [];
  plan: PublishPlan = { kind: 'auto', plan: 'add table', breaksClients: false, token: 'plan-token' };

  find(nameOrIdentity: string): FakeDatabase | undefined {
    const byIdentity = [...this.byName.values()].find(
      ({ identity }) => identity.toString(16).padStart(64, '0') === nameOrIdentity,
    );
    return this.byName.get(nameOrIdentity) ?? byIdentity;
  }

  names(database: Database): readonly string[] {
    return [...this.byName].filter(([, held]) => held === database).map(([name]) => name);
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  change(): void {
    for (const listener of this.#listeners) listener();
  }

  ownedBy(identity: bigint): readonly Database[] {
    return [...new Set(this.byName.values())].filter((database) => database.owner === identity);
  }

  async publish(request: PublishRequest) {
    this.published.push(request);
    if (request.bundle.includes('broken')) throw new Rejection('module', 'the module does not load');
    if (request.bundle.includes('forbidden')) throw new Rejection('permission-denied', 'not on the list');
    const existing = this.find(request.name ?? '');
    if (existing === undefined && request.name?.length === 64) {
      throw new Rejection('no-such-database', 'there is no such database to update');
    }
    if (existing !== undefined) return { database: existing, op: 'updated' as const };
    const database = new FakeDatabase(0xc200n + BigInt(this.byName.size), request.owner);
    this.byName.set(request.name ?? `unnamed-${this.byName.size}`, database);
    return { database, op: 'created' as const };
  }

  async planPublish(): Promise<PublishPlan> {
    return this.plan;
  }

  async delete(database: Database): Promise<void> {
    if (database.isLocked) throw new Rejection('locked', 'the database is locked: unlock it first');
    this.deleted.push(database);
  }

  async reset(_database: Database, bundle: string | undefined): Promise<void> {
    this.reset_.push(bundle);
  }

  async fork(): Promise<never> {
    throw new Rejection('no-commits', 'a fake has no history');
  }

  async setLocked(database: Database, isLocked: boolean): Promise<void> {
    (database as FakeDatabase).isLocked = isLocked;
  }

  async rename(database: Database, names: readonly string[]): Promise<void> {
    for (const name of this.names(database)) this.byName.delete(name);
    for (const name of names) this.byName.set(name, database as FakeDatabase);
  }
}

function rowList(people: readonly FakePerson[]): RowList {
  const rows = new Writer();
  const offsets: number[] = [];
  for (const { id, name } of people) {
    offsets.push(rows.length);
    rows.u32(id);
    rows.string(name);
  }
  const list = new Writer();
  list.u8(1);
  list.u32(offsets.length);
  for (const offset of offsets) list.u64(BigInt(offset));
  list.byteArray(rows.view(0, rows.length));
  return { rowCount: people.length, encoded: Buffer.from(list.view(0, list.length)) };
}
