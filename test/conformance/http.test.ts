import { createPublicKey } from 'node:crypto';
import { compactVerify } from 'jose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from './support/client.ts';
import { TestHost } from './support/host.ts';
import { asker } from './support/http.ts';

let host: TestHost;
beforeAll(async () => {
  host = await TestHost.start({ callMsMax: 500 });
  await host.publish('basic', 'basic');
});
afterAll(() => host.close());

const hex64 = /^[0-9a-f]{64}$/;

async function newIdentity(): Promise<{ identity: string; token: string }> {
  return (await host.ask('POST', '/v1/identity', { token: null })).json as { identity: string; token: string };
}

describe('identities and tokens', () => {
  it('[HTTP1] ping is empty', async () => {
    const answer = await host.ask('GET', '/v1/ping', { token: null });
    expect([answer.status, answer.text]).toEqual([200, '']);
  });

  it('[TOKEN1] a new identity’s token is signed with the public key and carries its claims', async () => {
    const { identity, token } = await newIdentity();
    expect(identity).toMatch(hex64);
    const key = await host.ask('GET', '/v1/identity/public-key');
    expect(key.headers.get('content-type')).toContain('application/pem-certificate-chain');
    const { payload: bytes, protectedHeader } = await compactVerify(token, createPublicKey(key.text));
    const payload = JSON.parse(Buffer.from(bytes).toString());
    expect(protectedHeader.alg).toBe('ES256');
    expect(payload).toMatchObject({ hex_identity: identity, iss: 'localhost', aud: ['spacetimedb'], exp: null });
    expect(payload.sub).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(payload.iat).toBeTypeOf('number');
  });

  it('[TOKEN4] a token is traded for a short one of the same identity', async () => {
    const { identity, token } = await newIdentity();
    expect((await host.ask('POST', '/v1/identity/websocket-token', { token: null })).status).toBe(401);
    const traded = await host.ask('POST', '/v1/identity/websocket-token', { token });
    const short = (traded.json as { token: string }).token;
    const claims = JSON.parse(Buffer.from(short.split('.')[1] ?? '', 'base64url').toString());
    expect(claims.hex_identity).toBe(identity);
    expect(claims.exp - claims.iat).toBeLessThanOrEqual(61);
    expect((await host.ask('GET', `/v1/identity/${identity}/verify`, { token: short })).status).toBe(204);
  });

  it('[TOKEN3] verify tells whose token it is', async () => {
    const [one, two] = await Promise.all([newIdentity(), newIdentity()]);
    const verify = async (identity: string, token: string | null) =>
      (await host.ask('GET', `/v1/identity/${identity}/verify`, { token })).status;
    expect(await verify(one.identity, one.token)).toBe(204);
    expect(await verify(one.identity, two.token)).toBe(400);
    expect(await verify(one.identity, null)).toBe(401);
    expect(await verify(one.identity, 'nonsense')).toBe(401);
    const [head, body, signature] = one.token.split('.');
    expect(await verify(one.identity, `${head}.${body}.${signature?.split('').reverse().join('')}`)).toBe(401);
  });

  it('[HTTP2] answers say who the caller was; without a token somebody new', async () => {
    const mine = await host.ask('POST', '/v1/database/basic/call/nothing', {
      body: '[]',
      headers: { 'content-type': 'application/json' },
    });
    expect(mine.headers.get('spacetime-identity')).toBe(host.host.operator.identity.toString(16).padStart(64, '0'));
    expect(mine.headers.get('spacetime-identity-token')).toBe(host.token);
    const nobody = () => host.ask('POST', '/v1/database/basic/sql', { body: 'SELECT * FROM item', token: null });
    const [first, second] = await Promise.all([nobody(), nobody()]);
    expect(first.headers.get('spacetime-identity')).toMatch(hex64);
    expect(first.headers.get('spacetime-identity')).not.toBe(second.headers.get('spacetime-identity'));
    const again = await host.ask(
      'POST',
      `/v1/database/basic/sql?token=${first.headers.get('spacetime-identity-token')}`,
      {
        body: 'SELECT * FROM item',
        token: null,
      },
    );
    expect(again.headers.get('spacetime-identity')).toBe(first.headers.get('spacetime-identity'));
  });

  it('[HTTP5] any origin may ask', async () => {
    const answer = await fetch(`${host.url}/v1/database/basic/sql`, {
      method: 'OPTIONS',
      headers: {
        origin: 'https://example.com',
        'access-control-request-method': 'POST',
        'access-control-request-headers': 'authorization,content-type',
      },
    });
    expect(answer.status).toBeLessThan(300);
    expect(answer.headers.get('access-control-allow-origin')).toBe('*');
    expect(answer.headers.get('access-control-allow-headers')?.toLowerCase()).toContain('authorization');
  });
});

