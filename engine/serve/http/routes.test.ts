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

describe('[HTTP1] every route answers with its status and text', () => {
  interface Case {
    readonly name: string;
    readonly ask: [method: string, path: string];
    readonly as?: 'owner' | 'stranger';
    readonly headers?: Record<string, string>;
    readonly body?: string;
    readonly status: number;
    readonly text: string | RegExp | (() => string);
  }
  const cases: Case[] = [
    { name: 'ping', ask: ['GET', '/v1/ping'], status: 200, text: '' },
    { name: 'unknown', ask: ['GET', '/v1/nothing'], status: 404, text: 'There is no GET /v1/nothing here.' },
    { name: 'outside /v1', ask: ['GET', '/'], status: 404, text: 'There is no / here.' },

    {
      name: 'new identity',
      ask: ['POST', '/v1/identity'],
      status: 200,
      text: /^\{"identity":"c200[0-9a-f]{60}","token":"ey/,
    },
    { name: 'public key', ask: ['GET', '/v1/identity/public-key'], status: 200, text: /^-----BEGIN PUBLIC KEY-----/ },
    {
      name: 'websocket token without a token',
      ask: ['POST', '/v1/identity/websocket-token'],
      status: 401,
      text: 'This needs a token: send it as `Authorization: Bearer …` or `?token=…`.',
    },
    {
      name: 'websocket token',
      ask: ['POST', '/v1/identity/websocket-token'],
      as: 'owner',
      status: 200,
      text: /^\{"token":"ey/,
    },
    {
      name: 'verify a bad id',
      ask: ['GET', '/v1/identity/ada/verify'],
      as: 'owner',
      status: 400,
      text: '`ada` is no identity: expected 64 hex digits.',
    },

    {
      name: 'describe',
      ask: ['GET', '/v1/database/people'],
      status: 200,
      text: () =>
        `{"database_identity":"${databaseHex()}","owner_identity":"${ownerHex()}","host_type":"js","initial_program":"${'ab'.repeat(32)}"}`,
    },
    { name: 'describe nobody', ask: ['GET', '/v1/database/nobody'], status: 404, text: '`nobody` not found' },
    { name: 'identity', ask: ['GET', '/v1/database/people/identity'], status: 200, text: databaseHex },
    { name: 'names', ask: ['GET', '/v1/database/people/names'], status: 200, text: '{"names":["people"]}' },
    {
      name: 'a second name',
      ask: ['POST', '/v1/database/people/names'],
      as: 'owner',
      body: 'folk',
      status: 200,
      text: () => `{"Success":{"domain":"folk","database_result":"${databaseHex()}"}}`,
    },
    {
      name: 'a name by a stranger',
      ask: ['POST', '/v1/database/people/names'],
      as: 'stranger',
      body: 'folk',
      status: 401,
      text: '{"PermissionDenied":{"domain":"folk"}}',
    },
    {
      name: 'a bad name',
      ask: ['POST', '/v1/database/people/names'],
      as: 'owner',
      body: 'No Name',
      status: 400,
      text: /^`No Name` cannot be a database's name: use lower-case letters/,
    },
    {
      name: 'new names',
      ask: ['PUT', '/v1/database/people/names'],
      as: 'owner',
      body: '["a","b"]',
      status: 200,
      text: '{"Success":null}',
    },
    {
      name: 'new names that are none',
      ask: ['PUT', '/v1/database/people/names'],
      as: 'owner',
      body: '{}',
      status: 400,
      text: /expected the new names/,
    },
    {
      name: 'new names by a stranger',
      ask: ['PUT', '/v1/database/people/names'],
      as: 'stranger',
      body: '["a"]',
      status: 403,
      text: /may not name this database/,
    },

    {
      name: 'call',
      ask: ['POST', '/v1/database/people/call/add'],
      headers: json,
      body: '["Ada"]',
      status: 200,
      text: '',
    },
    {
      name: 'call a procedure, with a number that no double holds',
      ask: ['POST', '/v1/database/people/call/whoami'],
      as: 'owner',
      headers: json,
      body: '[]',
      status: 200,
      text: () => `{"big":18446744073709551615,"me":"${host.owner.identity}"}`,
    },
    {
      name: 'call with a SenderError',
      ask: ['POST', '/v1/database/people/call/reject'],
      headers: json,
      body: '[]',
      status: 530,
      text: 'no, because of reasons',
    },
    {
      name: 'call that fails',
      ask: ['POST', '/v1/database/people/call/explode'],
      headers: json,
      body: '[]',
      status: 530,
      text: 'The instance encountered a fatal error.',
    },
    {
      name: 'call of a lifecycle function',
      ask: ['POST', '/v1/database/people/call/init'],
      headers: json,
      body: '[]',
      status: 400,
      text: /lifecycle/,
    },
    {
      name: 'call of nothing',
      ask: ['POST', '/v1/database/people/call/x'],
      headers: json,
      body: '[]',
      status: 404,
      text: 'no such reducer or procedure: x',
    },
    {
      name: 'call without JSON',
      ask: ['POST', '/v1/database/people/call/add'],
      body: '[]',
      status: 415,
      text: 'The content-type is "text/plain;charset=UTF-8", expected application/json.',
    },
    {
      name: 'call with a bad token',
      ask: ['POST', '/v1/database/people/call/add?token=x'],
      headers: json,
      body: '[]',
      status: 401,
      text: /^The token could not be verified/,
    },

    {
      name: 'sql',
      ask: ['POST', '/v1/database/people/sql?confirmed=false'],
      body: 'SELECT 1',
      status: 200,
      text: '[{"schema":{"elements":[],"confirmed":false},"rows":[],"total_duration_micros":5,"stats":{"rows_inserted":0,"rows_deleted":0,"rows_updated":0}}]',
    },
    { name: 'bad sql', ask: ['POST', '/v1/database/people/sql'], body: 'DROP', status: 400, text: 'unexpected DROP' },
    {
      name: 'sql with a bad flag',
      ask: ['POST', '/v1/database/people/sql?confirmed=1'],
      body: 'SELECT 1',
      status: 400,
      text: 'confirmed is 1, expected true or false.',
    },
    { name: 'schema', ask: ['GET', '/v1/database/people/schema?version=10'], status: 200, text: '{"version":10}' },
    { name: 'old schema', ask: ['GET', '/v1/database/people/schema?version=9'], status: 200, text: '{"version":9}' },
    {
      name: 'schema of no version',
      ask: ['GET', '/v1/database/people/schema'],
      status: 400,
      text: 'version is missing, expected 9 or 10: `/schema?version=10`.',
    },
    {
      name: 'timestamp',
      ask: ['GET', '/v1/database/people/unstable/timestamp'],
      status: 200,
      text: /^\{"__timestamp_micros_since_unix_epoch__":\d{16}\}$/,
    },
    { name: 'logs', ask: ['GET', '/v1/database/people/logs'], as: 'owner', status: 200, text: '' },
    {
      name: 'logs for a stranger',
      ask: ['GET', '/v1/database/people/logs'],
      as: 'stranger',
      status: 403,
      text: /may not read this database's log/,
    },
    {
      name: 'logs with a bad count',
      ask: ['GET', '/v1/database/people/logs?num_lines=-1'],
      as: 'owner',
      status: 400,
      text: 'num_lines is -1, expected a whole number.',
    },

    {
      name: 'publish over a stranger’s',
      ask: ['PUT', '/v1/database/people'],
      as: 'stranger',
      body: 'export {}',
      status: 401,
      text: '{"PermissionDenied":{"name":"people"}}',
    },
    {
      name: 'publish a module that does not load',
      ask: ['PUT', '/v1/database/people'],
      as: 'owner',
      body: 'broken',
      status: 400,
      text: 'Database update rejected: the module does not load',
    },
    {
      name: 'publish when not allowed',
      ask: ['PUT', '/v1/database/new'],
      as: 'stranger',
      body: 'forbidden',
      status: 401,
      text: '{"PermissionDenied":{"name":"new"}}',
    },
    {
      name: 'publish over an identity that nothing has',
      ask: ['PUT', `/v1/database/${'c2'.padEnd(64, '0')}`],
      as: 'owner',
      body: 'export {}',
      status: 404,
      text: 'there is no such database to update',
    },
    {
      name: 'publish WebAssembly',
      ask: ['PUT', '/v1/database/people'],
      as: 'owner',
      body: '\0asm',
      status: 400,
      text: /^The body is WebAssembly/,
    },
    {
      name: 'publish for another host',
      ask: ['PUT', '/v1/database/people?host_type=Wasm'],
      as: 'owner',
      body: 'x',
      status: 400,
      text: /^host_type is Wasm, expected Js/,
    },
    {
      name: 'publish nothing',
      ask: ['PUT', '/v1/database/people'],
      as: 'owner',
      status: 400,
      text: /^The body is empty/,
    },
    {
      name: 'publish under a bad name',
      ask: ['PUT', '/v1/database/Nope'],
      as: 'owner',
      body: 'x',
      status: 400,
      text: /^`Nope` cannot be a database's name/,
    },
    {
      name: 'plan',
      ask: ['POST', '/v1/database/people/pre_publish'],
      as: 'owner',
      body: 'export {}',
      status: 200,
      text: '{"AutoMigrate":{"migrate_plan":"add table","break_clients":false,"token":"plan-token","major_version_upgrade":false}}',
    },
    {
      name: 'plan for a stranger’s',
      ask: ['POST', '/v1/database/people/pre_publish'],
      as: 'stranger',
      body: 'x',
      status: 403,
      text: /may not publish to this database/,
    },
    { name: 'reset', ask: ['PUT', '/v1/database/people/reset'], as: 'owner', status: 200, text: '' },
    {
      name: 'reset by a stranger',
      ask: ['PUT', '/v1/database/people/reset'],
      as: 'stranger',
      status: 403,
      text: /may not reset/,
    },
    { name: 'delete', ask: ['DELETE', '/v1/database/people'], as: 'owner', status: 200, text: '' },
    {
      name: 'delete by a stranger',
      ask: ['DELETE', '/v1/database/people'],
      as: 'stranger',
      status: 403,
      text: /may not delete/,
    },

    {
      name: 'a module’s route',
      ask: ['POST', '/v1/database/people/route/echo?x=1'],
      body: 'hi',
      status: 201,
      text: () => `POST ${host.url}/v1/database/people/route/echo?x=1 hi`,
    },
    {
      name: 'no route of the module',
      ask: ['GET', '/v1/database/people/route'],
      status: 404,
      text: 'Database has not registered a handler for this route',
    },
    { name: 'metrics', ask: ['GET', '/metrics'], status: 200, text: /^helix_http_requests_total 1$/m },
    {
      name: 'where the metrics are',
      ask: ['GET', '/v1/prometheus/sd'],
      status: 200,
      text: () => {
        const labels = { __scheme__: 'http', __metrics_path__: '/v1/metrics' };
        return JSON.stringify([{ targets: [new URL(host.url).host], labels }]);
      },
    },
  ];

  test.each(cases)('$name: $ask', async ({ ask: [method, path], as, headers, body, status, text }) => {
    const credentials = as === 'owner' ? owner : as === 'stranger' ? stranger : {};
    const answer = await ask(method, path, {
      headers: { ...credentials, ...headers },
      ...(body === undefined ? {} : { body }),
    });
    expect(answer.status).toBe(status);
    if (text instanceof RegExp) expect(answer.text).toMatch(text);
    else expect(answer.text).toBe(typeof text === 'function' ? text() : text);
    expect(host.reported).toEqual([]);
  });
});
