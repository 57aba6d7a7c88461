import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from './support/client.ts';
import { bundleOf, TestHost } from './support/host.ts';
import { RawClient } from './support/raw.ts';

let host: TestHost;
let world: Server;
/** Requests of procedures, which wait until a test answers them. */
const waiting: ServerResponse[] = [];
beforeAll(async () => {
  host = await TestHost.start({ egress: 'anywhere' });
  await host.publish('desk', 'desk');
  world = createServer((_request, response) => waiting.push(response));
  await new Promise<void>((resolve) => world.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  world.closeAllConnections();
  world.close();
  await host.close();
});

const notes = async () => ((await host.rows('desk', 'SELECT text FROM note')) as [string][]).map(([text]) => text);

describe('routes of a module', () => {
  const ask = (method: string, path: string, headers: Record<string, string> = {}) =>
    host.ask(method, `/v1/database/desk/route${path}`, { headers, token: null });

  it.each(['GET', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'])(
    '[PROC31] %s goes to a handler for any method',
    async (method) => {
      const { status, text } = await ask(method, '/any');
      expect([status, text]).toEqual([200, `page ${method}`]);
    },
  );

  it.each([
    ['GET', '/nothing'],
    ['POST', '/page'],
    ['GET', ''],
    ['GET', '/page/'],
    ['DELETE', '/own'],
  ])('[PROC31] %s %s is nobody’s', async (method, path) => {
    const { status, text, headers } = await ask(method, path);
    expect([status, text]).toEqual([404, 'Database has not registered a handler for this route']);
    expect(headers.get('access-control-allow-origin')).toBe('*');
  });

  it('[HTTP5] preflight requests go to the module where it has a handler, else the host allows any', async () => {
    const preflight = { origin: 'https://a.example', 'access-control-request-method': 'PUT' };
    const own = await ask('OPTIONS', '/own', preflight);
    expect([own.status, own.text]).toEqual([200, 'preflight']);
    expect(own.headers.get('access-control-allow-origin')).toBe('https://only.example');
    const hosts = await ask('OPTIONS', '/page', preflight);
    expect([hosts.status, hosts.text]).toEqual([204, '']);
    expect(hosts.headers.get('access-control-allow-origin')).toBe('*');
    expect(hosts.headers.get('access-control-allow-methods')).toBe('*');
    expect((await ask('GET', '/page')).headers.get('access-control-allow-origin')).toBe('*');
  });

  it('[PROC30] HEAD goes to its own handler, and has no body', async () => {
    const { status, text, headers } = await ask('HEAD', '/page');
    expect([status, text, headers.get('content-type')]).toEqual([200, '', 'text/plain']);
  });
});

describe('claims', () => {
  it('[MOD56] are there for the disconnect hook, and for a procedure that outlives its caller', async () => {
    const { token } = (await host.ask('POST', '/v1/identity', { token: null })).json as { token: string };
    const { sub } = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    const client = await RawClient.open(host, 'desk', { token });
    await client.next();
    const url = Buffer.from(`http://127.0.0.1:${(world.address() as AddressInfo).port}/`);
    const args = Buffer.concat([Buffer.alloc(4), url]);
    args.writeUInt32LE(url.length);
    client.send({ tag: 'CallProcedure', value: { requestId: 1, procedure: 'wait', args, flags: 0 } });
    await until('the procedure waits', () => waiting.length === 1);
    client.terminate();
    await until('the caller has gone', async () => (await notes()).includes(`gone ${sub}`));
    waiting.pop()?.end('now');
    await until('the procedure went on', async () => (await notes()).includes(`waited ${sub}`));
  });
});

describe('a top level that waits', () => {
  it('[MOD9] is published when what it waits for comes by itself', async () => {
    await host.call('desk', 'greet');
    expect(await notes()).toContain('awaited');
  });

  it('[MOD9] is refused with a TypeError when it never comes', async () => {
    const bundle = await bundleOf(`await new Promise(() => {});\nexport default schema({});`);
    const { status, text } = await host.tryPublish('pending', bundle);
    expect([status, text]).toEqual([
      400,
      expect.stringMatching(/^Database creation failed: .*TypeError: its top level/),
    ]);
    expect((await host.ask('GET', '/v1/database/pending')).status).toBe(404);
  });
});