describe('databases', () => {
  it('[SERVE5] are described by name and by identity', async () => {
    const identity = (await host.ask('GET', '/v1/database/basic/identity')).text;
    expect(identity).toMatch(hex64);
    const owner = host.host.operator.identity.toString(16).padStart(64, '0');
    const expected = {
      database_identity: identity,
      owner_identity: owner,
      initial_program: expect.stringMatching(hex64),
    };
    for (const name of ['basic', identity]) {
      expect((await host.ask('GET', `/v1/database/${name}`)).json).toMatchObject(expected);
    }
    const missing = await host.ask('GET', '/v1/database/nowhere/identity');
    expect([missing.status, missing.text]).toEqual([404, '`nowhere` not found']);
  });

  it.each(['Capital', 'under_score', 'two--hyphens', '-first', 'last-', 'ä', 'a.b', 'x'.repeat(300)])(
    '[HTTP3] %s is no name',
    async (name) => {
      expect((await host.tryPublish(encodeURIComponent(name), 'export default 1')).status).toBe(400);
    },
  );

  it('[HTTP1] the schema is SATS-JSON of the module’s definition', async () => {
    const answer = await host.ask('GET', '/v1/database/basic/schema?version=10');
    expect(answer.headers.get('content-type')).toContain('application/json');
    const { sections } = answer.json as { sections: Record<string, unknown>[] };
    const tables = sections.find((section) => 'Tables' in section)?.['Tables'] as { source_name: string }[];
    expect(tables.map((table) => table.source_name).sort()).toEqual([
      'diary',
      'guest',
      'item',
      'part',
      'secret',
      'spark',
    ]);
    const nine = await host.ask('GET', '/v1/database/basic/schema?version=9');
    const v9 = nine.json as { tables: { name: string }[]; reducers: { name: string }[]; typespace: unknown };
    expect(v9.tables.map((table) => table.name).sort()).toEqual(['banned', 'diary', 'item', 'part', 'secret', 'spark']);
    expect(v9.reducers.map((reducer) => reducer.name)).toContain('add_many');
    expect((await host.ask('GET', '/v1/database/basic/schema')).status).toBe(400);
    expect((await host.ask('GET', '/v1/database/basic/schema?version=8')).status).toBe(400);
  });

  it('[HTTP1] the server’s time, the metrics', async () => {
    const time = await host.ask('GET', '/v1/database/basic/unstable/timestamp');
    expect(JSON.stringify(time.json)).toMatch(/\d{16}/);
    expect((await host.ask('GET', '/v1/metrics')).status).toBe(200);
    expect((await host.ask('GET', '/metrics')).text).toMatch(/^# (HELP|TYPE) /m);
  });
});

describe('calls', () => {
  const call = (fn: string, body: string, headers: Record<string, string> = { 'content-type': 'application/json' }) =>
    host.ask('POST', `/v1/database/basic/call/${fn}`, { body, headers });

  it('[HTTP6] arguments by position or by name; nothing is answered but how long it took', async () => {
    const answer = await call('add', '["by position", 1]');
    expect([answer.status, answer.text]).toEqual([200, '']);
    expect(Number(answer.headers.get('spacetime-execution-duration-micros'))).toBeGreaterThan(0);
    expect(answer.headers.get('spacetime-energy-used')).toBe('0');
    expect((await call('add', '{"size": 2, "label": "by name"}')).status).toBe(200);
    expect(await host.rows('basic', "SELECT size FROM item WHERE label = 'by name'")).toEqual([[2]]);
  });

  it.each([
    ['too few arguments', 'add', '["x"]', 400],
    ['too many arguments', 'add', '["x", 1, 2]', 400],
    ['a wrong type', 'add', '[1, 1]', 400],
    ['a number that does not fit', 'add', '["x", 4294967296]', 400],
    ['a negative number', 'add', '["x", -1]', 400],
    ['no JSON', 'add', '["x"', 400],
    ['no list', 'add', '"x"', 400],
    ['an unknown function', 'nobody', '[]', 404],
    ['a life-cycle reducer', 'init', '[]', 400],
    ['a refusal', 'refuse', '["because"]', 530],
    ['a crash', 'crash', '[]', 530],
    ['an endless call', 'spin', '[]', 530],
  ])(
    '[HTTP1] %s',
    async (_, fn, body, status) => {
      const answer = await call(fn, body);
      expect([answer.status, answer.text]).toEqual([status, expect.stringMatching(/.+/)]);
      if (fn === 'refuse') expect(answer.text).toBe('because');
      if (fn === 'crash') expect(answer.text).toBe('The instance encountered a fatal error.');
    },
    30_000,
  );

  it('[HTTP1] only JSON is taken', async () => {
    expect((await call('nothing', '[]', { 'content-type': 'text/plain' })).status).toBe(415);
    expect((await call('nothing', '[]', {})).status).toBe(415);
  });

  it('[HOOK1] the hooks run around a call and around SQL', async () => {
    const { identity, token } = await newIdentity();
    await host.call('basic', 'nothing', [], token);
    await host.ask('POST', '/v1/database/basic/sql', { body: 'SELECT * FROM item', token });
    const rows = (await host.rows('basic', `SELECT what, connection FROM diary WHERE sender = 0x${identity}`)) as [
      string,
      unknown,
    ][];
    expect(rows.map(([what]) => what)).toEqual(['connect', 'disconnect', 'connect', 'disconnect']);
    expect(new Set(rows.map(([, connection]) => JSON.stringify(connection))).size).toBe(2);
  });
});

describe('SQL over HTTP', () => {
  const sql = (body: string, token: string | null = host.token, query = '') =>
    host.ask('POST', `/v1/database/basic/sql${query}`, { body, token });

  it('[SQL1] answers each statement with its schema, rows and counts', async () => {
    await host.ask('PUT', '/v1/database/basic/reset');
    const inserted = await sql("INSERT INTO part (id, item_id, colour) VALUES (1, 5, 'red'), (2, 6, 'blue')");
    expect([inserted.status, inserted.text]).toEqual([200, inserted.text]);
    expect(inserted.json).toMatchObject([{ rows: [], stats: { rows_inserted: 2, rows_deleted: 0, rows_updated: 0 } }]);
    const both = await sql('SELECT colour FROM part WHERE id = 2; SELECT COUNT(*) AS n FROM part;');
    expect(both.json).toMatchObject([
      { schema: { elements: [{ name: { some: 'colour' }, algebraic_type: { String: [] } }] }, rows: [['blue']] },
      { schema: { elements: [{ name: { some: 'n' }, algebraic_type: { U64: [] } }] }, rows: [[2]] },
    ]);
    const [first] = both.json as { total_duration_micros: number; stats: object }[];
    expect(first?.total_duration_micros).toBeTypeOf('number');
    expect(first?.stats).toEqual({ rows_inserted: 0, rows_deleted: 0, rows_updated: 0 });
    expect((await sql("UPDATE part SET colour = 'green' WHERE id = 1")).json).toMatchObject([
      { stats: { rows_updated: 1 } },
    ]);
    expect((await sql('DELETE FROM part WHERE id = 2')).json).toMatchObject([{ stats: { rows_deleted: 1 } }]);
    expect(await host.rows('basic', 'SELECT * FROM part LIMIT 5')).toEqual([[1, 5, 'green']]);
  });

  it('[SQL2] only the owner writes, and sees private tables', async () => {
    const { token } = await newIdentity();
    for (const statement of [
      "INSERT INTO part (id, item_id, colour) VALUES (9, 9, 'x')",
      'DELETE FROM part',
      "UPDATE part SET colour = 'x'",
    ]) {
      const answer = await sql(statement, token);
      expect([statement, [400, 401, 403].includes(answer.status)]).toEqual([statement, true]);
    }
    expect((await sql('SELECT * FROM secret', token)).status).toBe(400);
    expect((await sql('SELECT * FROM secret', token)).text).toContain(
      'no such table: `secret`. If the table exists, it may be marked private.',
    );
    expect(await host.rows('basic', 'SELECT * FROM secret')).toEqual([[1, 'hidden']]);
  });

  it.each([
    'SELEC * FROM item',
    'SELECT * FROM item WHERE',
    "SELECT * FROM item WHERE label = 'x",
    'SELECT * FROM item; DROP TABLE item',
    '\u0000',
  ])('[SQL3] %j is refused with a text', async (text) => {
    const answer = await sql(text);
    expect([answer.status, answer.text]).toEqual([400, expect.stringMatching(/.+/)]);
  });

  it('[SQL4] several statements are one transaction', async () => {
    const before = await host.rows('basic', 'SELECT * FROM part');
    expect(
      (await sql("INSERT INTO part (id, item_id, colour) VALUES (50, 1, 'a'); SELECT nope FROM part")).status,
    ).toBe(400);
    expect(
      (
        await sql(
          "INSERT INTO part (id, item_id, colour) VALUES (50, 1, 'a'); INSERT INTO part (id, item_id, colour) VALUES (50, 1, 'b')",
        )
      ).status,
    ).toBe(400);
    expect(await host.rows('basic', 'SELECT * FROM part')).toEqual(before);
  });

  it('[SQL5] unconfirmed answers are the same', async () => {
    expect((await sql('SELECT * FROM part', host.token, '?confirmed=false')).status).toBe(200);
    expect((await sql('SELECT * FROM part', host.token, '?confirmed=maybe')).status).toBe(400);
  });
});

describe('logs', () => {
  it('[HTTP4] the newest lines, each a record', async () => {
    await host.call('basic', 'crash');
    const all = await host.logs('basic');
    expect(all.at(-1)).toMatchObject({ level: 'Error', message: expect.stringContaining('a secret of the module') });
    expect(all.at(-1)?.['ts']).toBeTypeOf('number');
    const { text } = await host.ask('GET', '/v1/database/basic/logs?num_lines=1');
    expect(text.trim().split('\n')).toHaveLength(1);
  });

  it('[HTTP4] are followed until the reader leaves', async () => {
    const abort = new AbortController();
    const response = await fetch(`${host.url}/v1/database/basic/logs?follow=true&num_lines=0`, {
      headers: { authorization: `Bearer ${host.token}` },
      signal: abort.signal,
    });
    let text = '';
    const reading = (async () => {
      for await (const chunk of response.body ?? []) text += Buffer.from(chunk).toString();
    })().catch(() => {});
    await host.call('basic', 'crash');
    await until('the line is there', () => text.includes('a secret of the module'));
    abort.abort();
    await reading;
  });

  it('[HTTP4] are the owner’s', async () => {
    const { token } = await newIdentity();
    expect([401, 403]).toContain((await host.ask('GET', '/v1/database/basic/logs', { token })).status);
  });
});

describe('anything else', () => {
  it('[HTTP1] what does not exist is a 404 with a text', async () => {
    const ask = asker(host.url, host.token);
    for (const path of [
      '/v1/nothing',
      '/v1/database/basic/nothing',
      '/v1/database/nowhere/schema?version=10',
      '/nothing',
    ]) {
      expect([path, (await ask('GET', path)).status]).toEqual([path, 404]);
    }
    expect((await ask('GET', '/v1/database/basic/subscribe')).status).toBe(426);
  });
});
