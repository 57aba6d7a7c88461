import { type RowTypedQuery, SenderError, setGlobalLogLevel } from 'spacetimedb';
import { DbConnection } from '../../bindings/index.ts';
import { Failure } from './failure.ts';
import { parseJson, readText } from './files.ts';
import { findHome, type Home, readRunningHub } from './home.ts';
import { plainOrigin } from './local-url.ts';
import { knownToken } from './own-identity.ts';
import { mintedToken } from './server.ts';

export interface HubOptions {
  readonly hub?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly tenant?: string | undefined;
  /** Somebody whom the hub does not know yet becomes one of its identities. */
  readonly isNewcomer?: boolean | undefined;
}

/** Which tenant is meant: the one that is named, what the user has chosen, or the member's oldest. */
export type TenantChoice = { readonly kind: 'named'; readonly name: string } | { readonly kind: 'chosen' | 'oldest' };

/** An open connection to a hub as one of its members. */
export interface Hub {
  readonly home: Home;
  /** `http://<host>:<port>` */
  readonly url: string;
  readonly token: string;
  readonly tenant: TenantChoice;
  readonly connection: DbConnection;
  /** Rejects when the hub goes away; never resolves. */
  readonly lost: Promise<never>;
  close(): void;
}

export interface HubAddress {
  readonly url: string;
  readonly database: string;
}

export const databaseName = 'helix';

/**
 * Connects to the hub that `--hub`, HELIX_HUB or the running `helix start` names.
 * @throws Failure when no hub answers there or it does not accept the token.
 */
export async function openHub(options: HubOptions): Promise<Hub> {
  const home = findHome();
  const address = await findAddress(home, options.hub);
  const token = await findToken(home, address, options);
  const name = options.tenant ?? (process.env['HELIX_TENANT'] || undefined);
  return connectHub(home, address, token, name === undefined ? { kind: 'chosen' } : { kind: 'named', name });
}

/** Connects with a token that is already known. */
export async function connectHub(
  home: Home,
  address: HubAddress,
  token: string,
  tenant: TenantChoice = { kind: 'oldest' },
): Promise<Hub> {
  await checkToken(address, token);
  setGlobalLogLevel('error');
  let onLost: (error: Failure) => void = () => {};
  const lost = new Promise<never>((_, reject) => {
    onLost = reject;
  });
  lost.catch(() => {});
  const connected = new Promise<DbConnection>((resolve, reject) => {
    DbConnection.builder()
      .withUri(address.url)
      .withDatabaseName(address.database)
      .withToken(token)
      .onConnect((connection) => resolve(connection))
      .onConnectError((_, error) => reject(new Failure(`The hub at ${address.url} refused: ${error.message}`)))
      .onDisconnect(() => onLost(new Failure(`The hub at ${address.url} went away: start it with \`helix start\``)))
      .build();
  });
  const connection = await Promise.race([connected, lost]);
  return { home, url: address.url, token, tenant, connection, lost, close: () => connection.disconnect() };
}

/** Opens a subscription; settles when its rows are there. */
export function subscribe(hub: Hub, queries: RowTypedQuery<unknown, unknown>[]): Promise<void> {
  const applied = new Promise<void>((resolve, reject) => {
    hub.connection
      .subscriptionBuilder()
      .onApplied(() => resolve())
      .onError((context) => reject(context.event ?? new Failure('The hub refused a subscription')))
      .subscribe(queries);
  });
  return Promise.race([applied, hub.lost]);
}

/** Settles like the call of a reducer. @throws Failure with the hub's own words when it refuses. */
export async function call(hub: Hub, reducer: Promise<void>): Promise<void> {
  try {
    await Promise.race([reducer, hub.lost]);
  } catch (error) {
    if (error instanceof SenderError) throw new Failure(`The hub refused: ${error.message}`, { cause: error });
    throw error;
  }
}

/**
 * Where the hub is that `--hub` or HELIX_HUB names, or else the one that runs here.
 * @throws Failure when there is none.
 */
export async function findAddress(
  home: Home,
  hub: string | undefined,
): Promise<HubAddress & { readonly isOwn: boolean }> {
  const running = await readRunningHub(home);
  const url = hub ?? (process.env['HELIX_HUB'] || undefined);
  if (url === undefined) {
    if (running === undefined)
      throw new Failure('No hub is running here: start one with `helix start`, or name one with --hub');
    return { ...running, isOwn: true };
  }
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw new Failure(`${url} is not the address of a hub: expected one such as http://127.0.0.1:3000`);
  }
  const origin = plainOrigin(url);
  const isOwn = running !== undefined && plainOrigin(running.url) === origin;
  return { url: origin, database: databaseName, isOwn };
}

/** The owner's token is for the owner's own hub: it is never sent elsewhere unless it is asked for. */
async function findToken(
  home: Home,
  { url, isOwn }: { readonly url: string; readonly isOwn: boolean },
  options: HubOptions,
): Promise<string> {
  const tokenFile = options.tokenFile ?? (process.env['HELIX_TOKEN_FILE'] || undefined);
  if (tokenFile !== undefined || isOwn) return readToken(tokenFile ?? home.ownerToken);
  const known = options.isNewcomer ? await mintedToken(url) : await knownToken(url);
  if (known !== undefined) return known;
  throw new Failure(
    `You are nobody yet at ${url}, which is not the hub that runs here: join it with \`helix tenants join <link>\`, or name your token for it with --token-file`,
  );
}

async function readToken(file: string): Promise<string> {
  const token = (await readText(file))?.trim();
  if (token === undefined)
    throw new Failure(`There is no token in ${file}: check the path, or run \`helix start\` first`);
  if (token === '') throw new Failure(`${file} is empty: expected the token of a member`);
  return token;
}

async function checkToken({ url, database }: HubAddress, token: string): Promise<void> {
  let response: Response;
  try {
    const headers = { authorization: `Bearer ${token}` };
    response = await fetch(new URL('/v1/identity/websocket-token', url), { method: 'POST', headers });
  } catch (error) {
    throw new Failure(`No hub answers at ${url}: start it with \`helix start\``, { cause: error });
  }
  if (response.status === 401 || response.status === 403) {
    throw new Failure(`The hub at ${url} does not accept this token: it may be another hub's`);
  }
  if (!response.ok) throw new Failure(`${url} is not a hub: it answered ${response.status} ${response.statusText}`);
  if (typeof parseJson(await response.text()) !== 'object') {
    throw new Failure(`${url} is not a hub: something else answers there, check the address`);
  }
  const found = await fetch(new URL(`/v1/database/${database}/identity`, url));
  if (found.ok) return;
  const hint =
    'name the address that `helix start` prints, or use `helix call` and `helix sql` for a module of your own';
  throw new Failure(`The server at ${url} runs no hub of the mesh (no database ${database}): ${hint}`);
}
