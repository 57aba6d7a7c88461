import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import type { Refusal } from './gate.ts';

/** More than this many clients at once find no room. */
export const sessionsMax = 64;
/** The longest program with every character escaped, and what is around it. */
const bodyBytesMax = 2 * 1024 * 1024;

interface Session {
  readonly transport: StreamableHTTPServerTransport;
  /** Requests that are being answered, the stream that a client keeps open included. */
  open: number;
}

/**
 * The sessions of MCP clients over HTTP, each with a server of its own. Where there is no room for another one, the one that
 * nobody has asked anything for longest is ended: clients come and go without a word, and one that comes back starts anew.
 */
export class McpSessions {
  readonly #makeServer: () => McpServer;
  /** The longest unused first. */
  readonly #sessions = new Map<string, Session>();

  constructor(makeServer: () => McpServer) {
    this.#makeServer = makeServer;
  }

  /** Answers a request that the gate let in, or gives why not. */
  async handle(request: IncomingMessage, response: ServerResponse): Promise<Refusal | undefined> {
    const id = request.headers['mcp-session-id'];
    if (id === undefined && request.method === 'POST') return this.#begin(request, response);
    const session = typeof id === 'string' ? this.#sessions.get(id) : undefined;
    if (session === undefined || typeof id !== 'string') {
      if (id === undefined) return { status: 400, message: 'The Mcp-Session-Id header is missing: begin with a POST.' };
      return { status: 404, message: 'There is no such session, or no more: begin a new one.' };
    }
    this.#sessions.delete(id);
    this.#sessions.set(id, session);
    await answer(session, request, response);
    return undefined;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map(({ transport }) => transport.close()));
  }

  async #begin(request: IncomingMessage, response: ServerResponse): Promise<Refusal | undefined> {
    if (!(await this.#hasRoom())) {
      return {
        status: 503,
        message: `${sessionsMax} clients are being answered already, and no more may be: try again later.`,
        headers: { 'retry-after': '5' },
      };
    }
    const id = randomUUID();
    const transport = new StreamableHTTPServerTransport({
      sessionIdGenerator: () => id,
      maxRequestBodySize: bodyBytesMax,
    });
    const session: Session = { transport, open: 0 };
    this.#sessions.set(id, session);
    transport.onclose = () => void this.#sessions.delete(id);
    // The SDK declares the same fields with and without `undefined`.
    await this.#makeServer().connect(transport as Transport);
    await answer(session, request, response);
    // Something other than the start of a session was refused with words of its own.
    if (transport.sessionId === undefined) await transport.close();
    return undefined;
  }

  async #hasRoom(): Promise<boolean> {
    if (this.#sessions.size < sessionsMax) return true;
    for (const { open, transport } of this.#sessions.values()) {
      if (open > 0) continue;
      await transport.close();
      return true;
    }
    return false;
  }
}

async function answer(session: Session, request: IncomingMessage, response: ServerResponse): Promise<void> {
  session.open += 1;
  response.once('close', () => {
    session.open -= 1;
  });
  await session.transport.handleRequest(request, response);
}
