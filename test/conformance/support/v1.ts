import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { AlgebraicType, BinaryReader, BinaryWriter, t } from 'spacetimedb';
import { WebSocket } from 'ws';
import type { TestHost } from './host.ts';

const queryId = t.object('QueryId', { id: t.u32() });
const rowList = t.object('BsatnRowList', {
  sizeHint: t.enum('RowSizeHint', { FixedSize: t.u16(), RowOffsets: t.array(t.u64()) }),
  rowsData: t.byteArray(),
});
const queryUpdate = t.object('QueryUpdate', { deletes: rowList, inserts: rowList });
const tableUpdate = t.object('TableUpdate', {
  tableId: t.u32(),
  tableName: t.string(),
  numRows: t.u64(),
  updates: t.array(
    t.enum('CompressableQueryUpdate', { Uncompressed: queryUpdate, Brotli: t.byteArray(), Gzip: t.byteArray() }),
  ),
});
const databaseUpdate = t.object('DatabaseUpdate', { tables: t.array(tableUpdate) });
const subscribeRows = t.object('SubscribeRows', { tableId: t.u32(), tableName: t.string(), tableRows: tableUpdate });
const appliedFields = { requestId: t.u32(), totalHostExecutionDurationMicros: t.u64(), queryId };
const unsubscribe = t.object('Unsubscribe', { requestId: t.u32(), queryId });
const subscribeMulti = t.object('SubscribeMulti', { queryStrings: t.array(t.string()), requestId: t.u32(), queryId });
const callFields = { args: t.byteArray(), requestId: t.u32(), flags: t.u8() };

const clientMessage = t.enum('ClientMessage', {
  CallReducer: t.object('CallReducer', { reducer: t.string(), ...callFields }),
  Subscribe: t.object('Subscribe', { queryStrings: t.array(t.string()), requestId: t.u32() }),
  OneOffQuery: t.object('OneOffQuery', { messageId: t.byteArray(), queryString: t.string() }),
  SubscribeSingle: t.object('SubscribeSingle', { query: t.string(), requestId: t.u32(), queryId }),
  SubscribeMulti: subscribeMulti,
  Unsubscribe: unsubscribe,
  UnsubscribeMulti: unsubscribe,
  CallProcedure: t.object('CallProcedure', { procedure: t.string(), ...callFields }),
});

const serverMessage = t.enum('ServerMessage', {
  InitialSubscription: t.object('InitialSubscription', {
    databaseUpdate,
    requestId: t.u32(),
    totalHostExecutionDuration: t.timeDuration(),
  }),
  TransactionUpdate: t.object('TransactionUpdate', {
    status: t.enum('UpdateStatus', { Committed: databaseUpdate, Failed: t.string(), OutOfEnergy: t.unit() }),
    timestamp: t.timestamp(),
    callerIdentity: t.identity(),
    callerConnectionId: t.connectionId(),
    reducerCall: t.object('ReducerCallInfo', {
      reducerName: t.string(),
      reducerId: t.u32(),
      args: t.byteArray(),
      requestId: t.u32(),
    }),
    energyQuantaUsed: t.object('EnergyQuanta', { quanta: t.u128() }),
    totalHostExecutionDuration: t.timeDuration(),
  }),
  TransactionUpdateLight: t.object('TransactionUpdateLight', { requestId: t.u32(), update: databaseUpdate }),
  IdentityToken: t.object('IdentityToken', {
    identity: t.identity(),
    token: t.string(),
    connectionId: t.connectionId(),
  }),
  OneOffQueryResponse: t.object('OneOffQueryResponse', {
    messageId: t.byteArray(),
    error: t.option(t.string()),
    tables: t.array(t.object('OneOffTable', { tableName: t.string(), rows: rowList })),
    totalHostExecutionDuration: t.timeDuration(),
  }),
  SubscribeApplied: t.object('SubscribeApplied', { ...appliedFields, rows: subscribeRows }),
  UnsubscribeApplied: t.object('UnsubscribeApplied', { ...appliedFields, rows: subscribeRows }),
  SubscriptionError: t.object('SubscriptionError', {
    totalHostExecutionDurationMicros: t.u64(),
    requestId: t.option(t.u32()),
    queryId: t.option(t.u32()),
    tableId: t.option(t.u32()),
    error: t.string(),
  }),
  SubscribeMultiApplied: t.object('SubscribeMultiApplied', { ...appliedFields, update: databaseUpdate }),
  UnsubscribeMultiApplied: t.object('UnsubscribeMultiApplied', { ...appliedFields, update: databaseUpdate }),
  ProcedureResult: t.object('ProcedureResult', {
    status: t.enum('ProcedureStatus', { Returned: t.byteArray(), OutOfEnergy: t.unit(), InternalError: t.string() }),
    timestamp: t.timestamp(),
    totalHostExecutionDuration: t.timeDuration(),
    requestId: t.u32(),
  }),
});

