import { type ClientOptions, WebSocket } from 'ws';
import type { Host } from './host.fixture.ts';

/** A WebSocket that sends and receives frames as they are. */
export interface RawClient {
  readonly socket: WebSocket;
  readonly frames: Buffer[];
  readonly closed: Promise<{ readonly code: number; readonly reason: string }>;
  /** Resolves when the next frame that has not been awaited has come. */
  next(): Promise<Buffer>;
}

export interface RawOptions {
  /** Default: no compression. */
  readonly query?: string;
  readonly protocols?: string[];
  readonly client?: ClientOptions;
  readonly path?: string;
}

/** Opens a socket; rejects with the status and text that the server refused it with. */
export function openRaw(host: Host, options: RawOptions = {}): Promise<RawClient> {
  const path = options.path ?? '/v1/database/people/subscribe';
  const protocols = options.protocols ?? ['v3.bsatn.spacetimedb'];
  const socket = new WebSocket(
    `ws://127.0.0.1:${host.port}${path}${options.query ?? '?compression=None'}`,
    protocols,
    options.client,
  );
  const frames: Buffer[] = [];
  let awaited = 0;
  const waiting: (() => void)[] = [];
  socket.on('message', (data: Buffer) => {
    frames.push(data);
    for (const wake of waiting.splice(0)) wake();
  });
  const closed = new Promise<{ code: number; reason: string }>((resolve) => {
    socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }));
  });
  const client: RawClient = {
    socket,
    frames,
    closed,
    async next() {
      const index = awaited++;
      while (frames.length <= index) await new Promise<void>((resolve) => waiting.push(resolve));
      return frames[index] ?? Buffer.alloc(0);
    },
  };
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

/** The BSATN of a call. */
export function callFrame(requestId: number, name: string, argument: string): Buffer {
  const text = Buffer.from(argument);
  const args = Buffer.alloc(4 + text.length);
  args.writeUInt32LE(text.length);
  text.copy(args, 4);
  return Buffer.concat([Buffer.of(3), u32(requestId), Buffer.of(0), sized(Buffer.from(name)), sized(args)]);
}

/** The BSATN of a subscription to everything. */
export function subscribeFrame(requestId: number, querySetId: number): Buffer {
  const query = sized(Buffer.from('SELECT * FROM person'));
  return Buffer.concat([Buffer.of(0), u32(requestId), u32(querySetId), u32(1), query]);
}

function sized(bytes: Buffer): Buffer {
  return Buffer.concat([u32(bytes.length), bytes]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
