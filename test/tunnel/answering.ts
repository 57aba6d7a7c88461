import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A service on loopback that answers every request with one text. */
export interface Answering {
  readonly port: number;
  close(): Promise<void>;
}

export async function openAnswering(text: string): Promise<Answering> {
  const server = createServer((_request, response) => response.end(text));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
