import { createServer, type IncomingMessage, STATUS_CODES } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Listener, ListenOptions, Net, Service, Socket, SocketListener } from '../net.ts';

export const nodeNet: Net = {
  listen(service, options) {
    const http = createServer(
      getRequestListener((request) => service.fetch(request), { overrideGlobalObjects: false }),
    );
    const upgrade = upgrader(service, options);
    http.on('upgrade', (request, stream, head) => void upgrade(request, stream, head));
    return new Promise((resolve, reject) => {
      http.once('error', reject);
      http.listen(options.port, options.hostname, () => {
        http.off('error', reject);
        const closed = new Promise<void>((done) => http.once('close', () => done()));
        const listener: Listener = {
          port: (http.address() as AddressInfo).port,
          stopAccepting: () => {
            http.close();
          },
          close: () => {
            http.close();
            http.closeAllConnections();
            return closed;
          },
        };
        resolve(listener);
      });
    });
  },
};

type Upgrade = (request: IncomingMessage, stream: Duplex, head: Buffer) => Promise<void>;

function upgrader(service: Service, { messageBytesMax }: ListenOptions): Upgrade {
  /** The subprotocol chosen for an upgrade that is under way: `ws` asks for it in the middle of the handshake. */
  const protocols = new WeakMap<IncomingMessage, string>();
  const sockets = new WebSocketServer({
    noServer: true,
    perMessageDeflate: false,
    maxPayload: messageBytesMax,
    handleProtocols: (_offered, request) => protocols.get(request) ?? false,
  });
  return async (request, stream, head) => {
    const onError = () => stream.destroy();
    stream.on('error', onError);
    const admission = await service.admit({ url: request.url ?? '', headers: request.headers });
    if (admission.kind === 'refuse') {
      refuse(stream, admission.status, admission.message);
      return;
    }
    stream.off('error', onError);
    protocols.set(request, admission.protocol);
    sockets.handleUpgrade(request, stream, head, (webSocket) => admission.open(new NodeSocket(webSocket, stream)));
  };
}

function refuse(stream: Duplex, status: number, message: string): void {
  const body = Buffer.from(message, 'utf8');
  stream.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nConnection: close\r\nContent-Type: text/plain; charset=utf-8\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${message}`,
  );
}

class NodeSocket implements Socket {
  readonly #webSocket: WebSocket;
  readonly #stream: Duplex;

  constructor(webSocket: WebSocket, stream: Duplex) {
    this.#webSocket = webSocket;
    this.#stream = stream;
  }

  get waitingBytes(): number {
    return this.#webSocket.bufferedAmount;
  }

  get isPaused(): boolean {
    return this.#webSocket.isPaused;
  }

  start(listener: SocketListener): void {
    const webSocket = this.#webSocket;
    webSocket.on('message', (data: Buffer, isBinary) => listener.message(data, isBinary));
    webSocket.on('pong', () => listener.alive());
    webSocket.on('ping', () => listener.alive());
    // A socket error is always followed by its close; there is nobody to tell.
    webSocket.on('error', () => {});
    webSocket.on('close', () => listener.closed());
  }

  send(messages: readonly (Uint8Array | string)[], taken: () => void): void {
    this.#stream.cork();
    for (const message of messages) {
      const binary = typeof message !== 'string';
      this.#webSocket.send(message, { binary, compress: false }, taken);
    }
    this.#stream.uncork();
  }

  ping(): void {
    this.#webSocket.ping();
  }

  pause(): void {
    this.#webSocket.pause();
  }

  resume(): void {
    this.#webSocket.resume();
  }

  close(code: number, reason: string): void {
    this.#webSocket.close(code, reason);
  }

  terminate(): void {
    this.#webSocket.terminate();
  }
}
