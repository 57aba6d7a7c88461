import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

export const mcpPath = '/mcp';

/** Fewer characters could be guessed. */
export const tokenCharsMin = 32;

export interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * Who may speak to a server on loopback: whoever has the token, and no page of a browser. A page can have any name of its
 * own lead to 127.0.0.1 (DNS rebinding), but it cannot change the Host and Origin that the browser then sends. Gives why a
 * request is refused; its body has not been read by then.
 */
export function refusalOf(request: IncomingMessage, port: number, token: string): Refusal | undefined {
  const { host, origin, authorization } = request.headers;
  if (host !== `127.0.0.1:${port}` && host !== `localhost:${port}`) {
    return {
      status: 403,
      message: `The Host header is not 127.0.0.1:${port} or localhost:${port}: ask by one of these.`,
    };
  }
  if (origin !== undefined) {
    return { status: 403, message: 'The request has an Origin header: no page of a browser may run Python here.' };
  }
  if (request.url !== mcpPath) {
    return { status: 404, message: `Only ${mcpPath} is served here, without a query; a token goes into a header.` };
  }
  if (!isBearer(authorization, token)) {
    return {
      status: 401,
      message: 'The Authorization header is not "Bearer" and the token of this server.',
      headers: { 'www-authenticate': 'Bearer' },
    };
  }
  const { method = '' } = request;
  if (!['POST', 'GET', 'DELETE'].includes(method)) {
    return {
      status: 405,
      message: `${method} is not a method of the Model Context Protocol.`,
      headers: { allow: 'POST, GET, DELETE' },
    };
  }
  return undefined;
}

function isBearer(authorization: string | undefined, token: string): boolean {
  const given = /^Bearer ([\x21-\x7e]+)$/i.exec(authorization ?? '')?.[1] ?? '';
  // Hashes have one length, which is what the comparison in constant time asks for.
  return timingSafeEqual(sha256(given), sha256(token));
}

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
