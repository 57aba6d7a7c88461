import { request } from 'node:http';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { WebSocket } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lockFile } from '../../engine/index.ts';
import { serviceOf } from '../../infra/tunnel/gate/services.ts';
import { startLimb } from '../../limbs/index.ts';
import { type PythonEndpoint, servePythonOverHttp } from '../../limbs/mcp/index.ts';
import { Sandbox } from '../../limbs/sandbox/index.ts';
import { TestHub as MeshHub } from '../../limbs/testing/hub.ts';
import { connectTo, startTestHub, subscribe, type TestHub } from '../support/hub.ts';
import { type Answering, openAnswering } from './answering.ts';
import { gateToken, openThrough, type Through } from './through.ts';

globalThis.WebSocket ??= WebSocket as unknown as typeof globalThis.WebSocket;

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** As no client of HTTP would: the path and the Host as they are given. */
function ask(address: string, path: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  const { hostname, port, host } = new URL(address);
  return new Promise((resolve, reject) => {
    request({ hostname, port, path, method, headers: { host, ...headers }, agent: false }, (answer) => {
      let text = '';
      answer.setEncoding('utf8').on('data', (part: string) => {
        text += part;
      });
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, text }));
    })
      .on('error', reject)
      .end();
  });
}

const portOf = (url: string) => Number(new URL(url).port);
const statusOf = async (...args: Parameters<typeof ask>) => (await ask(...args)).status;
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const upgrade = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
  'sec-websocket-protocol': 'v2.bsatn.spacetimedb',
};

describe('a hub behind a tunnel', () => {
  let hub: TestHub;
  let through: Through;
  let token: string;
  beforeAll(async () => {
    hub = await startTestHub({ fallback: () => new Response('the web face') });
    token = hub.host.operator.token;
    through = await openThrough({ hub: portOf(hub.host.url) });
  });
  afterAll(async () => {
    await through.close();
    await hub.close();
  });

  it('serves whoever has a token, over HTTP and WebSocket', async () => {
    const { address } = through;
    expect(await statusOf(address, '/v1/database/helix/schema?version=9', bearer(token))).toBe(200);
    const connection = await connectTo(address, token);
    await subscribe(connection, 'SELECT * FROM members');
    connection.disconnect();
  });

  it.each([
    ['/v1/ping', 'GET'],
    ['/v1/identity', 'POST'],
    ['/v1/identity/redeem', 'POST'],
    ['/v1/identity/public-key', 'GET'],
    ['/v1/database/helix/schema?version=9', 'GET'],
    ['/v1/database/helix/call/redeem_invite', 'POST'],
    ['/v1/database/helix/sql', 'POST'],
    ['/v1/database/helix/mcp', 'POST'],
    ['/v1/database/helix/route/hooks?id=1', 'POST'],
    ['/v1/database/helix/schema', 'OPTIONS'],
    ['/v1/status', 'GET'],
  ])('asks for a token at %s', async (path, method) => {
    const answer = await ask(through.address, path, {}, method);
    expect(answer).toEqual({ status: 401, text: expect.stringContaining('needs a token of the hub') });
    expect(await statusOf(through.address, path, bearer('junk'), method)).toBe(401);
    expect(await statusOf(through.address, path, bearer(gateToken), method)).toBe(401);
  });

  it('asks for a token before it joins a WebSocket', async () => {
    const path = '/v1/database/helix/subscribe';
    expect(await statusOf(through.address, path, upgrade)).toBe(401);
    expect(await statusOf(through.address, `${path}?token=junk`, upgrade)).toBe(401);
    await expect(connectTo(through.address)).rejects.toBeDefined();
  });

  it.each([
    ['/v1/database', 'POST'],
    ['/v1/database/other', 'PUT'],
    ['/v1/database/helix', 'PUT'],
    ['/v1/database/helix', 'DELETE'],
    ['/v1/database/helix/pre_publish', 'POST'],
    ['/v1/database/helix/reset', 'PUT'],
    ['/v1/database/helix/names', 'PUT'],
    ['/v1/database/helix/lock', 'POST'],
    ['/v1/database/helix/fork', 'POST'],
  ])('brings no module into the hub: %s, %s', async (path, method) => {
    const answer = await ask(through.address, path, bearer(token), method);
    expect(answer).toEqual({ status: 403, text: expect.stringContaining('not through a tunnel') });
  });

  it.each([
    ...['/', '/index.html', '/_/', '/metrics', '/v1/metrics', '/v1/prometheus/sd', '/hooks/1', '/v1', '/mcp'],
    '/healthz',
  ])('has nothing at %s, with or without a token', async (path) => {
    expect(await statusOf(through.address, path)).toBe(404);
    expect(await statusOf(through.address, path, bearer(token))).toBe(404);
  });

  it.each([
    '/v1/../metrics',
    '/v1/%2e%2e/metrics',
    '//metrics',
    '/v1//metrics',
    '/v1/%6detrics',
    '/v1/./metrics',
    '/v1\\metrics',
  ])('refuses a path that could be read in two ways: %s', async (path) => {
    expect(await statusOf(through.address, path, bearer(token))).toBe(400);
  });

  it('is not reached by another name, such as one that a page has led to it', async () => {
    const { port } = new URL(through.address);
    const path = '/v1/database/helix/schema?version=9';
    for (const host of ['evil.example', `localhost:${port}`, `127.0.0.1:${through.gate.port}`, '127.0.0.1']) {
      const answer = await ask(through.address, path, { ...bearer(token), host });
      expect(answer).toEqual({ status: 421, text: expect.stringContaining('Host header is not that of this tunnel') });
      expect(await statusOf(through.address, path, { ...bearer(token), ...upgrade, host })).toBe(421);
    }
  });

  it('takes no token any more once the hub does not', async () => {
    const other = await startTestHub();
    const { address, close } = await openThrough({ hub: portOf(other.host.url) });
    expect(await statusOf(address, '/v1/ping', bearer(other.host.operator.token))).toBe(200);
    expect(await statusOf(address, '/v1/ping', bearer(token))).toBe(401);
    await other.close();
    expect(await statusOf(address, '/v1/ping', bearer(`${token}x`))).toBe(502);
    await close();
  });
});

