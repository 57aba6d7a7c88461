import { randomBytes } from 'node:crypto';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { messageOf, TunnelError } from '../errors.ts';
import { Access, type AccessOptions, type Verdict } from './access.ts';
import { forward, forwardUpgrade, refuse, refuseSocket } from './forward.ts';
import { probePath } from './services.ts';

export interface GateOptions extends Pick<AccessOptions, 'services' | 'openings' | 'address' | 'token'> {
  /** Of 127.0.0.1; 0 for any that is free. */
  readonly port: number;
}

/** What a tunnel leads to: it lets in who has a token, and sends on to the services asked for and nothing else. */
export interface Gate {
  readonly port: number;
  /** Makes one request through the tunnel. Rejects unless this very gate has answered it. */
  probe(address: string, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

const connectionsMax = 1024;
const headersMsMax = 10_000;
const requestMsMax = 300_000;
const askMsMax = 10_000;

/** Opens a gate on loopback. @throws TunnelError `gate-port` when the port is taken */
export async function openGate(options: GateOptions): Promise<Gate> {
  const access = new Access({
    ...options,
    isTokenOfHub: asksHub(options.services.hub),
    nowMs: () => performance.now(),
  });
  /** Questions on their way, each with its answer. */
  const probes = new Map<string, string>();
  const judge = async (request: IncomingMessage): Promise<Verdict> => {
    try {
      return await access.judge(request);
    } catch {
      return { status: 502, message: 'The hub behind this tunnel does not answer.' };
    }
  };
  const server = createServer({ headersTimeout: headersMsMax, requestTimeout: requestMsMax });
  server.maxConnections = connectionsMax;
  server.on('request', async (request, response) => {
    response.on('error', () => {});
    const answer = probes.get(request.url?.slice(probePath.length) ?? '');
    if (answer !== undefined && request.url?.startsWith(probePath)) return void response.end(answer);
    const verdict = await judge(request);
    if ('status' in verdict) refuse(response, verdict.status, verdict.message);
    else forward(request, response, verdict.port);
  });
  const joined = new Set<Socket>();
  server.on('upgrade', async (request, socket: Socket, head) => {
    joined.add(socket);
    socket.once('close', () => joined.delete(socket));
    const verdict = await judge(request);
    if ('status' in verdict) refuseSocket(socket, verdict.status, verdict.message);
    else forwardUpgrade(request, socket, head, verdict.port);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => {
      const message = `The tunnel's port 127.0.0.1:${options.port} cannot be served (${messageOf(cause)}): end what uses it, or run setup again for another one`;
      reject(new TunnelError('gate-port', message, { cause }));
    });
    server.listen(options.port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    async probe(address, signal) {
      const [question, answer] = [randomBytes(16).toString('hex'), randomBytes(16).toString('hex')];
      probes.set(question, answer);
      try {
        await ask(new URL(`${probePath}${question}`, address), answer, signal);
      } finally {
        probes.delete(question);
      }
    },
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      for (const socket of joined) socket.destroy();
      await closed;
    },
  };
}

async function ask(url: URL, answer: string, signal: AbortSignal): Promise<void> {
  // A service that shows browsers a page before the first visit shows it to nobody with this header.
  const headers = { 'ngrok-skip-browser-warning': '1', connection: 'close' };
  const response = await fetch(url, { headers, redirect: 'manual', signal });
  const text = await response.text();
  if (text === answer) return;
  throw new Error(`something else than this machine answered, with status ${response.status}`);
}

function asksHub(port: number | undefined): (token: string) => Promise<boolean> {
  return async (token) => {
    const response = await fetch(`http://127.0.0.1:${port}/v1/identity/websocket-token`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(askMsMax),
    });
    await response.arrayBuffer();
    if (response.status === 401 || response.status === 403) return false;
    if (!response.ok) throw new Error(`the hub answered ${response.status}`);
    return true;
  };
}
