import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import type { SimConnection } from '../../engine/host/sim/connection.ts';
import type { SimNet } from '../../engine/host/sim/net.ts';
import type { loadSdkCodecs } from '../../engine/serve/wire/sdk-codecs.fixture.ts';
import { type LedgerCall, linesOf } from './ledger-model.ts';
import { argsOf, readAccount, readAlarm, readJournal } from './ledger-wire.ts';
import type { Witness } from './witness.ts';

export type Codecs = Awaited<ReturnType<typeof loadSdkCodecs>>;

/** What the official client's decoder makes of a message, as far as it is looked at. */
interface Message {
  readonly tag: string;
  readonly value: {
    readonly requestId: number;
    readonly querySetId: { readonly id: number };
    readonly rows: { readonly tables: readonly { readonly table: string; readonly rows: RowList }[] };
    readonly querySets: readonly QuerySetUpdate[];
    readonly error: string;
    readonly result: {
      readonly tag: string;
      readonly value: { readonly transactionUpdate: { readonly querySets: readonly QuerySetUpdate[] } };
    };
  };
}

interface RowList {
  readonly sizeHint:
    | { readonly tag: 'FixedSize'; readonly value: number }
    | { readonly tag: 'RowOffsets'; readonly value: readonly bigint[] };
  readonly rowsData: Uint8Array;
}

interface QuerySetUpdate {
  readonly querySetId: { readonly id: number };
  readonly tables: readonly {
    readonly tableName: string;
    readonly rows: readonly { readonly value: { readonly inserts: RowList; readonly deletes: RowList } }[];
  }[];
}

export interface LedgerClientOptions {
  readonly net: SimNet;
  readonly codecs: Codecs;
  readonly witness: Witness;
  /** Tells this connection from every other of the history. */
  readonly connection: number;
  readonly version: 2 | 3;
  readonly compression: 'none' | 'gzip' | 'brotli';
  /** Sees nothing before it is durable. */
  readonly isConfirmed: boolean;
  readonly token: string;
}

const owner = 1;
const all = 1;
const ofOne = 2;
const queries = new Map([
  [all, ['SELECT * FROM account', 'SELECT * FROM journal', 'SELECT * FROM alarm']],
  [ofOne, [`SELECT * FROM account WHERE owner = ${owner}`]],
]);

/** A client on the simulated network: it makes calls, keeps replicas by the deltas alone, and tells a witness what it sees. */
export class LedgerClient {
  readonly #options: LedgerClientOptions;
  readonly #connection: SimConnection;
  /** By query set and table the rows as bytes. */
  readonly #rows = new Map<string, Set<string>>();
  /** Why calls were refused, by their number. */
  readonly refusals = new Map<number, string>();
  /** Calls by request that have not been answered. */
  readonly #waiting = new Map<number, number>();
  readonly #applied = new Set<number>();
  #calls: number[] = [];
  #judgedCount = 0;
  #lastRequest = 0;
  #isConnected = false;
  /** Why the connection ended. */
  closedBy: string | undefined;

