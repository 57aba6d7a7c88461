import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { identityToHex } from '../identity/identity.ts';
import { type Host, startHost } from '../testing/host.fixture.ts';

let host: Host;
let owner: Record<string, string>;
let stranger: Record<string, string>;
beforeEach(async () => {
  host = await startHost();
  owner = { authorization: `Bearer ${host.owner.token}` };
  stranger = { authorization: `Bearer ${(await host.authority.mint()).token}` };
});
afterEach(() => host.server.close());

const json = { 'content-type': 'application/json' };

const ask: Host['ask'] = (...request) => host.ask(...request);

const databaseHex = () => identityToHex(host.database.identity);
const ownerHex = () => identityToHex(host.owner.identity);

describe('[HTTP2] who is asking', () => {
  test('is told in the answer’s headers, also when the answer is an error', async () => {
    for (const body of ['SELECT 1', 'DROP']) {
      const answer = await ask('POST', '/v1/database/people/sql', { headers: owner, body });
      expect(answer.headers.get('spacetime-identity')).toBe(ownerHex());
      expect(answer.headers.get('spacetime-identity-token')).toBe(host.owner.token);
    }
  });

  test('is somebody new without a token, and can stay that', async () => {
    const first = await ask('POST', '/v1/database/people/sql', { body: 'SELECT 1' });
    const token = first.headers.get('spacetime-identity-token') ?? '';
    expect((await host.authority.verify(token)).identity).toBe(BigInt(`0x${first.headers.get('spacetime-identity')}`));
    const again = await ask('POST', `/v1/database/people/sql?token=${token}`, { body: 'SELECT 1' });
    expect(again.headers.get('spacetime-identity')).toBe(first.headers.get('spacetime-identity'));
  });

  test('verify says whether a token is an identity’s', async () => {
    const path = `/v1/identity/${ownerHex()}/verify`;
    expect((await ask('GET', path, { headers: owner })).status).toBe(204);
    expect((await ask('GET', path, { headers: stranger })).status).toBe(400);
    expect((await ask('GET', path)).status).toBe(401);
  });

  test('and what an identity owns', async () => {
    const answer = await ask('GET', `/v1/identity/${ownerHex()}/databases`);
    expect(JSON.parse(answer.text)).toEqual({ identities: [databaseHex()] });
  });
});

describe('[HTTP3] publishing', () => {
  test('creates under a name, updates with its options, and works unnamed', async () => {
    const created = await ask('PUT', '/v1/database/notes?host_type=Js', { headers: owner, body: 'export {}' });
    expect(JSON.parse(created.text).Success).toMatchObject({ domain: 'notes', op: 'created' });
    const path = '/v1/database/notes?clear=true&policy=BreakClients&token=plan-token';
    const updated = await ask('PUT', path, { headers: owner, body: 'export {}' });
    expect(JSON.parse(updated.text).Success).toMatchObject({ domain: 'notes', op: 'updated' });
    const unnamed = await ask('POST', '/v1/database', { headers: owner, body: 'export {}' });
    expect(JSON.parse(unnamed.text).Success).toMatchObject({ domain: null, op: 'created' });
    expect(host.databases.published).toEqual([
      {
        name: 'notes',
        owner: host.owner.identity,
        bundle: 'export {}',
        clear: false,
        breakClients: false,
        token: undefined,
      },
      {
        name: 'notes',
        owner: host.owner.identity,
        bundle: 'export {}',
        clear: true,
        breakClients: true,
        token: 'plan-token',
      },
      {
        name: undefined,
        owner: host.owner.identity,
        bundle: 'export {}',
        clear: false,
        breakClients: false,
        token: undefined,
      },
    ]);
  });

  test('a plan that needs hands', async () => {
    host.databases.plan = { kind: 'manual', reason: 'a column went away' };
    const answer = await ask('POST', '/v1/database/people/pre_publish', { headers: owner, body: 'x' });
    expect(JSON.parse(answer.text)).toEqual({
      ManualMigrate: { reason: 'a column went away', major_version_upgrade: false },
    });
  });

  test('a locked database is kept', async () => {
    expect((await ask('POST', '/v1/database/people/lock', { headers: stranger })).status).toBe(403);
    expect((await ask('POST', '/v1/database/people/lock', { headers: owner })).status).toBe(200);
    const refused = await ask('DELETE', '/v1/database/people', { headers: owner });
    expect([refused.status, refused.text]).toEqual([409, 'the database is locked: unlock it first']);
    expect((await ask('POST', '/v1/database/people/unlock', { headers: owner })).status).toBe(200);
    expect((await ask('DELETE', '/v1/database/people', { headers: owner })).status).toBe(200);
    expect(host.databases.deleted).toEqual([host.database]);
  });

  test('a name that is taken stays where it is', async () => {
    await ask('PUT', '/v1/database/notes', { headers: stranger, body: 'export {}' });
    const added = await ask('POST', '/v1/database/people/names', { headers: owner, body: 'notes' });
    expect([added.status, added.text]).toEqual([401, '{"PermissionDenied":{"domain":"notes"}}']);
    const replaced = await ask('PUT', '/v1/database/people/names', { headers: owner, body: '["people","notes"]' });
    expect([replaced.status, replaced.text]).toEqual([401, '{"PermissionDenied":null}']);
    expect((await ask('GET', '/v1/database/people/names')).text).toBe('{"names":["people"]}');
  });
});

