import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCli } from '../../cli/testing/cli.fixture.ts';
import { type HelixProcess, startHelix } from '../support/process.ts';
import { chatModule, createWorkshop, type Workshop } from './workshop.ts';

// The commands of somebody who writes a module, as processes, against a real server.

let shop: Workshop;
let server: HelixProcess;
let url = '';
beforeAll(async () => {
  shop = createWorkshop();
  const module = shop.write('chat.ts', chatModule());
  const data = `${shop.folder}/.helix/modules`;
  const listen = ['--listen', '127.0.0.1:0'];
  shop.write('bad.token', 'bad');
  server = startHelix(['hub', 'start', '--module', module, '--name', 'chat', '--data', data, ...listen], shop.env);
  [, url = ''] = await server.line(/listening on (http:\/\/\S+)/);
});
afterAll(async () => {
  await server.stop();
  shop.remove();
});

describe('a server that runs here is found with its owner’s token', () => {
  it('describes the database', async () => {
    const { code, stdout } = await shop.helix('describe');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^chat at a glance: 1 table, 0 views, 1 reducer, 1 procedure\n/);
    expect(stdout).toMatch(/\n {2}id {8}u64 {8}primary key, counts up\n/);
    expect(stdout).toContain('\n  index message_id_idx_btree (id) btree, unique\n');
    expect(stdout).toContain('\n  send(text: string, reply_to: u64?)\n');
    expect(stdout).toContain('\n  biggest(): u64\n');
    const json = await shop.helix('describe', '--json');
    expect(Object.keys(JSON.parse(json.stdout))).toEqual(['sections']);
  });

  it('says so when nothing was logged', async () => {
    const note = 'chat has logged nothing since its server was started\n';
    expect(await shop.helix('logs')).toEqual({ code: 0, stdout: '', stderr: note });
  });

  it('calls reducers with JSON or plain text, and queries what they wrote without losing a digit', async () => {
    expect(await shop.helix('call', 'send', 'hello')).toEqual({ code: 0, stdout: '', stderr: '' });
    expect((await shop.helix('call', 'send', '"7"', '18446744073709551615')).code).toBe(0);
    expect((await shop.helix('call', 'biggest')).stdout).toBe('18446744073709551615\n');

    const { stdout } = await shop.helix('sql', 'SELECT * FROM message');
    const [header, first, second, count] = stdout.split('\n');
    expect(header?.split(/\s+/)).toEqual(['id', 'sender', 'sent_at', 'text', 'reply_to']);
    expect(first).toMatch(/^1 {3}c200[0-9a-f]{60} {2}\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z {2}hello$/);
    expect(second).toMatch(/ {2}7 {6}18446744073709551615$/);
    expect(count).toBe('(2 rows)');

    const json = await shop.helix('sql', '--json', 'SELECT id, text, reply_to FROM message WHERE id = 2');
    expect(JSON.parse(json.stdout)).toEqual([{ id: '2', text: '7', reply_to: '18446744073709551615' }]);
    expect((await shop.helix('sql', "DELETE FROM message WHERE text = '7'")).stdout).toMatch(/1 deleted/);
  });

  it('shows the log, its newest lines, and those to come', async () => {
    expect((await shop.helix('logs', '-n', '1')).stdout).toMatch(/^\S+Z info {2}send: sent 7\n$/);
    expect(JSON.parse((await shop.helix('logs', '-n', '1', '--json')).stdout)).toMatchObject({ message: 'sent 7' });
    const following = startHelix(['logs', '--follow', '-n', '1', '--database', 'chat', '--server', url], {
      ...shop.env,
      HELIX_TOKEN_FILE: `${shop.folder}/.helix/modules/operator.token`,
    });
    await following.line(/sent 7/);
    await shop.helix('call', 'send', 'news');
    await following.line(/sent news/);
    expect(await following.stop()).toBe(0);
  });

  it('cuts a cell that is too long for a table, says so, and prints it whole as JSON', async () => {
    await shop.helix('call', 'send', 'x'.repeat(5000));
    const query = 'SELECT text FROM message';
    const { stdout, stderr } = await shop.helix('sql', query);
    expect(stdout.split('\n')).toContain(`${'x'.repeat(199)}…`);
    expect(stderr).toContain('--json');
    expect(JSON.parse((await shop.helix('sql', '--json', query)).stdout)).toContainEqual({ text: 'x'.repeat(5000) });
    expect((await shop.helix('sql', `DELETE FROM message WHERE text = '${'x'.repeat(5000)}'`)).stdout).toMatch(/1 del/);
  });

  it('lists the caller’s databases, and deletes one when told yes', async () => {
    const made = await shop.helix('publish', 'spare', '--module', 'chat.ts', '--json');
    expect(JSON.parse(made.stdout)).toMatchObject({ name: 'spare', op: 'created', server: url });
    expect((await shop.helix('list')).stdout).toMatch(/^name +identity\nchat +c200\w+\nspare +c200\w+\n$/);
    const asked = await shop.helix('delete', 'spare');
    expect(asked).toMatchObject({ code: 1, stdout: '' });
    expect(asked.stderr).toMatch(/all of its rows will be deleted.*--yes/);
    expect((await shop.helix('delete', 'spare', '--yes')).stdout).toBe(`deleted spare at ${url}\n`);
    expect(JSON.parse((await shop.helix('list', '--json')).stdout)).toHaveLength(1);
  });
});

