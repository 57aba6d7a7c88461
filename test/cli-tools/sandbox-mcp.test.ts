import { chmodSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport } from '@modelcontextprotocol/sdk/shared/transport.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startHelix } from '../support/process.ts';

const bin = fileURLToPath(new URL('../../cli/bin.js', import.meta.url));

describe('helix sandbox mcp', () => {
  let home: string;
  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), 'helix-mcp-'));
  });
  afterAll(() => rmSync(home, { recursive: true }));

  it('serves MCP clients that start it over standard input and output', async () => {
    const client = new Client({ name: 'test', version: '1' });
    await client.connect(new StdioClientTransport({ command: process.execPath, args: [bin, 'sandbox', 'mcp'] }));
    expect(await runs(client)).toBe('42\n');
    await client.close();
  });

  it('makes a token for clients over HTTP, never prints it, and ends when asked to', async () => {
    const helix = startHelix(['sandbox', 'mcp', '--port', '0'], { HELIX_HOME: home, HELIX_MCP_TOKEN: '' });
    const [, url = ''] = await helix.line(/^run_python is served at (\S+), in \w+ \([\w-]+\)/);
    await helix.line(/^}$/);
    const file = join(home, 'mcp.token');
    const token = readFileSync(file, 'utf8').trim();
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(helix.output()).toContain(file);

    const client = new Client({ name: 'test', version: '1' });
    const headers = { authorization: `Bearer ${token}` };
    await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit: { headers } }) as Transport);
    expect(await runs(client)).toBe('42\n');
    await client.close();

    const settings = JSON.parse(helix.output().slice(helix.output().indexOf('\n{')));
    expect(settings.mcpServers.python).toMatchObject({ type: 'http', url });
    expect(await helix.stop()).toBe(0);
    expect(helix.output()).not.toContain(token);
  });

  it.each([
    ['a token file that others may read', 'x'.repeat(40), 0o644, /Others on this machine may read .*: run `chmod 600/],
    ['a token that could be guessed', 'secret', 0o600, /The token has 6 characters: give at least 32/],
  ])('refuses %s', async (_name, text, mode, message) => {
    const file = join(home, 'own.token');
    writeFileSync(file, text);
    chmodSync(file, mode);
    const helix = startHelix(['sandbox', 'mcp', '--port', '0', '--token-file', file]);
    await helix.exited;
    expect(helix.child.exitCode).toBe(1);
    expect(helix.output()).toMatch(message);
  });
});

async function runs(client: Client): Promise<string> {
  const result = await client.callTool({ name: 'run_python', arguments: { code: 'print(6 * 7)' } });
  return (result.structuredContent as { stdout: string }).stdout;
}
