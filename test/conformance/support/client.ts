import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { type ConnectionId, type Identity, setGlobalLogLevel } from 'spacetimedb';
import { generateTypeScript } from '../../../engine/codegen/index.ts';
import { describeModule } from '../../../engine/index.ts';
import { bundled, type TestHost } from './host.ts';

setGlobalLogLevel('error');

/** One row as the official client decodes it. */
export type Row = Record<string, unknown>;

/** A table of the client's cache, its types left out: each test knows its module. */
export interface Table {
  iter(): Iterable<Row>;
  count(): bigint | number;
  onInsert(listen: (context: EventContext, row: Row) => void): void;
  onDelete(listen: (context: EventContext, row: Row) => void): void;
  onUpdate?(listen: (context: EventContext, before: Row, after: Row) => void): void;
  readonly [accessor: string]: unknown;
}

export interface EventContext {
  readonly event: { readonly tag: string; readonly value?: unknown };
}

export interface Connection {
  readonly db: Record<string, Table>;
  readonly reducers: Record<string, (args?: object) => Promise<void>>;
  readonly procedures: Record<string, (args?: object) => Promise<unknown>>;
  readonly identity: Identity;
  readonly connectionId: ConnectionId;
  readonly token: string;
  readonly isActive: boolean;
  subscriptionBuilder(): SubscriptionBuilder;
  disconnect(): void;
}

export interface SubscriptionBuilder {
  onApplied(listen: (context: unknown) => void): SubscriptionBuilder;
  onError(listen: (context: { readonly event?: Error }) => void): SubscriptionBuilder;
  subscribe(queries: unknown): Subscription;
}

export interface Subscription {
  isActive(): boolean;
  isEnded(): boolean;
  unsubscribe(): void;
  unsubscribeThen(listen: (context: unknown) => void): void;
}

interface Builder {
  withUri(uri: string): Builder;
  withDatabaseName(name: string): Builder;
  withToken(token: string | undefined): Builder;
  withCompression(compression: string): Builder;
  withConfirmedReads(confirmed: boolean): Builder;
  onConnect(listen: (connection: Connection) => void): Builder;
  onConnectError(listen: (context: unknown, error: Error) => void): Builder;
  onDisconnect(listen: (context: unknown, error?: Error) => void): Builder;
  build(): Connection;
}

/** Generated bindings of a module, its types left out. */
export interface Bindings {
  readonly DbConnection: { builder(): Builder };
  readonly tables: Record<string, QueryTable>;
}

/** A table of the query builder. */
export interface QueryTable {
  where(condition: (row: Record<string, Expression>) => unknown): QueryTable;
  leftSemijoin(
    other: QueryTable,
    on: (left: Record<string, Expression>, right: Record<string, Expression>) => unknown,
  ): QueryTable;
  rightSemijoin(
    other: QueryTable,
    on: (left: Record<string, Expression>, right: Record<string, Expression>) => unknown,
  ): QueryTable;
}

export interface Expression {
  eq(value: unknown): Condition;
  ne(value: unknown): Condition;
  lt(value: unknown): Condition;
  lte(value: unknown): Condition;
  gt(value: unknown): Condition;
  gte(value: unknown): Condition;
}

export interface Condition {
  and(other: Condition): Condition;
  or(other: Condition): Condition;
  not(): Condition;
}

const made = new Map<string, Promise<Bindings>>();

/** The bindings that the code generator writes for a module of `modules/`, compiled. */
export function bindingsOf(module: string): Promise<Bindings> {
  const known = made.get(module);
  if (known) return known;
  const making = bundled(module).then(compileBindings);
  made.set(module, making);
  return making;
}

/** The bindings of a bundle, compiled and imported. */
export async function compileBindings(bundle: string): Promise<Bindings> {
  // Inside node_modules, so that they find the same `spacetimedb` as this test.
  const parent = fileURLToPath(new URL('../../../node_modules/.helix-test-modules/', import.meta.url));
  mkdirSync(parent, { recursive: true });
  const folder = mkdtempSync(join(parent, 'bindings-'));
  for (const [path, text] of generateTypeScript(await describeModule(bundle))) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  const outfile = join(folder, 'bindings.mjs');
  await build({
    ...{ entryPoints: [join(folder, 'index.ts')], outfile, bundle: true, format: 'esm', platform: 'node' },
    ...{ packages: 'external', target: 'node20', logLevel: 'error' },
  });
  return (await import(/* @vite-ignore */ pathToFileURL(outfile).href)) as Bindings;
}

export interface ConnectOptions {
  readonly token?: string;
  readonly compression?: 'gzip' | 'none';
  readonly confirmed?: boolean;
  readonly onDisconnect?: (error?: Error) => void;
}

/** Connects with the official client. Rejects with what the client says when it cannot. */
export function connect(
  host: TestHost,
  bindings: Bindings,
  name: string,
  options: ConnectOptions = {},
): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const builder = bindings.DbConnection.builder()
      .withUri(host.url)
      .withDatabaseName(name)
      .withToken(options.token)
      .withCompression(options.compression ?? 'gzip')
      .onConnect((connection) => {
        host.onClose(() => connection.disconnect());
        resolve(connection);
      })
      .onConnectError((_context, error) => reject(error))
      .onDisconnect((_context, error) => {
        options.onDisconnect?.(error);
        reject(error ?? new Error('disconnected'));
      });
    if (options.confirmed !== undefined) builder.withConfirmedReads(options.confirmed);
    builder.build();
  });
}

/** Subscribes, and resolves with the handle when the rows are there. */
export function subscribe(connection: Connection, ...queries: unknown[]): Promise<Subscription> {
  return new Promise((resolve, reject) => {
    const handle: Subscription = connection
      .subscriptionBuilder()
      .onApplied(() => resolve(handle))
      .onError((context) => reject(context.event ?? new Error('the subscription failed')))
      .subscribe(queries);
  });
}

export function rowsOf(connection: Connection, table: string): Row[] {
  return [...tableOf(connection, table).iter()];
}

export function tableOf(connection: Connection, table: string): Table {
  const found = connection.db[table];
  if (!found) throw new Error(`the bindings have no table ${table}, only ${Object.keys(connection.db)}`);
  return found;
}

/** Calls a reducer and returns what went wrong, or undefined. */
export async function failureOf(call: Promise<unknown> | undefined): Promise<Error | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    return error as Error;
  }
}

/** Waits until a condition holds. */
export async function until<T>(what: string, probe: () => T | Promise<T>, timeoutMs = 25_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await probe();
    if (found) return found;
    if (Date.now() > deadline) throw new Error(`waited ${timeoutMs} ms in vain until ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