describe('[HTTP4] logs', () => {
  test('are lines of JSON, the newest of them when a count is asked for', async () => {
    host.database.log('one');
    host.database.log('two');
    const all = await ask('GET', '/v1/database/people/logs', { headers: owner });
    expect(all.headers.get('content-type')).toBe('application/x-ndjson');
    expect(all.text).toBe(
      '{"level":"Info","ts":1700000000000000,"message":"one"}\n{"level":"Info","ts":1700000000000000,"message":"two"}\n',
    );
    const last = await ask('GET', '/v1/database/people/logs?num_lines=1', { headers: owner });
    expect(JSON.parse(last.text).message).toBe('two');
  });

  test('are followed until the reader leaves', async () => {
    host.database.log('before');
    const stop = new AbortController();
    const answer = await fetch(`${host.url}/v1/database/people/logs?follow=true`, {
      headers: owner,
      signal: stop.signal,
    });
    const reader = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
    expect((await reader?.read())?.value).toContain('before');
    expect(host.database.watcherCount).toBe(1);
    host.database.log('after');
    expect((await reader?.read())?.value).toContain('after');
    stop.abort();
    while (host.database.watcherCount > 0) await new Promise((resolve) => setTimeout(resolve, 2));
  });

  test('do not keep the server from closing', async () => {
    const answer = await fetch(`${host.url}/v1/database/people/logs?follow=true`, { headers: owner });
    await host.server.close();
    await expect(answer.text()).rejects.toThrow();
    expect(host.database.watcherCount).toBe(0);
  });
});

describe('[HTTP5] answers to browsers of any origin', () => {
  test('preflights are answered', async () => {
    const answer = await ask('OPTIONS', '/v1/database/people/call/add', {
      headers: {
        origin: 'https://app.example',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    });
    expect(answer.status).toBe(204);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('access-control-allow-methods')).toBe('*');
    expect(answer.headers.get('access-control-allow-headers')).toBe('authorization,accept,content-type');
  });

  test('errors carry the headers too', async () => {
    const answer = await ask('GET', '/v1/database/nobody', { headers: { origin: 'https://app.example' } });
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
  });
});

test('[HTTP6] a call says how long it took', async () => {
  const answer = await ask('POST', '/v1/database/people/call/add', { headers: json, body: '["Ada"]' });
  expect(answer.headers.get('spacetime-execution-duration-micros')).toBe('13');
  expect(answer.headers.get('spacetime-energy-used')).toBe('0');
});

test('[HTTP7] a bug of the server is a 500 that shows nothing, and is reported', async () => {
  const answer = await ask('POST', '/v1/database/people/call/bug', { headers: json, body: '[]' });
  expect([answer.status, answer.text]).toEqual([500, 'The server failed to answer. Its log says why.']);
  expect(host.reported).toEqual([new TypeError('a bug of the server')]);
});

test('[HTTP8] a body that is too large is refused before it is read', async () => {
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(new Uint8Array(1024 * 1024));
    },
  });
  const init: RequestInit & { duplex: 'half' } = { method: 'POST', body, duplex: 'half' };
  const answer = await host.server.fetch(new Request('http://host/v1/database/people/sql', init));
  expect(answer.status).toBe(413);
  expect(await answer.text()).toMatch(/^The body has at least \d+ bytes, expected at most 33554432\.$/);
});

test('[HTTP9] what is not under /v1 goes to the fallback', async () => {
  const other = await startHost({ fallback: (request) => new Response(`face of ${new URL(request.url).pathname}`) });
  const answer = await fetch(`${other.url}/tasks/1`);
  expect(await answer.text()).toBe('face of /tasks/1');
  expect((await fetch(`${other.url}/v1/tasks`)).status).toBe(404);
  await other.server.close();
});
