import { generateKeyPairSync } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect as dial } from 'node:net';
import { CompactSign, exportJWK } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { identityOf, identityToHex } from '../../engine/serve/identity/identity.ts';
import { until } from './support/client.ts';
import { TestHost } from './support/host.ts';
import { RawClient } from './support/raw.ts';

let host: TestHost;
let provider: Server;
let issuer: string;
let keys = newKeys('first');
beforeAll(async () => {
  provider = createServer(async (request, response) => {
    const document = request.url?.endsWith('/openid-configuration')
      ? { issuer, jwks_uri: `${issuer}/jwks` }
      : { keys: [{ ...(await exportJWK(keys.pair.publicKey)), kid: keys.kid, alg: 'ES256' }] };
    response.setHeader('content-type', 'application/json').end(JSON.stringify(document));
  });
  await new Promise<void>((resolve) => provider.listen(0, '127.0.0.1', resolve));
  issuer = `http://127.0.0.1:${(provider.address() as AddressInfo).port}`;
  host = await TestHost.start({ callMsMax: 500, issuers: [issuer] });
  await host.publish('basic', 'basic');
});
afterAll(async () => {
  provider.closeAllConnections();
  provider.close();
  await host.close();
});

function newKeys(kid: string) {
  return { kid, pair: generateKeyPairSync('ec', { namedCurve: 'P-256' }) };
}

function sign({ kid, pair }: ReturnType<typeof newKeys>, claims: object): Promise<string> {
  const text = Buffer.from(JSON.stringify({ iss: issuer, ...claims }));
  return new CompactSign(text).setProtectedHeader({ alg: 'ES256', kid }).sign(pair.privateKey);
}

/** Sends bytes as they are and answers with what comes back until the host closes. */
function raw(text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(host.url);
    const socket = dial(Number(port), hostname, () => socket.write(text));
    let answer = '';
    socket.on('data', (chunk) => {
      answer += chunk.toString('latin1');
    });
    socket.on('error', reject);
    socket.on('close', () => resolve(answer));
  });
}

describe('tokens', () => {
  it.each([['Basic dXNlcjpwYXNz'], ['Bearer'], ['Bearer two words'], ['token'], ['Bearer x.y.z']])(
    '[TOKEN3] an Authorization header of %j is a 401 with a text everywhere',
    async (authorization) => {
      const headers = { authorization, 'content-type': 'application/json' };
      for (const [method, path] of [
        ['POST', '/v1/database/basic/call/nothing'],
        ['POST', '/v1/database/basic/sql'],
        ['GET', '/v1/database/basic/logs'],
        ['GET', '/v1/database/basic/schema?version=10'],
        ['PUT', '/v1/database/other'],
        ['POST', '/v1/identity/websocket-token'],
        ['DELETE', '/v1/database/basic'],
      ] as const) {
        const { status, text } = await host.ask(method, path, {
          headers,
          token: null,
          ...(method === 'GET' ? {} : { body: '[]' }),
        });
        expect([path, status, text]).toEqual([path, 401, expect.stringMatching(/.+/)]);
      }
    },
  );

  it('[TOKEN5] of a named issuer are accepted, over HTTP and WebSocket, also after it changed its keys', async () => {
    const token = await sign(keys, { sub: 'ada' });
    const identity = identityToHex(identityOf(issuer, 'ada'));
    const verify = (text: string) => host.ask('GET', `/v1/identity/${identity}/verify`, { token: text });
    expect((await verify(token)).status).toBe(204);
    const client = await RawClient.open(host, 'basic', { token });
    expect((await client.next()).value.identity.toHexString()).toBe(identity);
    const short = await host.ask('POST', '/v1/identity/websocket-token', { token });
    expect((await verify((short.json as { token: string }).token)).status).toBe(204);
    for (const claims of [
      { sub: '' },
      { sub: 'x'.repeat(129) },
      { sub: 'ada', exp: 1 },
      { sub: 'ada', hex_identity: '0'.repeat(64) },
    ]) {
      expect((await verify(await sign(keys, claims))).status).toBe(401);
    }
    keys = newKeys('second');
    const renewed = await sign(keys, { sub: 'ada' });
    await until('the new keys are known', async () => (await verify(renewed)).status === 204, 20_000);
  }, 30_000);

  it('[TOKEN5] of an issuer that nobody named are refused without asking it', async () => {
    const { status, text } = await host.ask('GET', `/v1/identity/${'0'.repeat(64)}/verify`, {
      token: await sign(keys, { iss: 'http://127.0.0.1:1', sub: 'eve' }),
    });
    expect([status, text]).toEqual([401, expect.stringContaining('is not one of the issuers that this server trusts')]);
  });
});

describe('answers', () => {
  it.each([
    ['refuse', '["no"]', 530],
    ['crash', '[]', 530],
    ['add', '[]', 400],
    ['nothing', '[]', 200],
  ])('[HTTP6] a call of %s says how long it took', async (fn, body, status) => {
    const answer = await host.ask('POST', `/v1/database/basic/call/${fn}`, {
      body,
      headers: { 'content-type': 'application/json' },
    });
    expect(answer.status).toBe(status);
    expect(answer.headers.get('spacetime-execution-duration-micros')).toMatch(/^\d+$/);
    expect(answer.headers.get('spacetime-energy-used')).toBe('0');
  });

  it('[HTTP1] energy is free', async () => {
    expect((await host.ask('GET', `/v1/energy/${'0'.repeat(64)}`)).json).toEqual({ balance: '0' });
  });

  it.each([
    ['TRACE', '/v1/database/basic/route/x'],
    ['CONNECT', '127.0.0.1:1'],
    ['TRACE', '/v1/ping'],
    ['GET', '/v1/database/%E0%A4%A/schema?version=10'],
    ['GET', '/v1/database/%00'],
    ['GET', '//'],
    ['GET', '/v1/database/basic/sql?token=%'],
    ['PURGE', '/v1/database/basic'],
  ])('[HTTP7] %s %s is answered with a client’s error or not at all, and the host goes on', async (method, path) => {
    const answer = await raw(`${method} ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
    expect(answer).toMatch(/^$|^HTTP\/1\.1 4\d\d /);
    expect((await host.ask('GET', '/v1/ping')).status).toBe(200);
  });
});