describe('what an operator opens', () => {
  let hub: TestHub;
  beforeAll(async () => {
    hub = await startTestHub({ fallback: () => new Response('the web face') });
  });
  afterAll(() => hub.close());

  it('web: the files of the web face, and nothing else', async () => {
    const { address, close } = await openThrough({ hub: portOf(hub.host.url) }, { web: true });
    expect(await ask(address, '/tasks')).toEqual({ status: 200, text: 'the web face' });
    for (const path of ['/_/', '/_', '/metrics']) expect(await statusOf(address, path)).toBe(404);
    for (const path of ['/v1/ping', '/v1/identity/public-key', '/hooks/1'])
      expect(await statusOf(address, path)).toBe(401);
    expect(await statusOf(address, '/tasks', {}, 'POST')).toBe(401);
    await close();
  });

  it('pairing: a limb that has only a code becomes one and works; a minute has room for sixty newcomers', async () => {
    const mesh = await MeshHub.open();
    const { address, close } = await openThrough({ hub: portOf(mesh.address.url) }, { pairing: true });
    const limb = await startLimb(
      {
        folder: join(mesh.folder, 'limb'),
        lockFile,
        hub: { url: address, database: 'helix' },
        name: 'far',
        version: '0',
        pairCode: await mesh.pairCode(),
        env: {},
        log: () => {},
      },
      async () => ({
        skills: [],
        model: '',
        sandbox: '',
        memoryFacts: async () => ({ documentCount: 0, chunkCount: 0, byteCount: 0, engine: 'none' }),
        close: async () => {},
      }),
    );
    await expect
      .poll(() => [...mesh.owner.db.limbs.iter()], { timeout: 20_000 })
      .toMatchObject([{ name: 'far', online: true }]);
    await limb.stop();
    for (const path of ['/v1/identity/public-key', '/v1/database/helix/schema']) {
      expect(await statusOf(address, path)).toBe(401);
    }
    const statuses = new Set<number>();
    for (let request = 0; request < 150 && !statuses.has(429); request++)
      statuses.add(await statusOf(address, '/v1/ping'));
    expect([...statuses]).toEqual([200, 429]);
    await close();
    await mesh.close();
  });

  it('webhooks: what is sent to them, whose signature the hub checks', async () => {
    const { address, close } = await openThrough({ hub: portOf(hub.host.url) }, { webhooks: true });
    // This hub's fallback stands for the receiver.
    expect(await ask(address, '/hooks/7', {}, 'POST')).toEqual({ status: 200, text: 'the web face' });
    expect(await statusOf(address, '/hooks/7')).toBe(401);
    expect(await statusOf(address, '/hooks/x', {}, 'POST')).toBe(404);
    expect(await statusOf(address, '/v1/database/helix/route/hooks?id=7', {}, 'POST')).toBe(401);
    await close();
  });
});

