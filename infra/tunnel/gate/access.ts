import { createHash, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { type Openings, type ServiceName, type Services, serviceOf } from './services.ts';

export interface Refusal {
  readonly status: number;
  readonly message: string;
}

/** Where a request goes, or why it goes nowhere. */
export type Verdict = { readonly to: ServiceName; readonly port: number } | Refusal;

export interface AccessOptions {
  readonly services: Services;
  readonly openings: Openings;
  /** The address that requests must be meant for; undefined while it is not known. */
  readonly address: () => string | undefined;
  /** For services that ask for no token themselves. */
  readonly token: string;
  /** Whether the hub takes a token. Rejects when it cannot be asked. */
  readonly isTokenOfHub: (token: string) => Promise<boolean>;
  readonly nowMs: () => number;
}

const anonymousPerMinuteMax = 60;
const acceptedMs = 60_000;
const acceptedMax = 10_000;

/** Says of each request from outside whether it may come in. Nothing of its body was read by then. */
export class Access {
  readonly #options: AccessOptions;
  /** Hashes of tokens that the hub took a moment ago, and until when it is not asked again. */
  readonly #accepted = new Map<string, number>();
  #minute = 0;
  #anonymousCount = 0;

  constructor(options: AccessOptions) {
    this.#options = options;
  }

  async judge(request: IncomingMessage): Promise<Verdict> {
    const { services, openings } = this.#options;
    const refusal = this.#wrongHost(request.headers.host);
    if (refusal) return refusal;
    const url = request.url ?? '';
    const path = url.split('?')[0] ?? '';
    if (!isPlainPath(url)) return { status: 400, message: 'The path is not written in the plain way.' };
    if (isPublishing(request.method ?? '', path)) return publishing;
    const to = serviceOf(path, services, openings);
    const port = to && services[to];
    if (to === undefined || port === undefined) return { status: 404, message: 'Nothing is served at this path.' };
    const refused = await this.#refuse(to, request, path);
    return refused ?? { to, port };
  }

  /** A page can have a name of its own lead here, but cannot change the Host that the browser then sends. */
  #wrongHost(host: string | undefined): Refusal | undefined {
    const address = this.#options.address();
    const expected = address === undefined ? undefined : new URL(address);
    const hosts = expected && [expected.host, `${expected.hostname}:${expected.protocol === 'https:' ? 443 : 80}`];
    if (host !== undefined && hosts?.includes(host.toLowerCase())) return undefined;
    return {
      status: 421,
      message: `The Host header is not that of this tunnel${expected ? `, ${expected.host}` : ''}.`,
    };
  }

  async #refuse(to: ServiceName, request: IncomingMessage, path: string): Promise<Refusal | undefined> {
    const bearer = bearerOf(request.headers.authorization);
    switch (to) {
      case 'metrics':
        return bearer !== undefined && isSame(bearer, this.#options.token) ? undefined : needsToken('of the tunnel');
      case 'mcp':
        // The endpoint compares it, and looks at the Origin.
        return bearer === undefined ? needsToken('of the MCP endpoint') : undefined;
      case 'hub': {
        const token = bearer ?? queryToken(request.url ?? '');
        if (token === undefined) return this.#refuseAnonymous(request.method ?? '', path);
        return (await this.#isAccepted(token)) ? undefined : needsToken('of the hub');
      }
    }
  }

  #refuseAnonymous(method: string, path: string): Refusal | undefined {
    const { web, pairing, webhooks } = this.#options.openings;
    const isRead = method === 'GET' || method === 'HEAD';
    if (web && isRead && isFileOfWebFace(path)) return undefined;
    if (webhooks && method === 'POST' && isWebhook(path)) return undefined;
    if (!pairing || !isPairing(method, path)) return needsToken('of the hub');
    const minute = Math.floor(this.#options.nowMs() / 60_000);
    if (minute !== this.#minute) this.#anonymousCount = 0;
    this.#minute = minute;
    this.#anonymousCount++;
    if (this.#anonymousCount <= anonymousPerMinuteMax) return undefined;
    return { status: 429, message: 'Too many newcomers: try again in a minute.' };
  }

  async #isAccepted(token: string): Promise<boolean> {
    const key = createHash('sha256').update(token).digest('base64');
    const now = this.#options.nowMs();
    if ((this.#accepted.get(key) ?? 0) > now) return true;
    this.#accepted.delete(key);
    if (!(await this.#options.isTokenOfHub(token))) return false;
    if (this.#accepted.size >= acceptedMax) this.#accepted.clear();
    this.#accepted.set(key, now + acceptedMs);
    return true;
  }
}

function needsToken(whose: string): Refusal {
  return { status: 401, message: `This needs a token ${whose}: send it as "Authorization: Bearer …".` };
}

/** Whatever two programs could read differently, such as `/v1/../metrics` or `/%761/`, is refused before. */
function isPlainPath(url: string): boolean {
  const path = url.split('?')[0] ?? '';
  return (
    /^\/[\w\-.~!$&'()*+,;=:@/%]*$/.test(path) &&
    !/%(?:2[def]|5[cf]|7e|[46][1-9a-f]|[57][0-9a]|3[0-9])|\/\/|\/\.{1,2}(?:\/|$)/i.test(path)
  );
}

const publishing: Refusal = {
  status: 403,
  message: 'Databases are published, changed and deleted on the machine of the hub, not through a tunnel.',
};

/** A module runs inside the hub, and everybody with a token may publish one: from outside nobody may. */
function isPublishing(method: string, path: string): boolean {
  if (['GET', 'HEAD', 'OPTIONS'].includes(method)) return false;
  return /^\/v1\/database(\/[^/]*(\/(pre_publish|reset|names|lock|unlock|fork))?)?\/?$/.test(path);
}

function isFileOfWebFace(path: string): boolean {
  return !/^\/(v1|hooks)(\/|$)/.test(path);
}

function isWebhook(path: string): boolean {
  return /^\/hooks\/[0-9]+$/.test(path);
}

/** What somebody does who has no token yet. */
function isPairing(method: string, path: string): boolean {
  if (method === 'GET') return path === '/v1/ping' || /^\/v1\/database\/[\w-]+\/subscribe$/.test(path);
  return method === 'POST' && path === '/v1/identity';
}

function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer ([\x21-\x7e]+)$/i.exec(authorization ?? '')?.[1];
}

/** A browser's WebSocket has no headers of its own. */
function queryToken(url: string): string | undefined {
  const at = url.indexOf('?');
  return (at < 0 ? undefined : new URLSearchParams(url.slice(at)).get('token')) || undefined;
}

function isSame(given: string, token: string): boolean {
  const [a, b] = [given, token].map((text) => createHash('sha256').update(text).digest());
  return a !== undefined && b !== undefined && timingSafeEqual(a, b);
}
