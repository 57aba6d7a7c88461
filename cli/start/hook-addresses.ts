import { answerRequest, type Database } from '../../engine/index.ts';
import { databaseName } from '../lib/hub.ts';

type Answer = (request: Request) => Response | Promise<Response>;

/**
 * Answers `/hooks/<id>` by the hub's own handler of webhooks, and leaves everything else to `fallback`.
 * @param hub the hub's database, once it is open
 */
export function hookAddresses(hub: () => Database | undefined, fallback: Answer): Answer {
  return (request) => {
    const url = new URL(request.url);
    const id = /^\/hooks\/(\d+)$/.exec(url.pathname)?.[1];
    if (id === undefined || request.method !== 'POST') return fallback(request);
    const database = hub();
    if (database === undefined) return new Response('The hub is starting.\n', { status: 503 });
    const address = new URL(`/v1/database/${databaseName}/route/hooks?id=${id}`, url);
    const { method, headers, body } = request;
    // A body that is a stream is sent while it is read.
    const passedOn: RequestInit & { duplex: 'half' } = { method, headers, body, duplex: 'half' };
    return answerRequest(database, new Request(address, passedOn));
  };
}
