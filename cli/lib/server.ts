import { Failure } from './failure.ts';
import { parseJson, readText } from './files.ts';
import { plainOrigin } from './local-url.ts';
import { identitiesFile, ownToken } from './own-identity.ts';
import { findRunning, type RunningServer } from './running.ts';

export interface ServerOptions {
  readonly server?: string | undefined;
  readonly tokenFile?: string | undefined;
}

/** A host of databases as one caller reaches it over HTTP. */
export interface Server {
  readonly url: string;
  readonly token: string;
  /** The database that is meant when none is named, if the host says so. */
  readonly database: string | undefined;
  /** Names the token in messages. */
  readonly tokenFrom: string;
}

const defaultUrl = 'http://127.0.0.1:3000';
const pingMsMax = 1000;

/**
 * The server that `--server`, HELIX_HUB or a server that runs here names, with a token for it.
 * @throws Failure when none answers there, or the token's file cannot be used
 */
export async function findServer(options: ServerOptions): Promise<Server> {
  const running = await findRunning();
  const named = options.server ?? (process.env['HELIX_HUB'] || undefined);
  const url = originOf(named ?? (await firstAnswering(running))?.url ?? defaultUrl);
  const own = running.find((server) => originOf(server.url) === url);
  const tokenFile = options.tokenFile ?? (process.env['HELIX_TOKEN_FILE'] || undefined) ?? own?.tokenFile;
  const server =
    tokenFile === undefined
      ? { url, token: await mintedToken(url), database: undefined, tokenFrom: identitiesFile() }
      : { url, token: await readToken(tokenFile, own), database: own?.database, tokenFrom: tokenFile };
  // A server that runs here has said so itself, and where its own token is.
  if (own === undefined || tokenFile !== own.tokenFile) await requireServer(server);
  return server;
}

/** The token of this user's own identity on a server, who is somebody new there the first time. */
export function mintedToken(url: string): Promise<string> {
  return ownToken(url, async () => parseJson(await textOf(url, 'POST', '/v1/identity')));
}

/** One that was killed may still be announced: it is passed over when another answers. */
async function firstAnswering(running: readonly RunningServer[]): Promise<RunningServer | undefined> {
  if (running.length < 2) return running[0];
  for (const server of running) {
    const signal = AbortSignal.timeout(pingMsMax);
    if (await fetch(new URL('/v1/ping', server.url), { signal }).catch(() => undefined)) return server;
  }
  return running[0];
}

async function readToken(file: string, own: RunningServer | undefined): Promise<string> {
  const token = (await readText(file))?.trim();
  if (token !== undefined && /^[\w.-]+$/.test(token)) return token;
  const what = token === undefined ? `There is no token in ${file}` : `${file} holds something else than a token`;
  const hint = file === own?.tokenFile ? `is the server at ${own.url} still running?` : 'check the path';
  throw new Failure(`${what}: ${hint}`);
}

function originOf(url: string): string {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new Failure(`${url} is not the address of a server: expected one such as ${defaultUrl}`);
  }
  return plainOrigin(url);
}

export interface Asked {
  readonly body?: string;
  readonly json?: boolean;
  readonly signal?: AbortSignal;
}

/** Asks the server; answers of every status are returned. @throws Failure when nothing answers */
export function ask(server: Server, method: string, path: string, asked: Asked = {}): Promise<Response> {
  const headers: Record<string, string> = { authorization: `Bearer ${server.token}` };
  if (asked.json) headers['content-type'] = 'application/json';
  return send(server.url, path, {
    method,
    headers,
    ...(asked.body === undefined ? {} : { body: asked.body }),
    ...(asked.signal === undefined ? {} : { signal: asked.signal }),
  });
}

/** Asks the server for a text. @throws Failure when it refuses, in its own words and with what to do */
export async function askText(server: Server, method: string, path: string, asked: Asked = {}): Promise<string> {
  const response = await ask(server, method, path, asked);
  if (!response.ok) throw await refusal(server, response);
  return await response.text();
}

/** @throws Failure when what answers is no server of databases, or does not know the token */
async function requireServer(server: Server): Promise<void> {
  const answer = parseJson(await askText(server, 'POST', '/v1/identity/websocket-token'));
  if (typeof answer === 'object' && answer !== null && 'token' in answer) return;
  throw new Failure(`${server.url} answers, but not as a server of databases: check the address`);
}

/** The path of a database below `/v1`. */
export function databasePath(database: string, rest = ''): string {
  return `/v1/database/${encodeURIComponent(database)}${rest}`;
}

/** Why the server refused, in its own words and with what to do. */
export async function refusal(server: Server, response: Response): Promise<Failure> {
  const text = (await response.text()).trim();
  if (response.status === 401 && text.includes('"PermissionDenied"')) {
    return new Failure(`That database belongs to another identity: name its owner's token with --token-file`);
  }
  if (response.status === 401) {
    return new Failure(
      `The server at ${server.url} does not accept the token in ${server.tokenFrom}: ${text || 'name another with --token-file'}`,
    );
  }
  if (response.status === 403) return new Failure(`${text} Name the owner's token with --token-file.`);
  if (response.status === 404 && /^`[^`]*` not found$/.test(text)) {
    const name = text.slice(1, text.indexOf('`', 1));
    return new Failure(`There is no database ${name} at ${server.url}: \`helix list\` shows yours`);
  }
  return new Failure(text || `${server.url} answered ${response.status} ${response.statusText}`);
}

async function textOf(url: string, method: string, path: string): Promise<string> {
  const response = await send(url, path, { method });
  if (response.ok) return await response.text();
  throw new Failure(`${url} is not a server of databases: it answered ${response.status} ${response.statusText}`);
}

async function send(url: string, path: string, init: RequestInit): Promise<Response> {
  try {
    return await fetch(new URL(path, url), init);
  } catch (error) {
    if (init.signal?.aborted) throw init.signal.reason;
    const start = 'start one with `helix dev` or `helix hub start`, or name one with --server';
    throw new Failure(`No server answers at ${url}: ${start}`, { cause: error });
  }
}
