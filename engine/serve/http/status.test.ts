import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { identityToHex } from '../identity/identity.ts';
import { FakeDatabase } from '../testing/fake-databases.fixture.ts';
import { type Host, startHost } from '../testing/host.fixture.ts';
import { openRaw } from '../testing/raw-client.fixture.ts';

let host: Host;
beforeEach(async () => {
  host = await startHost();
});
afterEach(() => host.server.close());

interface Line {
  readonly databases: readonly {
    readonly identity: string;
    readonly names: readonly string[];
    readonly tables: readonly { readonly name: string; readonly rows: number; readonly bytes: number }[];
    readonly client_count: number;
    readonly clients: readonly { readonly identity: string; readonly since_micros: number }[];
  }[];
}

const ask = (path: string, token: string, signal?: AbortSignal) =>
  fetch(`${host.url}${path}`, { headers: { authorization: `Bearer ${token}` }, ...(signal && { signal }) });

const statusOf = async (path: string, token: string) => JSON.parse(await (await ask(path, token)).text()) as Line;

describe('[STATUS1] the status of databases', () => {
  test("lists the caller's databases with rows and clients, and nobody else's", async () => {
    const stranger = await host.authority.mint();
    host.databases.byName.set('theirs', new FakeDatabase(0xc200_0001n, stranger.identity));
    host.database.insert({ id: 0, name: 'ada' });
    const { socket } = await openRaw(host, { query: `?token=${stranger.token}` });
    const { databases } = await statusOf('/v1/status', host.owner.token);
    expect(databases).toEqual([
      {
        identity: identityToHex(host.database.identity),
        names: ['people'],
        is_locked: false,
        program: 'ab'.repeat(32),
        tables: [{ name: 'person', rows: 1, bytes: 8 }],
        client_count: 1,
        clients: [
          {
            identity: identityToHex(stranger.identity),
            connection_id: expect.stringMatching(/^[0-9a-f]{32}$/),
            since_micros: 1_700_000_000_000_000,
          },
        ],
      },
    ]);
    const theirs = await statusOf('/v1/status', stranger.token);
    expect(theirs.databases.map(({ names }) => names)).toEqual([['theirs']]);
    expect((await statusOf('/v1/status', (await host.authority.mint()).token)).databases).toEqual([]);
    socket.close();
  });

  test("of one database is its owner's alone, and no status is anybody's without a token", async () => {
    expect((await statusOf('/v1/status/people', host.owner.token)).databases).toHaveLength(1);
    const stranger = await ask('/v1/status/people', (await host.authority.mint()).token);
    expect(stranger.status).toBe(403);
    expect(await stranger.text()).toMatch(/^c200[0-9a-f]{60} may not read this database's status/);
    expect((await fetch(`${host.url}/v1/status`)).status).toBe(401);
    expect((await ask('/v1/status?follow=yes', host.owner.token)).status).toBe(400);
  });

  test('is followed: a line after a commit, and after a database came', async () => {
    const stop = new AbortController();
    const answer = await ask('/v1/status?follow=true', host.owner.token, stop.signal);
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    const next = async () => JSON.parse((await reader?.read())?.value ?? '') as Line;
    expect((await next()).databases[0]?.tables).toEqual([{ name: 'person', rows: 0, bytes: 0 }]);
    host.database.insert({ id: 0, name: 'ada' });
    expect((await next()).databases[0]?.tables).toEqual([{ name: 'person', rows: 1, bytes: 8 }]);
    host.databases.byName.set('more', new FakeDatabase(0xc200_0002n, host.owner.identity));
    host.databases.change();
    expect((await next()).databases.map(({ names }) => names[0])).toEqual(['people', 'more']);
    stop.abort();
    while (host.database.watcherCount > 0) await new Promise((resolve) => setTimeout(resolve, 2));
  });
});

describe('[TOKEN6] a one-time code', () => {
  const post = (path: string, init: RequestInit = {}) => fetch(`${host.url}${path}`, { method: 'POST', ...init });
  const redeem = (code: string) => post('/v1/identity/redeem', { body: code });

  test('gives a token of whoever made it, once', async () => {
    const headers = { authorization: `Bearer ${host.owner.token}` };
    const { code } = (await (await post('/v1/identity/code', { headers })).json()) as { code: string };
    expect(code).toMatch(/^[0-9a-f]{32}$/);
    const redeemed = (await (await redeem(code)).json()) as { identity: string; token: string };
    expect(redeemed.identity).toBe(identityToHex(host.owner.identity));
    const { identity, claims } = await host.authority.verify(redeemed.token);
    expect(identity).toBe(host.owner.identity);
    const { iat, exp } = JSON.parse(claims) as { iat: number; exp: number };
    expect(exp - iat).toBe(30 * 24 * 60 * 60);
    const again = await redeem(code);
    expect([again.status, await again.text()]).toEqual([
      401,
      'The one-time code is unknown, used or older than 15 minutes: make a new link.',
    ]);
  });

  test('is made with a token only, and does not outlive it', async () => {
    expect((await post('/v1/identity/code')).status).toBe(401);
    const brief = await host.authority.mint({ lifetimeS: 100 });
    const headers = { authorization: `Bearer ${brief.token}` };
    const { code } = (await (await post('/v1/identity/code', { headers })).json()) as { code: string };
    const { token } = (await (await redeem(code)).json()) as { token: string };
    const claims = JSON.parse((await host.authority.verify(token)).claims) as { exp: number };
    expect(claims.exp).toBe((JSON.parse(brief.claims) as { exp: number }).exp);
  });
});