describe('publish', () => {
  const publish = (text: string, ...more: string[]) => {
    shop.write('next.ts', text);
    return shop.helix('publish', 'chat', '--module', 'next.ts', ...more);
  };

  it('shows the plan and keeps the rows', async () => {
    const before = (await shop.helix('sql', 'SELECT id FROM message')).stdout;
    const { code, stdout, stderr } = await publish(chatModule({ more: 'export const other = db.reducer(() => {});' }));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '· add reducer other\n' });
    expect(stdout).toMatch(/^updated chat at http:\S+ \(c200[0-9a-f]{60}\)\n$/);
    expect((await shop.helix('sql', 'SELECT id FROM message')).stdout).toBe(before);
  });

  it('refuses what breaks clients, until it is agreed to', async () => {
    const refused = await publish(chatModule());
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain('· breaks clients: the reducer other is removed\n');
    expect(refused.stderr).toMatch(/helix: .*agree with --break-clients\n$/);
    expect((await shop.helix('describe')).stdout).toContain('other');
    expect((await publish(chatModule(), '--break-clients')).code).toBe(0);
    expect((await shop.helix('describe')).stdout).not.toContain('other');
  });

  it('refuses what the rows do not fit, until they are cleared', async () => {
    const text = chatModule({ columns: 'topic: t.u64(),' });
    const refused = await publish(text, '--break-clients');
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toMatch(/--clear:\n {2}- Adding column topic to table message needs a default/);
    expect((await publish(text, '--clear')).stderr).toMatch(/All rows of chat .* will be deleted\. .*--yes/);
    expect((await publish(text, '--clear', '--yes')).stdout).toMatch(/^cleared chat/);
    expect((await shop.helix('sql', 'SELECT * FROM message')).stdout).toContain('(0 rows)');
  });

  it('says what is wrong with a module, and where', async () => {
    const { code, stderr } = await publish('export default (');
    expect(code).toBe(1);
    expect(stderr).toMatch(/^helix: The module could not be bundled:\nnext\.ts:1:\d+: /);
  });
});

describe('what cannot be done is refused in a sentence that helps', () => {
  it.each([
    [['call', 'send'], /0 arguments were given, expected 2: send\(text: string, reply_to: u64\?/],
    [['call', 'nothing'], /chat has no reducer or procedure nothing: it has send, biggest/],
    [['call', 'send', 'x', '{'], /argument reply_to is \{: expected JSON/],
    [['call', 'send', ''], /^helix: send failed, and nothing was changed: `helix logs` shows its owner why; [^\n]+\n$/],
    [['sql', 'SELECT'], /^helix: expected .*executing: `SELECT`/],
    [['sql', ' '], /query is empty/],
    [['describe', '--database', 'none'], /no database none at http:\S+: `helix list` shows yours/],
    [['delete', 'none', '--yes'], /no database none/],
    [['list', '--server', 'http://127.0.0.1:9'], /No server answers at http:\/\/127\.0\.0\.1:9: start one with `helix/],
    [['list', '--server', 'nonsense'], /nonsense is not the address of a server/],
    [['list', '--token-file', 'none'], /There is no token in none: check the path/],
    [['list', '--token-file', 'chat.ts'], /chat\.ts holds something else than a token: check the path/],
    [['list', '--token-file', 'bad.token'], /does not accept the token in bad\.token: /],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await shop.helix(...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toMatch(/unexpected/);
  });

  it('somebody without a token has an identity of their own, which stays', async () => {
    const away = { cwd: shop.folder, env: { ...shop.env, HELIX_HOME: `${shop.folder}/away`, HELIX_HUB: url } };
    const first = await runCli(['list'], away);
    expect(first).toMatchObject({ code: 0, stderr: '' });
    expect(first.stdout).toMatch(/^You own no databases at http:\S+: make one with `helix publish/);
    expect((await runCli(['publish', 'mine', '--module', 'chat.ts'], away)).code).toBe(0);
    expect((await runCli(['list'], away)).stdout).toMatch(/\nmine +c200/);
    expect((await runCli(['describe'], away)).stdout).toMatch(/^mine at a glance/);

    const foreign = await runCli(['publish', 'chat', '--module', 'chat.ts'], away);
    expect(foreign).toMatchObject({ code: 1, stdout: '' });
    expect(foreign.stderr).toMatch(/owner.*--token-file/);
    const log = await runCli(['logs', '--database', 'chat'], away);
    expect(log.stderr).toMatch(/may not read this database's log.*--token-file/);
  });
});

describe('a server whose data is kept elsewhere', () => {
  it('is found by the commands of the same home, with its owner’s token and its data, while it runs', async () => {
    const other = createWorkshop();
    const module = other.write('chat.ts', chatModule());
    const { folder, env } = other;
    const args = ['hub', 'start', '--module', module, '--name', 'far', '--listen', '127.0.0.1:0'];
    const far = startHelix([...args, '--data', `${folder}/elsewhere`], env);
    try {
      await far.line(/listening on/);
      expect(await other.helix('call', 'send', 'hello')).toEqual({ code: 0, stdout: '', stderr: '' });
      expect((await other.helix('logs')).stdout).toContain('sent hello');
      expect((await other.helix('publish', 'far', '--module', 'chat.ts')).code).toBe(0);
      expect((await other.helix('backup', 'far.tar.gz')).stdout).toContain(`${folder}/elsewhere is backed up`);
    } finally {
      await far.stop();
    }
    expect(readdirSync(`${folder}/.helix/servers`)).toEqual([]);
    other.remove();
  });
});
