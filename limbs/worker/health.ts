import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { EgressJournal } from '../egress/index.ts';
import { LimbError, messageOf } from '../errors.ts';

/** What the limb says of itself to the machine it runs on. */
export interface HealthSource {
  readonly isConnected: boolean;
  readonly leaseCount: number;
  /** What it waits for, in words; empty when all is there. */
  readonly lacks: string;
}

export interface Health {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves `/healthz` (200 while connected to the hub, else 503) and `/metrics` in the Prometheus text format, on loopback
 * only. No port: nothing is served. Throws `LimbError` when the port is taken.
 */
export async function serveHealth(
  port: number | undefined,
  source: HealthSource,
  journal: EgressJournal,
): Promise<Health | undefined> {
  if (port === undefined) return undefined;
  const server = createServer((request, response) => {
    // A page in a browser on this machine could reach it by a name of its own.
    const host = request.headers.host?.replace(/:\d+$/, '');
    if (host !== '127.0.0.1' && host !== 'localhost') return answer(response, 403, 'Ask by 127.0.0.1 or localhost.');
    if (request.method !== 'GET') return answer(response, 405, 'Only GET is served here.');
    if (request.url === '/healthz') {
      if (!source.isConnected) return answer(response, 503, 'not connected to the hub');
      return answer(response, 200, source.lacks === '' ? 'ok' : `ok, with less than it should have. ${source.lacks}`);
    }
    if (request.url === '/metrics') return answer(response, 200, metrics(source, journal));
    return answer(response, 404, 'There are /healthz and /metrics here.');
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(new LimbError('health-port', `The health port ${port} cannot be served: ${messageOf(error)}.`)),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

function metrics({ isConnected, leaseCount, lacks }: HealthSource, journal: EgressJournal): string {
  const totals = [...journal.totals].map(([kind, { isToHub, messages, bytes }]) => {
    return { label: `${isToHub ? 'reducer' : 'request'}="${kind}"`, messages, bytes };
  });
  return [
    '# TYPE helix_limb_connected gauge',
    `helix_limb_connected ${isConnected ? 1 : 0}`,
    '# TYPE helix_limb_leases gauge',
    `helix_limb_leases ${leaseCount}`,
    '# TYPE helix_limb_lacking gauge',
    `helix_limb_lacking ${lacks === '' ? 0 : 1}`,
    '# TYPE helix_limb_egress_messages_total counter',
    ...totals.map(({ label, messages }) => `helix_limb_egress_messages_total{${label}} ${messages}`),
    '# TYPE helix_limb_egress_bytes_total counter',
    ...totals.map(({ label, bytes }) => `helix_limb_egress_bytes_total{${label}} ${bytes}`),
    '',
  ].join('\n');
}

function answer(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
  response.end(text);
}
