import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LimbError, messageOf } from '../errors.ts';
import type { Sandbox } from '../sandbox/index.ts';
import { mcpPath, type Refusal, refusalOf, tokenCharsMin } from './gate.ts';
import { pythonServer } from './server.ts';
import { McpSessions } from './sessions.ts';

export interface PythonEndpoint {
  /** `http://127.0.0.1:<port>/mcp` */
  readonly url: string;
  /** Ends all sessions and what they run. */
  close(): Promise<void>;
}

export interface PythonEndpointOptions {
  readonly version: string;
  /** On 127.0.0.1 only; 0 for any that is free. */
  readonly port: number;
  /** What clients must send as `Authorization: Bearer <token>`; at least `TOKEN_CHARS_MIN` visible characters. */
  readonly token: string;
  /** Hears of requests that broke something here. */
  readonly onError: (message: string) => void;
}

const connectionsMax = 256;
const headersMsMax = 10_000;
const requestMsMax = 30_000;

/** Serves `run_python` over MCP's streamable HTTP on loopback. Throws `LimbError`: `invalid-token`, or `mcp-port` when taken. */
export async function servePythonOverHttp(sandbox: Sandbox, options: PythonEndpointOptions): Promise<PythonEndpoint> {
  const { token, version, onError } = options;
  if (!new RegExp(`^[\\x21-\\x7e]{${tokenCharsMin},}$`).test(token)) {
    throw new LimbError(
      'invalid-token',
      `The token has ${token.length} characters: give at least ${tokenCharsMin} visible ones of ASCII, without spaces.`,
    );
  }
  const sessions = new McpSessions(() => pythonServer(sandbox, version));
  const server = createServer({ headersTimeout: headersMsMax, requestTimeout: requestMsMax });
  server.maxConnections = connectionsMax;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error) =>
      reject(new LimbError('mcp-port', `The port ${options.port} cannot be served: ${messageOf(error)}.`)),
    );
    server.listen(options.port, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  server.on('request', async (request: IncomingMessage, response: ServerResponse) => {
    try {
      const refusal = refusalOf(request, port, token) ?? (await sessions.handle(request, response));
      if (refusal) refuse(response, refusal);
    } catch (error) {
      onError(`A request could not be answered: ${messageOf(error)}`);
      if (!response.headersSent) refuse(response, { status: 500, message: 'The request could not be answered.' });
      else response.destroy();
    }
  });
  return {
    url: `http://127.0.0.1:${port}${mcpPath}`,
    async close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      await sessions.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The connection ends with it: what is left of the request's body is not read. */
function refuse(response: ServerResponse, { status, message, headers }: Refusal): void {
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close', ...headers });
  response.end(JSON.stringify({ jsonrpc: '2.0', error: { code: -32_000, message }, id: null }));
}
