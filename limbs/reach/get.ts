import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';
import { performance } from 'node:perf_hooks';
import { Agent, buildConnector, type Dispatcher, request } from 'undici';
import type { NoteRequest } from '../egress/index.ts';
import { LimbError, messageOf } from '../errors.ts';
import { isAllowableAddress, isPublicAddress } from './addresses.ts';
import { readBounded } from './body.ts';
import type { NamedHost } from './host.ts';
import type { Reach } from './permissions.ts';

export interface Get {
  readonly url: string;
  readonly method: 'GET' | 'HEAD';
  /** For all of it, redirects included. */
  readonly timeoutMs: number;
  /** Of the body when it is unpacked; what comes after is not read. */
  readonly bytesMax: number;
  readonly accept: string;
}

export interface Means {
  readonly reach: Reach;
  readonly signal: AbortSignal;
  /** Writes each request down, those that redirects lead to as well. */
  readonly note: NoteRequest;
  /** Every address of a name; `node:dns` unless a test says otherwise. */
  readonly addressesOf?: (hostname: string) => Promise<readonly Address[]>;
}

export interface Address {
  readonly address: string;
  readonly family: number;
}

export interface Got {
  /** Where the redirects led. */
  readonly url: string;
  readonly status: number;
  /** The media type in small letters, without parameters; empty when none is said. */
  readonly type: string;
  readonly charset: string;
  readonly body: Buffer;
  /** Whether there was more than `bytesMax`. */
  readonly isCut: boolean;
  /** Until the head of the last answer. */
  readonly answerMs: number;
}

const redirectsMax = 5;

/**
 * Asks for one address. Names are resolved once, each address is judged, and the connection goes to a judged one; each
 * redirect is judged anew. Throws `LimbError`: `address-refused` for what the limb may not reach; `unreachable` and
 * `timed-out`, which may pass.
 */
export async function get(wanted: Get, means: Means): Promise<Got> {
  const timeout = AbortSignal.timeout(wanted.timeoutMs);
  const signal = AbortSignal.any([means.signal, timeout]);
  let url = parsedUrl(wanted.url);
  try {
    for (let redirects = 0; ; redirects++) {
      const got = await getOnce(url, wanted, { ...means, signal });
      if (!(got instanceof URL)) return got;
      if (redirects === redirectsMax) {
        throw new LimbError('too-many-redirects', `${shown(url)} redirects for the ${redirects + 1}th time.`);
      }
      url = got;
    }
  } catch (error) {
    means.signal.throwIfAborted();
    if (timeout.aborted) {
      const message = `${shown(url)} did not answer in full within ${wanted.timeoutMs / 1000} s.`;
      throw new LimbError('timed-out', message, { isRetryable: true });
    }
    if (error instanceof LimbError) throw error;
    throw new LimbError('unreachable', `${shown(url)} cannot be read: ${reasonOf(error)}.`, {
      isRetryable: true,
      cause: error,
    });
  }
}

async function getOnce(url: URL, { method, accept, bytesMax }: Get, means: Means): Promise<Got | URL> {
  const { signal } = means;
  const addresses = await judged(url, means);
  signal.throwIfAborted();
  means.note({ method, url });
  const connect = buildConnector({
    lookup: (_hostname, options, callback) => {
      const [first] = addresses;
      if (options.all) callback(null, [...addresses]);
      else callback(null, first.address, first.family);
    },
  });
  const agent = new Agent({ connect, pipelining: 0, maxHeaderSize: 64 * 1024 });
  const startedMs = performance.now();
  try {
    const headers = { accept, 'accept-encoding': 'gzip, br', 'user-agent': 'helix-limb' };
    const answer = await request(url, { method, headers, dispatcher: agent, signal });
    const answerMs = performance.now() - startedMs;
    // What is not read, such as the body of a redirect, ends with the agent.
    answer.body.on('error', () => {});
    const location = one(answer.headers['location']);
    if ([301, 302, 303, 307, 308].includes(answer.statusCode) && location !== '') return parsedUrl(location, url);
    const [type = '', ...parameters] = one(answer.headers['content-type']).toLowerCase().split(';');
    const charset = parameters.map((text) => /^\s*charset="?([^"\s]+)/.exec(text)?.[1] ?? '').join('');
    const { body, isCut } = await bodyOf(answer, method, bytesMax);
    signal.throwIfAborted();
    return { url: shown(url), status: answer.statusCode, type: type.trim(), charset, body, isCut, answerMs };
  } finally {
    await agent.destroy();
  }
}

async function bodyOf(answer: Dispatcher.ResponseData, method: string, bytesMax: number) {
  if (method !== 'HEAD') return readBounded(answer.body, one(answer.headers['content-encoding']), bytesMax);
  await answer.body.dump();
  return { body: Buffer.alloc(0), isCut: false };
}

/** The addresses to connect to. */
async function judged(url: URL, { reach, addressesOf = resolved }: Means): Promise<[Address, ...Address[]]> {
  const isNamed = reach.hosts.some((host) => isSamePlace(host, url));
  if (!isNamed && !reach.public) throw refused(url, 'it is none of the hosts that the limb may reach');
  const literal = url.hostname.replace(/^\[|\]$/g, '');
  const family = isIP(literal);
  const found = family === 0 ? await addressesOf(url.hostname) : [{ address: literal, family }];
  const [first, ...others] = found.filter(({ address }) => (isNamed ? isAllowableAddress : isPublicAddress)(address));
  if (first) return [first, ...others];
  throw refused(url, 'it is private, or of a kind that is not for servers');
}

function isSamePlace({ hostname, port }: NamedHost, url: URL): boolean {
  if (hostname !== url.hostname) return false;
  return port === '' ? url.port === '' : port === (url.port || (url.protocol === 'https:' ? '443' : '80'));
}

function resolved(hostname: string): Promise<readonly Address[]> {
  return lookup(hostname, { all: true });
}

function refused(url: URL, why: string): LimbError {
  const said = `fetch.hosts = [${JSON.stringify(url.host)}]`;
  return new LimbError(
    'address-refused',
    `This limb does not connect to ${url.host}: ${why}. The limb's owner can allow it in limb.toml by ${said}.`,
  );
}

function parsedUrl(text: string, base?: URL): URL {
  const url = URL.canParse(text, base) ? new URL(text, base) : undefined;
  const isFine = url && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '';
  if (isFine) return url;
  throw new LimbError(
    'address-refused',
    `${url ? shown(url) : JSON.stringify(text.slice(0, 200))} is not fetched: expected http:// or https://, and no name or password in it.`,
  );
}

/** Queries often carry keys, which have no place in messages. */
function shown(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

function one(header: string | string[] | undefined): string {
  return (Array.isArray(header) ? header[0] : header) ?? '';
}

function reasonOf(error: unknown): string {
  if (error instanceof AggregateError && error.errors.length > 0) return messageOf(error.errors[0]);
  return messageOf(error) || 'the request failed';
}