const serialize = AlgebraicType.makeSerializer(clientMessage.algebraicType);
const deserialize = AlgebraicType.makeDeserializer(serverMessage.algebraicType);

/** A client's message of the binary protocol. */
export function encodeV1Message(tag: string, value: object): Uint8Array {
  const writer = new BinaryWriter(64);
  serialize(writer, { tag, value });
  return writer.getBuffer();
}

// biome-ignore lint/suspicious/noExplicitAny: each test knows the message that it waits for.
type Fields = any;

/** A message of version 1 with its variant's name. */
export interface V1Message {
  readonly tag: string;
  readonly value: Fields;
}

export interface V1Options {
  readonly protocol?: 'v1.bsatn.spacetimedb' | 'v1.json.spacetimedb';
  readonly query?: string;
  readonly token?: string;
}

/** A client of version 1: its binary messages are read by descriptions of their own, its JSON ones as they are. */
export class V1Client {
  readonly messages: V1Message[] = [];
  readonly frames: (Buffer | string)[] = [];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly #socket: WebSocket;
  #taken = 0;
  #wake: () => void = () => {};

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer, isBinary) => this.#receive(data, isBinary));
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        this.#wake();
        resolve({ code, reason: reason.toString() });
      });
    });
  }

  static open(host: TestHost, name: string, options: V1Options = {}): Promise<V1Client> {
    const { protocol = 'v1.bsatn.spacetimedb', query = 'compression=None', token } = options;
    const address = `${host.url.replace('http', 'ws')}/v1/database/${name}/subscribe?${query}`;
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const socket = new WebSocket(address, [protocol], { headers });
    const client = new V1Client(socket);
    host.onClose(() => socket.terminate());
    return new Promise((resolve, reject) => {
      socket.on('error', reject);
      socket.on('open', () => resolve(client));
    });
  }

  get protocol(): string {
    return this.#socket.protocol;
  }

  /** Sends a message of the binary protocol. */
  send(tag: string, value: object): void {
    this.#socket.send(encodeV1Message(tag, value));
  }

  sendJson(tag: string, value: object): void {
    this.#socket.send(JSON.stringify({ [tag]: value }));
  }

  sendRaw(data: Uint8Array | string): void {
    this.#socket.send(data);
  }

  /** The next message that has not been taken, which must be of that variant. */
  async next(tag: string): Promise<Fields> {
    while (this.#taken >= this.messages.length) {
      if (this.#socket.readyState >= 2) throw new Error(`the socket closed while ${tag} was expected`);
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const message = this.messages[this.#taken++] as V1Message;
    if (message.tag !== tag) throw new Error(`expected ${tag}, got ${message.tag}`);
    return message.value;
  }

  close(): void {
    this.#socket.close();
  }

  #receive(data: Buffer, isBinary: boolean): void {
    this.frames.push(isBinary ? data : data.toString());
    if (isBinary) {
      const body = data.subarray(1);
      const payload = data[0] === 1 ? brotliDecompressSync(body) : data[0] === 2 ? gunzipSync(body) : body;
      const reader = new BinaryReader(payload);
      this.messages.push(deserialize(reader) as V1Message);
      if (reader.remaining > 0) throw new Error(`${reader.remaining} bytes follow a message of version 1`);
    } else {
      const [entry, ...more] = Object.entries(JSON.parse(data.toString()) as Record<string, unknown>);
      if (entry === undefined || more.length > 0) throw new Error(`no message of version 1: ${data.toString()}`);
      this.messages.push({ tag: entry[0], value: entry[1] });
    }
    this.#wake();
  }
}
