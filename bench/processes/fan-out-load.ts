import { once } from 'node:events';
import type { Socket } from 'node:net';
import { WebSocket } from 'ws';
import { answer } from '../lib/answer.ts';
import { FrameReader } from '../lib/frames.ts';
import { Latencies, type Run, type Span } from '../lib/stats.ts';

export interface FanOutLoadAsks {
  /** Connects the subscribers and the writer. @returns the payload bytes of the first frame that one write made for a subscriber */
  connect(argument: { readonly url: string; readonly subscribers: number; readonly query: string }): Promise<number>;
  /** @param inFlight writes that not every subscriber has got */
  run(argument: Span & { readonly inFlight: number }): Promise<Run>;
}

const protocol = 'v3.bsatn.spacetimedb';
/** A frame's tag, then one or more messages of equal length. */
const tagBytes = 1;
/** Without payload, masked with zeros. Who does not answer a ping is cut off after a while. */
const pong = Buffer.of(0x8a, 0x80, 0, 0, 0, 0);
const connectAtOnce = 50;
const quietMs = 300;

let writer: WebSocket | undefined;
const sockets: WebSocket[] = [];
let messageBytes = 0;
let delivered = 0;
let onDelivered = () => {};
let sequence = 0;

const asks: FanOutLoadAsks = {
  async connect({ url, subscribers, query }) {
    const address = `${url.replace(/^http/, 'ws')}/v1/database/ticker/subscribe?compression=None`;
    writer = await connected(address);
    writer.on('message', () => {});
    for (let at = 0; at < subscribers; at += connectAtOnce) {
      const count = Math.min(connectAtOnce, subscribers - at);
      await Promise.all(Array.from({ length: count }, () => subscriber(address, query)));
    }
    await new Promise((resolve) => setTimeout(resolve, quietMs));
    let payloadBytes = 0;
    onFrame = (bytes) => {
      payloadBytes = bytes;
    };
    write();
    await new Promise((resolve) => setTimeout(resolve, quietMs));
    messageBytes = payloadBytes - tagBytes;
    onFrame = (bytes) => {
      delivered += (bytes - tagBytes) / messageBytes;
      onDelivered();
    };
    return payloadBytes;
  },
  async run({ inFlight, warmupMs, measureMs }) {
    const fromMs = performance.now() + warmupMs;
    const untilMs = fromMs + measureMs;
    const latencies = new Latencies();
    const pending: { readonly wanted: number; readonly startMs: number }[] = [];
    let wanted = delivered;
    /** The first and the last moment of the measured time at which a write had ended. */
    let first: Moment | undefined;
    let last: Moment | undefined;
    const writeOne = (nowMs: number) => {
      wanted += sockets.length;
      pending.push({ wanted, startMs: nowMs });
      write();
    };
    const finished = new Promise<void>((resolve) => {
      onDelivered = () => {
        const oldest = pending[0];
        if (oldest === undefined || delivered < oldest.wanted) return;
        const nowMs = performance.now();
        pending.shift();
        if (nowMs >= fromMs && nowMs < untilMs) {
          last = { ms: nowMs, delivered };
          first ??= last;
          if (oldest.startMs >= fromMs) latencies.add(nowMs - oldest.startMs);
        }
        if (nowMs < untilMs) writeOne(nowMs);
        else if (pending.length === 0) resolve();
      };
    });
    for (let i = 0; i < inFlight; i++) writeOne(performance.now());
    await finished;
    onDelivered = () => {};
    if (first === undefined || last === undefined || first === last) throw new Error('no two writes ended in time');
    const perSecond = ((last.delivered - first.delivered) / (last.ms - first.ms)) * 1000;
    return { perSecond, p50Ms: latencies.ms(50), p99Ms: latencies.ms(99) };
  },
};

interface Moment {
  readonly ms: number;
  readonly delivered: number;
}

let onFrame: (payloadBytes: number) => void = () => {};

answer(asks, () => {
  for (const socket of sockets) socket.terminate();
});

/** Opens a socket and waits for the server's first message, which may come together with the handshake. */
async function connected(address: string): Promise<WebSocket> {
  const socket = new WebSocket(address, protocol, { perMessageDeflate: false });
  await once(socket, 'message');
  return socket;
}

/** Subscribes, and from then on only counts: the client's own work is no part of what is measured. */
async function subscriber(address: string, query: string): Promise<void> {
  const socket = await connected(address);
  const applied = once(socket, 'message');
  socket.send(subscribeFrame(query));
  await applied;
  const stream = (socket as unknown as { readonly _socket: Socket })._socket;
  const frames = new FrameReader(
    (payloadBytes) => onFrame(payloadBytes),
    () => stream.write(pong),
  );
  stream.removeAllListeners('data');
  stream.on('data', (chunk) => frames.push(chunk));
  sockets.push(socket);
}

function write(): void {
  sequence += 1;
  const name = Buffer.from('write');
  const args = Buffer.alloc(4);
  args.writeUInt32LE(sequence);
  writer?.send(Buffer.concat([Buffer.of(3), u32(sequence), Buffer.of(0), sized(name), sized(args)]));
}

function subscribeFrame(query: string): Buffer {
  return Buffer.concat([Buffer.of(0), u32(1), u32(1), u32(1), sized(Buffer.from(query))]);
}

function sized(bytes: Buffer): Buffer {
  return Buffer.concat([u32(bytes.length), bytes]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
