import { createServer } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import { FrameEncoder } from '../../engine/serve/wire/frame.ts';
import { answer } from '../lib/answer.ts';
import { listen } from '../lib/http.ts';

// Answers every call with "success" and does nothing else: the ceiling of client and socket.

export interface NullAsks {
  start(argument: null): Promise<string>;
}

const replyBytes = 22;
const [welcome] = new FrameEncoder(1024).encode(3, 'none', [
  { kind: 'initial-connection', identity: 1n, connectionId: 1n, token: '' },
]);

const asks: NullAsks = {
  start() {
    const server = createServer();
    const sockets = new WebSocketServer({ server, handleProtocols: () => 'v3.bsatn.spacetimedb' });
    sockets.on('connection', (socket, request) => {
      request.socket.setNoDelay(true);
      if (welcome) socket.send(welcome);
      serve(socket);
    });
    return listen(server);
  },
};

answer(asks);

/** Answers what arrives in one turn of the event loop in one frame. */
function serve(socket: WebSocket): void {
  let requestIds: number[] = [];
  socket.on('message', (frame: Buffer) => {
    if (requestIds.length === 0) setImmediate(() => reply());
    for (let at = 0; at < frame.length; ) {
      requestIds.push(frame.readUInt32LE(at + 1));
      const argsAt = at + 10 + frame.readUInt32LE(at + 6);
      at = argsAt + 4 + frame.readUInt32LE(argsAt);
    }
  });
  const reply = () => {
    const answered = requestIds;
    requestIds = [];
    // Past the tag and the id of each reply everything is zero: the epoch, success, no bytes, no update.
    const frame = Buffer.alloc(1 + answered.length * replyBytes);
    for (let i = 0; i < answered.length; i++) {
      const at = 1 + i * replyBytes;
      frame[at] = 6;
      frame.writeUInt32LE(answered[i] ?? 0, at + 1);
    }
    socket.send(frame);
  };
}
