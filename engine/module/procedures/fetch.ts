import { lookup } from 'node:dns';
import { isIP, type LookupFunction } from 'node:net';
import { Agent, buildConnector, type Dispatcher, fetch, Headers } from 'undici';
import { code, SyscallFailure } from '../failure.ts';
import { isPublicAddress } from './addresses.ts';
import { decodeRequest, encodeResponse, type ModuleRequest } from './http-wire.ts';
import type { Outbound } from './outbound.ts';

/** Where the procedures of a module may send requests: to public addresses, anywhere, or nowhere. */
export type Egress = 'public' | 'anywhere' | 'nowhere';

const timeoutMsDefault = 30_000;
const timeoutMsMax = 180_000;
const responseBytesMax = 64 * 1024 * 1024;

const privateAddress = 'refusing to connect to private or special-purpose addresses';

/** The address is judged when the connection is made, after names are resolved and also for redirects. */
export function publicOnly(): Dispatcher {
  const connect = buildConnector({ lookup: publicLookup });
  return new Agent({
    connect: (options, callback) => {
      // A literal address is not looked up.
      const address = options.hostname.replace(/^\[|\]$/g, '');
      if (isIP(address) !== 0 && !isPublicAddress(address)) callback(new Error(privateAddress), null);
      else connect(options, callback);
    },
  });
}

const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    if (error) return callback(error, '');
    const allowed = addresses.filter(({ address }) => isPublicAddress(address));
    const [first] = allowed;
    if (first === undefined) return callback(new Error(privateAddress), '');
    if (options.all) callback(null, allowed);
    else callback(null, first.address, first.family);
  });
};

/** Sends the requests of a module's procedures over the network. */
export class ModuleFetch implements Outbound {
  readonly #egress: Egress;
  readonly #dispatcher: Dispatcher;

  constructor(egress: Egress) {
    this.#egress = egress;
    this.#dispatcher = egress === 'public' ? publicOnly() : new Agent();
  }

  /**
   * Takes 30 seconds at most, or what the request says up to 180. Redirects are followed.
   * @returns the response as BSATN, and its body
   * @throws SyscallFailure `http` that says why, without the query part of any URL
   */
  async send(requestBytes: Uint8Array, body: Uint8Array): Promise<[Uint8Array, Uint8Array]> {
    const request = decodeRequest(requestBytes);
    if (this.#egress === 'nowhere') throw failure(request, 'module outbound HTTP requests are disabled');
    const asked = request.timeoutMicros === undefined ? timeoutMsDefault : Number(request.timeoutMicros / 1000n);
    const timeoutMs = Math.max(1, Math.min(asked, timeoutMsMax));
    const signal = AbortSignal.timeout(timeoutMs);
    try {
      const response = await fetch(request.uri, {
        method: request.method,
        headers: headersOf(request),
        body: body.length === 0 ? null : body,
        dispatcher: this.#dispatcher,
        signal,
      });
      const content = await contentOf(response.body);
      const headers = [...response.headers].filter(([name]) => name !== 'content-encoding');
      return [encodeResponse({ headers, version: '1.1', status: response.status }), content];
    } catch (error) {
      throw failure(request, signal.aborted ? `no answer within ${timeoutMs} ms` : reasonOf(error));
    }
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }
}

function headersOf(request: ModuleRequest): Headers {
  const headers = new Headers();
  for (const [name, value] of request.headers) headers.append(name, value);
  // The module has no decompression of its own to offer.
  if (!headers.has('accept-encoding')) headers.set('accept-encoding', 'identity');
  return headers;
}

async function contentOf(stream: AsyncIterable<Uint8Array> | null): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of stream ?? []) {
    size += chunk.length;
    if (size > responseBytesMax) throw new Error(`the response is larger than ${responseBytesMax} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function reasonOf(error: unknown): string {
  const reasons: string[] = [];
  for (let cause = error; cause instanceof Error && reasons.length < 4; cause = cause.cause)
    reasons.push(cause.message);
  // What undici wraps says more than its own `fetch failed`.
  return reasons.at(-1) || 'the request failed';
}

function failure({ method, uri }: ModuleRequest, reason: string): SyscallFailure {
  return new SyscallFailure(code.http, withoutQueries(`${method} ${uri}: ${reason}`));
}

/** Queries often carry keys, which have no place in logs. */
function withoutQueries(text: string): string {
  return text.replaceAll(/\?[^\s"'`]*?(?=:? |$|["'`])/g, '');
}
