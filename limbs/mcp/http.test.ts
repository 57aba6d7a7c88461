import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { connect } from 'node:net';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Sandbox } from '../sandbox/index.ts';
import { listeningAddresses } from '../testing/listening.ts';
import { type PythonEndpoint, servePythonOverHttp } from './http.ts';
import { sessionsMax } from './sessions.ts';

const token = randomBytes(32).toString('base64url');
const errors: string[] = [];
let sandbox: Sandbox;
let endpoint: PythonEndpoint;
let port: number;
beforeAll(async () => {
  sandbox = await Sandbox.open();
  const onError = (message: string) => errors.push(message);
  endpoint = await servePythonOverHttp(sandbox, { version: '1', port: 0, token, onError });
  port = Number(new URL(endpoint.url).port);
}, 120_000);
afterAll(async () => {
  await endpoint.close();
  await sandbox.close();
  expect(errors).toEqual([]);
});

const bearer = { authorization: `Bearer ${token}` };
const json = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
const initialize = JSON.stringify({
  jsonrpc: '2.0',
  id: 1,
  method: 'initialize',
  params: { protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'raw', version: '1' } },
});
const callTool = JSON.stringify({
  jsonrpc: '2.0',
  id: 2,
  method: 'tools/call',
  params: { name: 'run_python', arguments: { code: 'print(1)' } },
});

describe('run_python over HTTP', () => {
  it('answers the official client in text and in structure, line by line', async () => {
    const client = await officialClient();
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual(['run_python']);
    const heard: (string | undefined)[] = [];
    const code = 'for n in range(3): print(n)';
    const call = { name: 'run_python', arguments: { code } };
    const result = await client.callTool(call, undefined, { onprogress: ({ message }) => heard.push(message) });
    expect(result.structuredContent).toMatchObject({ outcome: 'exited', exitCode: 0, stdout: '0\n1\n2\n' });
    expect(heard.join('')).toBe('0\n1\n2\n');
    await client.close();
  });

  it('stops a program that its client cancels', async () => {
    const client = await officialClient();
    const aborting = new AbortController();
    const call = { name: 'run_python', arguments: { code: 'print("begun")\nwhile True: pass', timeout_ms: 100_000 } };
    const running = client.callTool(call, undefined, {
      signal: aborting.signal,
      onprogress: () => aborting.abort('no longer wanted'),
    });
    await expect(running).rejects.toThrow();
    const after = await client.callTool({ name: 'run_python', arguments: { code: 'print("next")' } });
    expect(after.structuredContent).toMatchObject({ stdout: 'next\n' });
    await client.close();
  });

  it('offers nothing but the one tool: no resources, prompts or methods of other servers', async () => {
    const client = await officialClient();
    expect(Object.keys(client.getServerCapabilities() ?? {})).toEqual(['tools']);
    await expect(client.listResources()).rejects.toThrow();
    await expect(client.listPrompts()).rejects.toThrow();
    const unknown = await client.callTool({ name: 'run_shell', arguments: { command: 'id' } });
    expect(unknown).toMatchObject({ isError: true });
    await client.close();
  });

  it.runIf(existsSync('/proc/self/net/tcp'))('listens on loopback only', () => {
    const addresses = listeningAddresses();
    expect(addresses).toContain(`127.0.0.1:${port}`);
    expect(addresses.filter((address) => !address.startsWith('127.0.0.1:'))).toEqual([]);
  });

  it('refuses a token that could be guessed, and a port that is taken', async () => {
    const options = { version: '1', onError: () => {} };
    const short = servePythonOverHttp(sandbox, { ...options, port: 0, token: 'x'.repeat(31) });
    await expect(short).rejects.toMatchObject({ code: 'invalid-token' });
    const spaced = servePythonOverHttp(sandbox, { ...options, port: 0, token: 'x '.repeat(32) });
    await expect(spaced).rejects.toMatchObject({ code: 'invalid-token' });
    await expect(servePythonOverHttp(sandbox, { ...options, port, token })).rejects.toMatchObject({ code: 'mcp-port' });
  });
});

