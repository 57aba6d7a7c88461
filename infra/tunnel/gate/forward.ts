import { Agent, type IncomingMessage, request as openRequest, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** Connections to the services are kept for the next request. */
const agent = new Agent({ keepAlive: true });

/** For one connection only, or for what stands before the tunnel. */
const dropped =
  /^(connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|forwarded|x-forwarded-.*|cf-.*)$/i;

/** Sends a request on to a port of 127.0.0.1, and the answer back. */
export function forward(incoming: IncomingMessage, outgoing: ServerResponse, port: number): void {
  const headers = headersFor(incoming, port);
  if (incoming.headers['transfer-encoding']) headers['transfer-encoding'] = 'chunked';
  const { method, url: path } = incoming;
  const upstream = openRequest({ host: '127.0.0.1', port, method, path, headers, agent });
  upstream.on('response', (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, withoutHops(answer.rawHeaders));
    answer.pipe(outgoing);
    answer.on('error', () => outgoing.destroy());
  });
  upstream.on('error', () => {
    if (outgoing.headersSent) outgoing.destroy();
    else refuse(outgoing, 502, 'The service behind this tunnel does not answer.');
  });
  outgoing.on('close', () => upstream.destroy());
  incoming.pipe(upstream);
}

/** Joins a WebSocket to a port of 127.0.0.1. */
export function forwardUpgrade(incoming: IncomingMessage, socket: Duplex, head: Buffer, port: number): void {
  const headers = { ...headersFor(incoming, port), connection: 'Upgrade', upgrade: incoming.headers.upgrade ?? '' };
  const upstream = openRequest({ host: '127.0.0.1', port, method: 'GET', path: incoming.url, headers, agent: false });
  socket.on('error', () => upstream.destroy());
  socket.on('close', () => upstream.destroy());
  upstream.on('upgrade', (answer, other, otherHead) => {
    socket.write(headOf(answer, ['Connection: Upgrade', `Upgrade: ${answer.headers.upgrade ?? ''}`]));
    if (otherHead.length > 0) socket.write(otherHead);
    if (head.length > 0) other.write(head);
    other.on('error', () => socket.destroy());
    other.on('close', () => socket.destroy());
    socket.on('close', () => other.destroy());
    socket.pipe(other);
    other.pipe(socket);
  });
  upstream.on('response', (answer) => {
    socket.write(headOf(answer, ['Connection: close']));
    answer.pipe(socket);
  });
  upstream.on('error', () => refuseSocket(socket, 502, 'The service behind this tunnel does not answer.'));
  upstream.end();
}

/** Answers that a request is not let in; the connection ends with it, because its body was not read. */
export function refuse(response: ServerResponse, status: number, message: string): void {
  const wanted = status === 401 ? { 'www-authenticate': 'Bearer' } : {};
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close', ...wanted });
  response.end(`${message}\n`);
}

export function refuseSocket(socket: Duplex, status: number, message: string): void {
  socket.on('error', () => {});
  const head = `HTTP/1.1 ${status} Refused\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n`;
  socket.end(`${head}${message}\n`);
}

function headersFor(incoming: IncomingMessage, port: number): Record<string, string | string[]> {
  const kept = Object.entries(incoming.headers).flatMap(([name, value]) =>
    value === undefined || dropped.test(name) || name === 'host' ? [] : [[name, value] as const],
  );
  return { ...Object.fromEntries(kept), host: `127.0.0.1:${port}` };
}

function withoutHops(raw: readonly string[]): string[] {
  return pairs(raw).flatMap(([name, value]) => (dropped.test(name) ? [] : [name, value]));
}

function headOf(answer: IncomingMessage, more: readonly string[]): string {
  const lines = pairs(answer.rawHeaders).flatMap(([name, value]) => (dropped.test(name) ? [] : [`${name}: ${value}`]));
  return [`HTTP/1.1 ${answer.statusCode} ${answer.statusMessage}`, ...lines, ...more, '', ''].join('\r\n');
}

function pairs(raw: readonly string[]): [name: string, value: string][] {
  return Array.from({ length: raw.length / 2 }, (_, at) => [raw[2 * at] ?? '', raw[2 * at + 1] ?? '']);
}
