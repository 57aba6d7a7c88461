import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { WebSocket } from 'ws';
import { loadSdkCodecs } from '../../../engine/serve/wire/sdk-codecs.fixture.ts';
import type { TestHost } from './host.ts';

const codecs = await loadSdkCodecs();

/** A message as the official client's own codec reads it. */
export interface Message {
  readonly tag: string;
  // biome-ignore lint/suspicious/noExplicitAny: each test knows the message that it waits for.
  readonly value: any;
}

/** A client that sends and receives messages one by one and looks at all that comes. */
export class RawClient {
  readonly messages: Message[] = [];
  /** The tag byte of each frame. */
  readonly frameTags: number[] = [];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  readonly #socket: WebSocket;
  #taken = 0;
  #wake: () => void = () => {};

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('message', (data: Buffer) => this.#receive(data));
    this.closed = new Promise((resolve) => {
      socket.on('close', (code, reason) => {
        this.#wake();
        resolve({ code, reason: reason.toString() });
      });
    });
  }

  /** Rejects with `status text` when the host refuses. */
  static open(
    host: TestHost,
    name: string,
    { query = 'compression=None', protocol = 'v3.bsatn.spacetimedb', token = '' } = {},
  ): Promise<RawClient> {
    const address = `${host.url.replace('http', 'ws')}/v1/database/${name}/subscribe?${query}`;
    const headers: Record<string, string> = token === '' ? {} : { authorization: `Bearer ${token}` };
    const socket = new WebSocket(address, [protocol], { headers });
    const client = new RawClient(socket);
    host.onClose(() => socket.terminate());
    return new Promise((resolve, reject) => {
      socket.on('error', reject);
      socket.on('unexpected-response', async (_request, response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of response) chunks.push(chunk);
        reject(new Error(`${response.statusCode} ${Buffer.concat(chunks)}`));
      });
      socket.on('open', () => resolve(client));
    });
  }

  send(...messages: { readonly tag: string; readonly value: unknown }[]): void {
    this.sendBytes(Buffer.concat(messages.map((message) => codecs.encodeClientMessage(message))));
  }

  sendBytes(bytes: Uint8Array | string): void {
    this.#socket.send(bytes);
  }

  subscribe(requestId: number, querySetId: number, ...queries: string[]): void {
    this.send({ tag: 'Subscribe', value: { requestId, querySetId: { id: querySetId }, queryStrings: queries } });
  }

  unsubscribe(requestId: number, querySetId: number, withRows = true): void {
    const flags = { tag: withRows ? 'SendDroppedRows' : 'Default' };
    this.send({ tag: 'Unsubscribe', value: { requestId, querySetId: { id: querySetId }, flags } });
  }

  query(requestId: number, sql: string): void {
    this.send({ tag: 'OneOffQuery', value: { requestId, queryString: sql } });
  }

  call(requestId: number, reducer: string, args: Uint8Array = new Uint8Array()): void {
    this.send({ tag: 'CallReducer', value: { requestId, reducer, args, flags: 0 } });
  }

  /** The next message that has not been taken. */
  async next(): Promise<Message> {
    while (this.#taken >= this.messages.length) {
      if (this.#socket.readyState >= 2) throw new Error('the socket is closed');
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    this.#taken += 1;
    return this.messages[this.#taken - 1] as Message;
  }

  pause(): void {
    this.#socket.pause();
  }

  resume(): void {
    this.#socket.resume();
  }

  close(): void {
    this.#socket.close();
  }

  terminate(): void {
    this.#socket.terminate();
  }

  #receive(frame: Buffer): void {
    const [tag = 0] = frame;
    this.frameTags.push(tag);
    const body = frame.subarray(1);
    const payload = tag === 1 ? brotliDecompressSync(body) : tag === 2 ? gunzipSync(body) : body;
    this.messages.push(...(codecs.decodeServerMessages(payload) as Message[]));
    this.#wake();
  }
}

/** BSATN of a text followed by a u32: the arguments of `add`. */
export function textAndNumber(text: string, value: number): Uint8Array {
  const bytes = Buffer.from(text);
  const args = Buffer.alloc(8 + bytes.length);
  args.writeUInt32LE(bytes.length);
  bytes.copy(args, 4);
  args.writeUInt32LE(value, 4 + bytes.length);
  return args;
}