describe('an attack on run_python over HTTP', () => {
  const attacks: [name: string, status: number, options: Asked | (() => Asked)][] = [
    ['a page whose name leads to this machine (rebinding)', 403, () => ({ headers: { host: `evil.example:${port}` } })],
    ['a Host without the port', 403, { headers: { host: '127.0.0.1' } }],
    ['a Host that begins like ours', 403, { headers: { host: '127.0.0.1.evil.example' } }],
    ['a page of a browser, by its Origin', 403, { headers: { origin: 'http://evil.example' } }],
    ['a page of a file or a frame, by its Origin', 403, { headers: { origin: 'null' } }],
    ['a page on this machine, by its Origin', 403, { headers: { origin: 'http://127.0.0.1:3000' } }],
    [
      "a page's question before a request of another origin",
      403,
      { method: 'OPTIONS', headers: { origin: 'http://x' } },
    ],
    ['no token', 401, { headers: { authorization: '' } }],
    ['a wrong token', 401, { headers: { authorization: `Bearer ${randomBytes(32).toString('base64url')}` } }],
    ['the start of the token', 401, { headers: { authorization: `Bearer ${token.slice(0, -1)}` } }],
    ['the token with more after it', 401, { headers: { authorization: `Bearer ${token}x` } }],
    ['the token as a password', 401, { headers: { authorization: `Basic ${btoa(`x:${token}`)}` } }],
    ['an empty token', 401, { headers: { authorization: 'Bearer ' } }],
    ['a token of 16,000 characters', 401, { headers: { authorization: `Bearer ${'x'.repeat(12_000)}` } }],
    ['the token in the address', 404, { path: `/mcp?token=${token}`, headers: { authorization: '' } }],
    ['another path', 404, { path: '/mcp/../etc/passwd' }],
    ['an address of another server (as a proxy)', 404, { path: 'http://example.com/mcp' }],
    ['a method of no protocol', 405, { method: 'PUT', body: '{}' }],
    ['TRACE, which would show the token', 405, { method: 'TRACE' }],
    ['GET without a session', 400, { method: 'GET' }],
    ['GET of a session of somebody else, guessed', 404, { method: 'GET', headers: { 'mcp-session-id': 'guess' } }],
    ['DELETE without a session', 400, { method: 'DELETE' }],
    ['DELETE of a session, guessed', 404, { method: 'DELETE', headers: { 'mcp-session-id': '../../1' } }],
    ['a call without a session', 400, { body: callTool }],
    ['a call in a session, guessed', 404, { body: callTool, headers: { 'mcp-session-id': 'constructor' } }],
    ['no JSON', 400, { body: '{"jsonrpc":' }],
    ['JSON that is no message', 400, { body: '{"__proto__":{"method":"initialize"}}' }],
    ['a form of a web page', 415, { headers: { 'content-type': 'text/plain' } }],
    ['a body of 3 MiB', 413, { body: JSON.stringify({ jsonrpc: '2.0', method: 'x'.repeat(3 * 2 ** 20) }) }],
    ['1,000 messages in one', 400, { body: JSON.stringify(Array(1000).fill(JSON.parse(callTool))) }],
  ];

  it.each(attacks)('is refused: %s', async (_name, status, options) => {
    const asked = typeof options === 'function' ? options() : options;
    const answered = await ask({ ...asked, headers: { ...bearer, ...json, ...asked.headers } });
    expect(answered.status).toBe(status);
    expect(answered.text).not.toContain(token);
    expect(answered.headers['mcp-session-id']).toBeUndefined();
    expect(answered.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('is refused before its body is read, when it has no token', async () => {
    const socket = connect(port, '127.0.0.1');
    let heard = '';
    socket.on('data', (bytes) => {
      heard += bytes;
    });
    socket.on('error', () => {});
    // Never sends the gigabyte that it promises.
    socket.write(`POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Length: 1000000000\r\n\r\n{`);
    await once(socket, 'close');
    expect(heard).toMatch(/^HTTP\/1\.1 401 /);
  });

  it('has no request smuggled in after another', async () => {
    const socket = connect(port, '127.0.0.1');
    let heard = '';
    socket.on('data', (bytes) => {
      heard += bytes;
    });
    socket.on('error', () => {});
    const both = 'Content-Length: 4\r\nTransfer-Encoding: chunked';
    socket.write(`POST /mcp HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n${both}\r\n\r\n0\r\n\r\nGET /mcp HTTP/1.1\r\n\r\n`);
    await once(socket, 'close');
    expect(heard.match(/^HTTP\/1\.1 \d+/gm)).toEqual(['HTTP/1.1 400']);
  });

  it('opens 1,000 sessions: only the newest of them are kept', async () => {
    const open = async () =>
      (await ask({ headers: { ...bearer, ...json }, body: initialize })).headers['mcp-session-id'];
    const ids: string[] = [];
    while (ids.length < 1000) ids.push(...(await Promise.all(Array.from({ length: 20 }, open))).map(String));
    expect(new Set(ids).size).toBe(1000);
    const call = (id: string | undefined) => ({ ...bearer, ...json, 'mcp-session-id': id });
    expect((await ask({ headers: call(ids[0]), body: callTool })).status).toBe(404);
    const answered = await ask({ headers: call(ids.at(-1)), body: callTool });
    expect(answered.status).toBe(200);
    expect(answered.text).toContain('"stdout":"1\\n"');
  });

  it('keeps open as many sessions as there may be: those go on, and no more begin', async () => {
    const clients = await Promise.all(Array.from({ length: sessionsMax }, officialClient));
    // Each keeps a stream open, so none of them is in nobody's use.
    await expect.poll(async () => (await ask({ headers: { ...bearer, ...json }, body: initialize })).status).toBe(503);
    const result = await clients[0]?.callTool({ name: 'run_python', arguments: { code: 'print("still here")' } });
    expect(result?.structuredContent).toMatchObject({ stdout: 'still here\n' });
    await Promise.all(clients.map((client) => client.close()));
    await expect.poll(async () => (await ask({ headers: { ...bearer, ...json }, body: initialize })).status).toBe(200);
  });
});

async function officialClient(): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' });
  const transport = new StreamableHTTPClientTransport(new URL(endpoint.url), { requestInit: { headers: bearer } });
  await client.connect(transport as Transport);
  return client;
}

type Asked = RequestOptions & { readonly body?: string };

interface Answered {
  readonly status: number | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly text: string;
}

/** Asks as nobody's library would: any method, path and header; a POST of the start of a session unless it says otherwise. */
async function ask({ body = initialize, ...options }: Asked): Promise<Answered> {
  const headers = Object.fromEntries(Object.entries(options.headers ?? {}).filter(([, value]) => value !== ''));
  const request = httpRequest({
    host: '127.0.0.1',
    port,
    method: 'POST',
    path: '/mcp',
    agent: false,
    ...options,
    headers,
  });
  request.on('error', () => {});
  request.end(options.method === undefined || options.method === 'PUT' ? body : undefined);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  let text = '';
  for await (const chunk of response) text += chunk;
  return { status: response.statusCode, headers: response.headers, text };
}
