import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NoteRequest } from '../egress/index.ts';
import type { Permissions } from '../reach/permissions.ts';

export interface WebServer {
  /** `127.0.0.1:1234`, as limb.toml names it. */
  readonly host: string;
  readonly url: string;
  /** The paths that were asked for. */
  readonly asked: string[];
  close(): Promise<void>;
}

/** A web server on loopback. */
export async function startWebServer(answer: RequestListener): Promise<WebServer> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    response.on('error', () => {});
    answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    host: `127.0.0.1:${port}`,
    url: `http://127.0.0.1:${port}`,
    asked,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Writes nothing down. */
export const unnoted: NoteRequest = () => {};

/** A limb that may reach these hosts, and folders by their names. */
export function allowing(
  hosts: readonly { readonly hostname: string; readonly port: string }[],
  { isPublic = false, folders = {} }: { isPublic?: boolean; folders?: Record<string, string> } = {},
): () => Promise<Permissions> {
  return async () => ({ reach: { public: isPublic, hosts }, folders: new Map(Object.entries(folders)) });
}
