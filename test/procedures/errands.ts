import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { bundleModule, type HostOptions } from '../../engine/index.ts';
import { type Bindings, type Connection, compileBindings, connect } from '../conformance/support/client.ts';
import { TestHost } from '../conformance/support/host.ts';
import { World } from './world.ts';

export const world = new World();
export let errands: string;
let bindings: Bindings;
beforeAll(async () => {
  await world.open();
  errands = await bundleModule(fileURLToPath(new URL('../fixtures/errands.ts', import.meta.url)));
  bindings = await compileBindings(errands);
});
afterAll(() => world.close());

const hosts: TestHost[] = [];
afterEach(async () => {
  world.requests.length = 0;
  world.answer = (_, response) => response.end('pong');
  await Promise.all(hosts.splice(0).map((host) => host.close()));
});

export async function start(options: Partial<HostOptions> = {}): Promise<TestHost> {
  const host = await TestHost.start({ egress: 'anywhere', ...options });
  hosts.push(host);
  await publish(host, errands);
  return host;
}

export async function publish(host: TestHost, bundle: string): Promise<void> {
  expect((await host.tryPublish('errands', bundle)).status).toBe(200);
}

export function enter(host: TestHost): Promise<Connection> {
  return connect(host, bindings, 'errands');
}

export function procedure(connection: Connection, name: string, args?: object): Promise<unknown> {
  const call = connection.procedures[name];
  if (!call) throw new Error(`the bindings have no procedure ${name}, only ${Object.keys(connection.procedures)}`);
  return call(args);
}

/** The official client's own way to call by name. */
export interface Calls {
  callProcedure(name: string, args: Uint8Array): Promise<Uint8Array>;
}

/** Why a procedure did not end well: the official client rejects with the text itself. */
export function refusalOf(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    (value) => expect.fail(`it ended well, with ${value}`),
    (reason: unknown) => reason,
  );
}

export function reducer(connection: Connection, name: string, args?: object): Promise<void> {
  const call = connection.reducers[name];
  if (!call) throw new Error(`the bindings have no reducer ${name}, only ${Object.keys(connection.reducers)}`);
  return call(args);
}

export async function notes(host: TestHost): Promise<unknown[]> {
  return (await host.rows('errands', 'SELECT text FROM note')).map((row) => (row as unknown[])[0]);
}

export async function messages(host: TestHost): Promise<string[]> {
  return (await host.logs('errands')).map(({ message }) => message);
}

export const fatal = 'The instance encountered a fatal error.';