  constructor(options: LedgerClientOptions) {
    this.#options = options;
    const { net, version, compression, isConfirmed, token } = options;
    this.#connection = net.dial(
      {
        url: `/v1/database/ledger/subscribe?compression=${compression}&confirmed=${isConfirmed}`,
        headers: { 'sec-websocket-protocol': `v${version}.bsatn.spacetimedb`, authorization: `Bearer ${token}` },
      },
      {
        opened: () => this.#subscribe(),
        message: (frame) => this.#receive(frame),
        closed: (reason) => {
          this.#isConnected = false;
          this.closedBy = reason;
        },
      },
    );
  }

  /** Whether the connection has not ended. */
  get isOpen(): boolean {
    return this.closedBy === undefined;
  }

  /** Whether the server has accepted it, so that calls can be made. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  isWaitingFor(id: number): boolean {
    return [...this.#waiting.values()].includes(id);
  }

  /** Whether everything that it has asked for was answered. */
  get isIdle(): boolean {
    return this.#waiting.size === 0 && this.#applied.size === queries.size;
  }

  /** How many calls its replica shows. */
  get seenCount(): number {
    return this.#calls.length;
  }

  call(id: number, call: LedgerCall): void {
    const { witness, connection, codecs } = this.#options;
    witness.sent(id, call, connection);
    const requestId = ++this.#lastRequest;
    this.#waiting.set(requestId, id);
    const value = { requestId, flags: 0, reducer: call.reducer, args: argsOf(id, call) };
    this.#connection.send(codecs.encodeClientMessage({ tag: 'CallReducer', value }));
  }

  leave(): void {
    this.#connection.close();
  }

  #subscribe(): void {
    this.#isConnected = true;
    for (const [id, queryStrings] of queries) {
      const value = { requestId: ++this.#lastRequest, querySetId: { id }, queryStrings };
      this.#connection.send(this.#options.codecs.encodeClientMessage({ tag: 'Subscribe', value }));
    }
  }

  #receive(frame: Buffer): void {
    const body = frame.subarray(1);
    const plain = frame[0] === 0 ? body : frame[0] === 1 ? brotliDecompressSync(body) : gunzipSync(body);
    for (const message of this.#options.codecs.decodeServerMessages(plain) as Message[]) this.#handle(message);
  }

  #handle({ tag, value }: Message): void {
    if (tag === 'SubscribeApplied') {
      this.#applied.add(value.querySetId.id);
      for (const { table, rows } of value.rows.tables) this.#insert(value.querySetId.id, table, rows);
    } else if (tag === 'TransactionUpdate') this.#update(value.querySets);
    else if (tag === 'ReducerResult') this.#answer(value);
    else if (tag === 'SubscriptionError') this.#lose(`a subscription was refused: ${value.error}`);
    this.#judge();
  }

  #answer({ requestId, result }: Message['value']): void {
    const { witness, isConfirmed } = this.#options;
    const id = this.#waiting.get(requestId);
    this.#waiting.delete(requestId);
    if (id === undefined) this.#lose('an answer came to no call');
    else if (result.tag === 'Ok' || result.tag === 'OkEmpty') {
      if (result.tag === 'Ok') this.#update(result.value.transactionUpdate.querySets);
      witness.confirmed(id, isConfirmed);
    } else {
      witness.refused(id);
      // One of the module is bytes that hold its text.
      this.refusals.set(id, Buffer.from(result.value as unknown as Uint8Array | string).toString());
    }
  }

  #update(querySets: readonly QuerySetUpdate[]): void {
    for (const { querySetId, tables } of querySets) {
      for (const { tableName, rows } of tables) {
        for (const { value } of rows) {
          this.#delete(querySetId.id, tableName, value.deletes);
          this.#insert(querySetId.id, tableName, value.inserts);
        }
      }
    }
  }

  #insert(querySet: number, table: string, list: RowList): void {
    const held = this.#rowsOf(querySet, table);
    const rows = rowsOf(list);
    for (const row of rows) {
      const key = row.toString('latin1');
      if (held.has(key)) this.#lose(`a row of ${table} came twice`);
      held.add(key);
      if (table === 'alarm') this.#options.witness.dueAt(readAlarm(row).call, readAlarm(row).dueMicros);
    }
    if (table !== 'journal') return;
    const entries = rows.map(readJournal).sort((a, b) => Number(a.place - b.place));
    this.#calls.push(...entries.map(({ call }) => call));
  }

  #delete(querySet: number, table: string, list: RowList): void {
    const held = this.#rowsOf(querySet, table);
    for (const row of rowsOf(list)) {
      if (!held.delete(row.toString('latin1'))) this.#lose(`a row of ${table} is removed that is not there`);
    }
  }

  /** After every message the replica is the ledger after the calls that it shows. */
  #judge(): void {
    const { witness, isConfirmed } = this.#options;
    if (!this.#applied.has(all)) return;
    const state = witness.seen(this.#calls, this.#judgedCount, isConfirmed);
    this.#judgedCount = this.#calls.length;
    if (this.#linesOf(all) !== state.lines()) this.#lose('the replica is not the state');
    if (this.#applied.has(ofOne) && this.#linesOf(ofOne) !== state.lines(owner)) {
      this.#lose('the replica of one owner is not the state');
    }
  }

  #linesOf(querySet: number): string {
    return linesOf([...this.#rowsOf(querySet, 'account')].map((row) => readAccount(Buffer.from(row, 'latin1'))));
  }

  #rowsOf(querySet: number, table: string): Set<string> {
    const name = `${querySet} ${table}`;
    const held = this.#rows.get(name) ?? new Set();
    this.#rows.set(name, held);
    return held;
  }

  #lose(what: string): void {
    this.#options.witness.losses.push(`connection ${this.#options.connection}: ${what}`);
  }
}

function rowsOf({ sizeHint, rowsData }: RowList): Buffer[] {
  const data = Buffer.from(rowsData);
  const starts =
    sizeHint.tag === 'RowOffsets'
      ? sizeHint.value.map(Number)
      : Array.from({ length: sizeHint.value === 0 ? 0 : data.length / sizeHint.value }, (_, i) => i * sizeHint.value);
  return starts.map((start, i) => data.subarray(start, starts[i + 1] ?? data.length));
}