describe("a limb's services behind a tunnel", () => {
  const mcpToken = 'm'.repeat(43);
  let sandbox: Sandbox;
  let endpoint: PythonEndpoint;
  let metrics: Answering;
  let through: Through;
  beforeAll(async () => {
    sandbox = await Sandbox.open();
    const onError = (message: string) => {
      throw new Error(message);
    };
    endpoint = await servePythonOverHttp(sandbox, { version: '1', port: 0, token: mcpToken, onError });
    metrics = await openAnswering('helix_limb_connected 1');
    through = await openThrough({ mcp: Number(new URL(endpoint.url).port), metrics: metrics.port });
  }, 120_000);
  afterAll(async () => {
    await through.close();
    await metrics.close();
    await endpoint.close();
    await sandbox.close();
  });

  it('run Python for an MCP client that has the token, by the name of the tunnel', async () => {
    const client = new Client({ name: 'test', version: '1' });
    const url = new URL('/mcp', through.address);
    const requestInit = { headers: bearer(mcpToken) };
    await client.connect(new StreamableHTTPClientTransport(url, { requestInit }) as Transport);
    const result = await client.callTool({ name: 'run_python', arguments: { code: 'print(6 * 7)' } });
    expect(result.structuredContent).toMatchObject({ stdout: '42\n' });
    await client.close();
  });

  it('run nothing without the token, for a page of any origin, or by another name', async () => {
    const json = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    const post = (headers: Record<string, string>) => ask(through.address, '/mcp', { ...json, ...headers }, 'POST');
    expect(await post({})).toMatchObject({ status: 401 });
    expect(await post(bearer('m'.repeat(42)))).toMatchObject({ status: 401 });
    expect(await post(bearer(gateToken))).toMatchObject({ status: 401 });
    for (const origin of [through.address, 'https://evil.example', 'null']) {
      const answer = await post({ ...bearer(mcpToken), origin });
      expect(answer).toEqual({ status: 403, text: expect.stringContaining('no page of a browser may run Python') });
    }
    expect(await post({ ...bearer(mcpToken), host: 'evil.example' })).toMatchObject({ status: 421 });
    expect(await post({ ...bearer(mcpToken), host: new URL(endpoint.url).host })).toMatchObject({ status: 421 });
  });

  it('tell their figures to whoever has the token of the tunnel', async () => {
    expect(await ask(through.address, '/metrics', bearer(gateToken))).toEqual({
      status: 200,
      text: 'helix_limb_connected 1',
    });
    expect(await statusOf(through.address, '/healthz', bearer(gateToken))).toBe(200);
    expect(await statusOf(through.address, '/metrics')).toBe(401);
    expect(await statusOf(through.address, '/metrics', bearer(mcpToken))).toBe(401);
    expect(await statusOf(through.address, `/metrics?token=${gateToken}`)).toBe(401);
  });

  it('are all that is there: no hub was exposed', async () => {
    for (const path of ['/', '/v1/ping', '/v1/identity']) {
      expect(await statusOf(through.address, path, bearer(gateToken))).toBe(404);
    }
  });
});

describe('the service of a path', () => {
  it('is one that was exposed', () => {
    const services = { hub: 1, mcp: 2, metrics: 3 };
    const openings = { web: true, pairing: false, webhooks: false };
    expect(serviceOf('/mcp', services, openings)).toBe('mcp');
    expect(serviceOf('/metrics', services, openings)).toBe('metrics');
    expect(serviceOf('/mcp/x', services, openings)).toBe('hub');
    expect(serviceOf('/metrics', { hub: 1 }, openings)).toBeUndefined();
    expect(serviceOf('/mcp', { metrics: 3 }, openings)).toBeUndefined();
  });
});
