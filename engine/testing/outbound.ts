import { code, SyscallFailure } from '../module/failure.ts';
import { decodeRequest, encodeResponse } from '../module/procedures/http-wire.ts';
import type { Outbound } from '../module/procedures/outbound.ts';

/** Answers what procedures and HTTP handlers ask of the outside world. */
export type Fetch = (request: Request) => Response | Promise<Response>;

/** The outside world of a test: nothing leaves the process. */
export class TestOutbound implements Outbound {
  readonly #fetch: Fetch | undefined;

  constructor(fetch: Fetch | undefined) {
    this.#fetch = fetch;
  }

  async send(bytes: Uint8Array, body: Uint8Array): Promise<[Uint8Array, Uint8Array]> {
    const { method, uri, headers } = decodeRequest(bytes);
    const failed = (why: string) => new SyscallFailure(code.http, `${method} ${uri}: ${why}`);
    if (!this.#fetch) throw failed('nobody answers: give createTestHub the option `fetch`');
    const init = { method, headers: headers.map(([name, value]): [string, string] => [name, value]) };
    const request = new Request(uri, body.length === 0 ? init : { ...init, body: Buffer.from(body) });
    try {
      const response = await this.#fetch(request);
      const answer = encodeResponse({ headers: [...response.headers], version: '1.1', status: response.status });
      return [answer, new Uint8Array(await response.arrayBuffer())];
    } catch (error) {
      throw failed(error instanceof Error ? error.message : String(error));
    }
  }

  async close(): Promise<void> {}
}
