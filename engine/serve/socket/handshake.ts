import { Rejection } from '../../errors.ts';
import type { Admission, SocketRequest } from '../../host/net.ts';
import { connectionIdFromHex } from '../identity/identity.ts';

import type { Compression } from '../wire/frame.ts';

/** What a client asks for when it opens a socket. */
export interface SubscribeRequest {
  readonly kind: 'subscribe';
  readonly nameOrIdentity: string;
  readonly protocol: Protocol;
  /** Of frames above 1 KiB. */
  readonly compression: Compression;
  readonly isConfirmed: boolean;
  /** Clients of version 1 may ask for the rows alone of what others do. */
  readonly isLight: boolean;
  readonly token: string | undefined;
}

export type Refusal = Extract<Admission, { readonly kind: 'refuse' }>;

/** In the server's order of preference. */
const protocols = [
  'v3.bsatn.spacetimedb',
  'v2.bsatn.spacetimedb',
  'v1.bsatn.spacetimedb',
  'v1.json.spacetimedb',
] as const;
export type Protocol = (typeof protocols)[number];
const compressions: ReadonlyMap<string, Compression> = new Map([
  ['none', 'none'],
  ['gzip', 'gzip'],
  ['brotli', 'brotli'],
]);
const subscribePath = /^\/v1\/database\/([^/]+)\/subscribe\/?$/;

/** Reads path, query and headers of an upgrade request. @throws Rejection `token` */
export function readSubscribeRequest(request: SocketRequest): SubscribeRequest | Refusal {
  const url = parseUrl(request.url);
  const path = url === undefined ? undefined : subscribePath.exec(url.pathname);
  if (url === undefined || path?.[1] === undefined) {
    return refuse(404, 'WebSockets are served at /v1/database/:name/subscribe only.');
  }
  const nameOrIdentity = decodePath(path[1]);
  if (nameOrIdentity === undefined) return refuse(400, 'The database name in the path is not valid percent-encoding.');

  const offered = headerOf(request, 'sec-websocket-protocol')
    .split(',')
    .map((protocol) => protocol.trim());
  const protocol = protocols.find((known) => offered.includes(known));
  if (protocol === undefined) return refuse(400, 'no valid protocol selected');

  const compression = compressions.get((url.searchParams.get('compression') ?? 'brotli').toLowerCase());
  if (compression === undefined) {
    return refuse(400, `compression is ${url.searchParams.get('compression')}, expected None, Gzip or Brotli.`);
  }
  const isVersion1 = protocol.startsWith('v1.');
  const isConfirmed = readBoolean(url.searchParams.get('confirmed'), !isVersion1);
  if (isConfirmed === undefined) {
    return refuse(400, `confirmed is ${url.searchParams.get('confirmed')}, expected true or false.`);
  }
  const isLight = readBoolean(url.searchParams.get('light'), false);
  if (isLight === undefined) {
    return refuse(400, `light is ${url.searchParams.get('light')}, expected true or false.`);
  }
  const connectionId = url.searchParams.get('connection_id');
  if (connectionId !== null && connectionIdFromHex(connectionId) === undefined) {
    return refuse(400, `connection_id is ${connectionId}, expected at most 32 hex digits. Leave it out.`);
  }
  if (connectionId !== null && /^0*$/.test(connectionId)) {
    return refuse(400, 'connection_id is 0, which is reserved. Leave it out: the server gives each connection one.');
  }
  const token = bearerToken(headerOf(request, 'authorization')) ?? url.searchParams.get('token') ?? undefined;
  const isTypeScriptClient =
    (offered.includes('v3.bsatn.spacetimedb') && offered.includes('v2.bsatn.spacetimedb')) ||
    (isVersion1 && compression === 'gzip');
  return {
    kind: 'subscribe',
    nameOrIdentity,
    protocol,
    // The TypeScript client decompresses frames side by side and may then apply a small frame before the large one that
    // came first. It alone offers versions 3 and 2 at once, or before that version 1 with gzip.
    compression: isTypeScriptClient ? 'none' : compression,
    isConfirmed,
    isLight,
    token,
  };
}

/** The token of an `Authorization: Bearer` header. @throws Rejection `token` for a header that says something else */
export function bearerToken(header: string | undefined): string | undefined {
  if (header === undefined || header === '') return undefined;
  const token = /^Bearer +(\S+)$/i.exec(header)?.[1];
  if (token !== undefined) return token;
  throw new Rejection('token', 'The Authorization header does not fit, expected `Bearer` and a token.');
}

/** `true` and `false` as text; `absent` when there is none, undefined for anything else. */
export function readBoolean(text: string | null | undefined, absent: boolean): boolean | undefined {
  if (text === null || text === undefined) return absent;
  return text === 'true' ? true : text === 'false' ? false : undefined;
}

function parseUrl(path: string): URL | undefined {
  try {
    return new URL(path, 'http://host');
  } catch {
    return undefined;
  }
}

function decodePath(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

function headerOf({ headers }: SocketRequest, name: string): string {
  const value = headers[name] ?? '';
  return typeof value === 'string' ? value : value.join(', ');
}

function refuse(status: number, message: string): Refusal {
  return { kind: 'refuse', status, message };
}
