import { createServer } from 'node:http';
import { type WebSocket, WebSocketServer } from 'ws';
import { answer } from '../lib/answer.ts';
import { listen } from '../lib/http.ts';

// Sends as many bytes as Helix would to every subscriber for each frame of the writer, and does nothing else.

export interface BroadcastAsks {
  start(argument: { readonly payloadBytes: number }): Promise<string>;
}

const asks: BroadcastAsks = {
  start({ payloadBytes }) {
    const subscribers = new Set<WebSocket>();
    const payload = Buffer.alloc(payloadBytes, 1);
    const server = createServer();
    const sockets = new WebSocketServer({ server, handleProtocols: () => 'v3.bsatn.spacetimedb' });
    sockets.on('connection', (socket) => {
      socket.send('welcome');
      socket.on('message', (frame: Buffer) => {
        if (frame[0] === 0) {
          subscribers.add(socket);
          socket.send('applied');
          return;
        }
        for (const subscriber of subscribers) subscriber.send(payload);
        socket.send('done');
      });
    });
    return listen(server);
  },
};

answer(asks);
