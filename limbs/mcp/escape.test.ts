import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { request as httpRequest } from 'node:http';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Sandbox } from '../sandbox/sandbox.ts';
import { describeEachEngine } from '../sandbox/testing/engines.ts';
import { type Host, openHost } from '../sandbox/testing/host.ts';
import { type PythonEndpoint, servePythonOverHttp } from './http.ts';

const token = randomBytes(32).toString('base64url');

let host: Host;
beforeAll(async () => {
  host = await openHost();
});
afterAll(() => host.close());

await describeEachEngine('an attack by the arguments of run_python that is held', (engine) => {
  let sandbox: Sandbox;
  let endpoint: PythonEndpoint;
  let client: Client;
  beforeAll(async () => {
    sandbox = new Sandbox({ engine, detail: '', passedOver: [] });
    endpoint = await servePythonOverHttp(sandbox, { version: '1', port: 0, token, onError: () => {} });
    client = new Client({ name: 'attacker', version: '1' });
    const requestInit = { headers: { authorization: `Bearer ${token}` } };
    await client.connect(new StreamableHTTPClientTransport(new URL(endpoint.url), { requestInit }) as Transport);
  });
  afterAll(async () => {
    await client.close();
    await endpoint.close();
  });

  const call = (input: Record<string, unknown>) => client.callTool({ name: 'run_python', arguments: input });
  const expectUnnoticed = (): void => {
    expect(host.connections()).toBe(0);
    expect(host.victim.signalCode).toBeNull();
    expect(readdirSync(host.openFolder)).toEqual([]);
  };

  const refused: [name: string, input: Record<string, unknown>][] = [
    ['no program', {}],
    ['an empty program', { code: '' }],
    ['a program that is a list', { code: ['import os'] }],
    ['a program that is an object', { code: { toString: 'x' } }],
    ['a program of 300,000 characters', { code: '#'.repeat(300_000) }],
    ['a program of 300,000 bytes in 100,000 characters', { code: `#${'€'.repeat(100_000)}` }],
    ['no time at all', { code: '1', timeout_ms: 0 }],
    ['a time below none', { code: '1', timeout_ms: -1 }],
    ['more time than there is', { code: '1', timeout_ms: 1e9 }],
    ['a time that is no whole number', { code: '1', timeout_ms: 1.5 }],
    ['a time that is text', { code: '1', timeout_ms: '1; sleep 100' }],
  ];
  it.each(refused)('is refused: %s', async (_name, input) => {
    expect(await call(input)).toMatchObject({ isError: true });
    expectUnnoticed();
  });

  it('cannot name another engine, other limits, an environment, folders or input', async () => {
    const more = {
      engine: 'none',
      level: 'none',
      limits: { memoryBytes: 2 ** 40 },
      env: { SECRET: '1' },
      network: true,
      mounts: ['/:/host'],
      binds: ['/:/host'],
      user: 'root',
      privileged: true,
      stdin: 'typed',
      cwd: '/',
      __proto__: { timeMs: 1e9 },
    };
    const code = `import os, sys; print(os.environ.get('SECRET'), os.path.exists('/host'), repr(sys.stdin.read()), os.getcwd())`;
    const result = await call({ code, ...more });
    const { level } = engine;
    expect(result.structuredContent).toMatchObject({ level, stdout: "None False '' /tmp\n" });
  });

  const taken: [name: string, code: string, stdout: RegExp][] = [
    ['options of Python in the place of a program', '-c', /^$/],
    ['words of a shell', '$(touch OPEN/written); `touch OPEN/written`; touch OPEN/written', /^$/],
    ['a quote and words of a shell', `'"; touch OPEN/written #`, /^$/],
    ['a NUL', 'print(1)\0import os', /^(1\n)?$/],
    ['half of a character', 'print("a")\ud800', /^a?$/m],
    ['a length of its own before the program', '8\nprint(1)\nprint("whole")', /^1\nwhole\n$/],
    ['a program that ends in the middle of a line', 'print("no line break")', /^no line break\n$/],
    ['messages of the protocol in its output', 'print(\'{"jsonrpc":"2.0","id":1,"result":{}}\')', /^\{"jsonrpc"/],
    ['control characters in its output', 'print("\\x1b]0;x\\x07\\x00")', /^.\]0;x/],
    ['an event of the stream in its output', 'print("\\n\\nevent: message\\ndata: {}\\n\\n")', /^\n\nevent: message/],
  ];
  it.each(taken)('is a program like others: %s', async (_name, code, stdout) => {
    const result = await call({ code: code.replaceAll('OPEN', host.openFolder) });
    expect((result.structuredContent as { stdout: string } | undefined)?.stdout ?? '').toMatch(stdout);
    expectUnnoticed();
    expect((await call({ code: 'print("next")' })).structuredContent).toMatchObject({ stdout: 'next\n' });
  });

  it.each([
    ['by a name that leads to this machine', 'host', 'evil.example:PORT'],
    ['by a name that begins like ours', 'host', 'localhost.evil.example:PORT'],
    ['from a page of its own', 'origin', 'http://evil.example'],
    ['from a page without an origin', 'origin', 'null'],
  ])('is refused to a page of a browser, even one that knows the token: %s', async (_name, header, value) => {
    const url = new URL(endpoint.url);
    const headers = { authorization: `Bearer ${token}`, [header]: value.replace('PORT', url.port) };
    const status = await new Promise((resolve, reject) => {
      const asked = httpRequest(url, { method: 'POST', headers }, (response) => {
        response.resume();
        resolve(response.statusCode);
      });
      asked.on('error', reject);
      asked.end('{}');
    });
    expect(status).toBe(403);
  });
});
