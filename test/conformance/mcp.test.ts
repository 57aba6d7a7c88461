import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleOf, TestHost } from './support/host.ts';

const source = `
const shape = t.enum('Shape', { circle: t.f64(), square: t.object('Square', { side: t.u32() }), dot: t.unit() });
const tree = t.object('Tree', { label: t.string(), get children() { return t.array(tree); } });
const drawing = table({ name: 'drawing', public: true }, { id: t.u64().primaryKey().autoInc(), name: t.string(), shape });
const hidden = table({ name: 'hidden' }, { id: t.u32().primaryKey() });
const spacetimedb = schema({ drawing, hidden });
export default spacetimedb;
export const init = spacetimedb.init((ctx) => { ctx.db.hidden.insert({ id: 7 }); });
export const draw = spacetimedb.reducer({ name: t.string(), shape, id: t.option(t.u64()) }, (ctx, { name, shape, id }) => {
  if (name === '') throw new SenderError('a drawing needs a name');
  ctx.db.drawing.insert({ id: id ?? 0n, name, shape });
});
export const sql = spacetimedb.reducer(() => {});
export const plant = spacetimedb.reducer({ tree }, () => {});
export const whoami = spacetimedb.procedure({ greeting: t.string() }, t.string(), (ctx, { greeting }) => greeting + ' ' + ctx.sender.toHexString());
`;

let host: TestHost;
const clients: Client[] = [];
beforeAll(async () => {
  host = await TestHost.start();
  expect((await host.tryPublish('studio', await bundleOf(source))).status).toBe(200);
});
afterAll(async () => {
  for (const client of clients) await client.close();
  await host.close();
});

async function connect(token?: string): Promise<Client> {
  const client = new Client({ name: 'test', version: '1' });
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const transport = new StreamableHTTPClientTransport(new URL(`${host.url}/v1/database/studio/mcp`), {
    requestInit: { headers },
  });
  // The transport's optional callbacks are not declared for exactOptionalPropertyTypes.
  await client.connect(transport as Parameters<Client['connect']>[0]);
  clients.push(client);
  return client;
}

async function use(client: Client, name: string, args: Record<string, unknown> = {}) {
  const { content, isError } = await client.callTool({ name, arguments: args });
  const [part] = content as { type: string; text: string }[];
  return { text: part?.text ?? '', isError: isError === true };
}

const rowsOf = ({ text }: { text: string }) => JSON.parse(text)[0].rows;

describe('[MCP1] the tools of a database', () => {
  it('are its callable functions with their parameters, its schema, and SQL', async () => {
    const { tools } = await (await connect()).listTools();
    expect(tools.map(({ name }) => name).sort()).toEqual(['call_sql', 'draw', 'plant', 'schema', 'sql', 'whoami']);
    const draw = tools.find(({ name }) => name === 'draw');
    expect(draw?.description).toContain('draw(name: string, shape: Shape, id: u64?)');
    expect(draw?.inputSchema).toMatchObject({
      required: ['name', 'shape'],
      properties: { name: { type: 'string' }, shape: { $ref: '#/$defs/Shape' } },
    });
    const plant = tools.find(({ name }) => name === 'plant');
    expect(plant?.inputSchema).toMatchObject({
      $defs: { Tree: { properties: { children: { type: 'array', items: { $ref: '#/$defs/Tree' } } } } },
    });
  });

  it('do what is asked, and say why when they do not', async () => {
    const client = await connect();
    for (const shape of [{ circle: 1.5 }, { square: { side: 2 } }, 'dot', { dot: [] }]) {
      expect(await use(client, 'draw', { name: 'one', shape })).toEqual({ text: '"done"', isError: false });
    }
    expect(await use(client, 'draw', { name: 'big', shape: 'dot', id: '18446744073709551615' })).toMatchObject({
      isError: false,
    });
    expect(rowsOf(await use(client, 'sql', { query: 'SELECT COUNT(*) AS n FROM drawing' }))).toEqual([[5]]);
    // A number that JavaScript cannot hold, as other clients send it.
    const draw = { name: 'draw', arguments: { name: 'exact', shape: 'dot', id: 0 } };
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: draw });
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    await host.ask('POST', '/v1/database/studio/mcp', { body: body.replace(':0}', ':12345678901234567891}'), headers });
    const exact = 'SELECT name FROM drawing WHERE id = 12345678901234567891';
    expect(rowsOf(await use(client, 'sql', { query: exact }))).toEqual([['exact']]);
    expect(await use(client, 'draw', { name: '', shape: 'dot' })).toEqual({
      text: 'a drawing needs a name',
      isError: true,
    });
    expect(await use(client, 'draw', { name: 'x' })).toEqual({
      text: expect.stringContaining('"shape" is missing'),
      isError: true,
    });
    expect(await use(client, 'sql', { query: 'SELEC' })).toMatchObject({ isError: true });
    expect(await use(client, 'call_sql')).toEqual({ text: '"done"', isError: false });
    await expect(client.callTool({ name: 'init' })).rejects.toThrow('there is no tool init');
    expect(
      await use(client, 'plant', { tree: { label: 'a', children: [{ label: 'b', children: [] }] } }),
    ).toMatchObject({ isError: false });
  });
});

describe('[MCP2] rights', () => {
  it('are those of the token: each its own identity, and the owner’s rows for the owner alone', async () => {
    const { identity, token } = (await host.ask('POST', '/v1/identity', { token: null })).json as Record<
      string,
      string
    >;
    const [stranger, owner] = [await connect(token), await connect(host.token)];
    expect((await use(stranger, 'whoami', { greeting: 'hi' })).text).toBe(JSON.stringify(`hi ${identity}`));
    const query = 'SELECT * FROM hidden';
    expect((await use(stranger, 'sql', { query })).text).toContain('no such table: `hidden`');
    expect(rowsOf(await use(owner, 'sql', { query }))).toEqual([[7]]);
    const tables = async (client: Client) =>
      JSON.parse((await use(client, 'schema')).text).tables.map(({ name }: { name: string }) => name);
    expect(await tables(stranger)).toEqual(['drawing']);
    expect(await tables(owner)).toEqual(['drawing', 'hidden']);
    expect(await use(stranger, 'sql', { query: 'DELETE FROM drawing' })).toMatchObject({ isError: true });
  });

  it('a bad token is a 401, an unknown database a 404, another method a 405, no JSON a 400', async () => {
    await expect(connect('nonsense')).rejects.toThrow();
    const headers = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };
    const body = '{"jsonrpc":"2.0","id":1,"method":"tools/list"}';
    const ask = (path: string, options: object) => host.ask('POST', path, { headers, body, ...options });
    expect((await ask('/v1/database/studio/mcp', { token: 'nonsense' })).status).toBe(401);
    expect((await ask('/v1/database/nowhere/mcp', {})).status).toBe(404);
    expect((await host.ask('GET', '/v1/database/studio/mcp')).status).toBe(405);
    const broken = await ask('/v1/database/studio/mcp', { body: '{' });
    expect([broken.status, broken.json]).toMatchObject([400, { error: { code: -32700 } }]);
    const answer = await ask('/v1/database/studio/mcp', {});
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json']);
    expect(answer.headers.get('spacetime-identity')).toBe(host.host.operator.identity.toString(16).padStart(64, '0'));
  });
});
