import { mkdirSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCli } from '../../cli/testing/cli.fixture.ts';
import { type HelixProcess, startHelix } from '../support/process.ts';
import { chatModule, createWorkshop, type Workshop } from './workshop.ts';

// What a tired stranger gets wrong. Every message says what was seen, what was expected, and what to do, in one line, and
// nothing is done.

let shop: Workshop;
let alien: Server;
let alienUrl = '';
beforeAll(async () => {
  shop = createWorkshop();
  shop.write('chat.ts', chatModule());
  shop.write('file', 'text');
  shop.write('some.token', 'eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJ4In0.AAAA');
  mkdirSync(`${shop.folder}/src`);
  alien = createServer((_, response) => response.end('<html>hello</html>'));
  await new Promise<void>((resolve) => alien.listen(0, '127.0.0.1', resolve));
  alienUrl = `http://127.0.0.1:${(alien.address() as AddressInfo).port}`;
});
afterAll(() => {
  alien.close();
  shop.remove();
});

const free = ['--listen', '127.0.0.1:0'];

describe('a mistake is told in one line and ends with exit code 1', () => {
  it.each([
    [['generate', '--module', 'none.ts', '--out', 'b'], 'There is no file none.ts: --module names the entry file of a'],
    [['generate', '--module', 'src', '--out', 'b'], 'src is a folder: --module names the entry file of a module'],
    [['generate', '--module', 'chat.ts', '--out', 'file'], 'file cannot be written (ENOTDIR): choose another folder'],
    [['generate', '--module', 'chat.ts', '--out', '/proc/b'], '/proc/b cannot be written (ENOENT): choose another'],
    [['publish', 'x', '--module', 'none.ts'], 'There is no file none.ts'],
    [['hub', 'start', '--module', 'none.ts', '--name', 'x', ...free], 'There is no file none.ts'],
    [['hub', 'start', '--module', 'chat.ts', '--name', 'My Db', ...free], '`My Db` cannot be a database’s name'],
    [
      ['hub', 'start', '--module', 'chat.ts', '--name', 'x', '--data', 'file', ...free],
      'choose another folder with --data',
    ],
    [
      ['hub', 'start', '--module', 'chat.ts', '--name', 'x', '--listen', '192.0.2.1:0'],
      'cannot listen on 192.0.2.1:0: it is not an address of this machine; choose another address with --listen',
    ],
    [['dev', '--module', 'none/none.ts', '--name', 'x', ...free], 'There is no file none/none.ts'],
    [['dev', '--module', 'chat.ts', '--name', 'My Db', ...free], '`My Db` cannot be a database’s name'],
    [['restore', 'src', '--data', 'restored'], 'it has no backup.json; name a folder, or a file that ends in'],
    [['log', 'show', '--data', 'src'], 'holds no databases: name the data folder of a hub'],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await shop.helix(...args);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^helix: [^\n]+\n$/);
    expect(stderr.replaceAll("'", '’')).toContain(message);
    expect(stderr).not.toMatch(/unexpected|HELIX_DEBUG/);
  });

  it.each([
    ['list'],
    ['list', '--token-file', 'some.token'],
    ['delete', 'chat', '--yes', '--token-file', 'some.token'],
    ['logs', '--database', 'x', '--token-file', 'some.token'],
    ['dev', '--module', 'chat.ts', '--name', 'x', '--token-file', 'some.token'],
  ])('something else answers at the address: %s', async (...args) => {
    const { code, stdout, stderr } = await shop.helix(...args, '--server', alienUrl);
    const message = `helix: ${alienUrl} answers, but not as a server of databases: check the address\n`;
    expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '', stderr: message });
  });

  it.each(['tasks', 'ask why', 'link'])('something else answers where a hub should: %s', async (command) => {
    const { code, stdout, stderr } = await shop.helix(
      ...command.split(' '),
      ...['--hub', alienUrl, '--token-file', 'some.token'],
    );
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(`helix: ${alienUrl} is not a hub: something else answers there, check the address\n`);
  });
});

describe('a server of databases', () => {
  let server: HelixProcess;
  let url = '';
  beforeAll(async () => {
    const data = `${shop.folder}/.helix/modules`;
    const args = ['hub', 'start', '--module', `${shop.folder}/chat.ts`, '--name', 'chat', '--data', data, ...free];
    server = startHelix(args, shop.env);
    [, url = ''] = await server.line(/listening on (http:\/\/\S+)/);
  });
  afterAll(() => server.stop());

  it('that runs no hub of the mesh is told apart from one', async () => {
    const token = ['--token-file', '.helix/modules/operator.token'];
    const { code, stderr } = await shop.helix('tasks', '--hub', url, ...token);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^helix: The server at \S+ runs no hub of the mesh \(no database helix\): .*`helix start`.*\n$/,
    );
  });

  it.each([
    ['describe'],
    ['logs'],
    ['list'],
    ['sql', 'SELECT * FROM message'],
    ['call', 'send', 'x'],
    ['delete', 'chat', '--yes'],
    ['publish', 'chat', '--module', 'chat.ts'],
    ['dev', '--module', 'chat.ts', '--name', 'chat'],
  ])('that does not know the token: %s', async (...args) => {
    const { code, stdout, stderr } = await shop.helix(...args, '--server', url, '--token-file', 'some.token');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^helix: The server at \S+ does not accept the token in some\.token: [^\n]+\n$/);
  });

  it.each([['describe'], ['logs'], ['sql', 'SELECT 1'], ['call', 'send', 'x']])(
    'that has no such database: %s',
    async (...args) => {
      const { code, stdout, stderr } = await shop.helix(...args, '--database', 'none');
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toBe(`helix: There is no database none at ${url}: \`helix list\` shows yours\n`);
    },
  );
});

describe('the types of a module', () => {
  const hintOf = async (config: string): Promise<string> => {
    shop.write('tsconfig.json', config);
    const { code, stderr } = await shop.helix('generate', '--module', 'chat.ts', '--out', 'bindings');
    expect(code).toBe(0);
    return stderr;
  };

  it.each([
    ['{ "compilerOptions": { "moduleResolution": "NodeNext" } }', '"moduleResolution": "NodeNext"'],
    ['{ // by hand\n "compilerOptions": { "module": "node16", /* more */ }, }', '"module": "node16"'],
  ])('a resolution under which they are not found is named: %s', async (config, seen) => {
    expect(await hintOf(config)).toBe(
      `· tsconfig.json has ${seen}, under which the types of spacetimedb/server are not found: ` +
        'set "moduleResolution": "bundler"\n',
    );
  });

  it.each([
    '{ "compilerOptions": { "module": "nodenext", "moduleResolution": "bundler" } }',
    '{ "extends": "./other.json" }',
  ])('nothing is said of %s', async (config) => {
    expect(await hintOf(config)).toBe('');
  });
});

it('colours are for people: none where the output is no terminal, and none with NO_COLOR', async () => {
  const env = { ...shop.env, NO_COLOR: '' };
  const hub = startCli(['publish', 'x', '--module', 'chat.ts', '--server', 'http://127.0.0.1:9'], {
    cwd: shop.folder,
    env,
  });
  const { stdout, stderr } = await hub.ended;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal takes for a command
  expect(stdout + stderr).not.toMatch(/\u001b/);
});
