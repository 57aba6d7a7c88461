import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createProgram } from './program.ts';
import { root, runCli, startCli } from './testing/cli.fixture.ts';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'helix-cli-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const module = 'test/fixtures/modules/views.ts';

const reach = `
import { schema, t } from 'spacetimedb/server';
const spacetimedb = schema({});
export default spacetimedb;
export const ask = spacetimedb.procedure({ url: t.string() }, t.string(), (ctx, { url }) => {
  try { return ctx.http.fetch(url).text(); } catch (error) { return String(error); }
});
export const spin = spacetimedb.reducer(() => { for (;;) Math.max(1, 2); });
`;

describe('helix', () => {
  it('names all of its commands, and says what each does', async () => {
    const { code, stdout } = await runCli(['--help']);
    expect(code).toBe(0);
    for (const command of createProgram().commands) expect(stdout).toContain(`\n  ${command.name()} `);
    const help = await runCli(['tasks', 'cancel', '--help']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    expect(help.stdout).toMatch(/^Usage: helix tasks cancel [\s\S]*\nExamples:\n {2}helix tasks cancel 12\n/);
  });

  it.each([
    [['unknown'], /unknown command 'unknown'/],
    [['tasks', '--folow'], /unknown option '--folow'[\s\S]*--follow/],
    [['ask'], /missing required argument 'question'/],
    [['generate', '--module', 'x.ts'], /required option '--out <folder>'/],
    [['start', '--port', '70000'], /Expected a port between 0 and 65535/],
    [['hub', 'start', '--module', 'x', '--name', 'y', '--listen', '3000'], /Expected host:port/],
    [['tasks', '--limit', '0'], /whole number above 0/],
    [['start', '--egress', 'lan'], /Allowed choices are public, anywhere, nowhere/],
    [['start', '--procedure-limit', '0'], /Expected a number of seconds/],
    [['hub', 'start', '--module', 'x', '--name', 'y', '--reducer-limit', 'long'], /Expected a number of seconds/],
  ])('%j is refused with exit code 1', async (args, message) => {
    const { code, stderr } = await runCli(args);
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
  });

  it('says how to build itself when it is not built', () => {
    cpSync(join(root, 'cli/bin.js'), join(folder, 'unbuilt/cli/bin.js'));
    writeFileSync(join(folder, 'unbuilt/package.json'), '{"type":"module"}');
    const { status, stderr } = spawnSync(process.execPath, [join(folder, 'unbuilt/cli/bin.js')], { encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toMatch(/^helix: dist\/helix\.js is missing: run `npm ci`.*\n$/);
  });
});

describe('a command for a hub that does not run', () => {
  it.each([[['ask', 'why']], [['run', '-']], [['remember', 'README.md']], [['tasks']], [['limb', 'start']]])(
    '%j says in one sentence how to start it',
    async (args) => {
      const env = { HELIX_HOME: join(folder, 'nothing') };
      const { code, stdout, stderr } = await runCli(args, { env, input: 'print(1)' });
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toMatch(/^helix: [^\n]*`helix start`[^\n]*\n$/);
    },
  );

  it('says so when it ran once and is gone', async () => {
    const home = join(folder, 'gone');
    cpSync(join(root, 'test/fixtures/modules/empty.ts'), join(home, 'x.ts'));
    writeFileSync(join(home, 'hub.json'), '{"url":"http://127.0.0.1:9","database":"helix"}');
    writeFileSync(join(home, 'owner.token'), 'token');
    const { code, stderr } = await runCli(['tasks'], { env: { HELIX_HOME: home } });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'helix: No hub answers at http://127.0.0.1:9: start it with `helix start`\n',
    });
  });

  it("never sends the owner's token to a hub elsewhere", async () => {
    const home = join(folder, 'gone');
    const { code, stderr } = await runCli(['tasks', '--hub', 'http://hub.example:3000'], { env: { HELIX_HOME: home } });
    expect(code).toBe(1);
    expect(stderr).toContain('--token-file');
  });

  it.each([
    [['run', 'missing.py'], /no file missing\.py/],
    [['run', '-'], /Standard input is empty/],
    [['ask', ' '], /question is empty/],
    [['remember', 'package-lock.json'], /not a document/],
    [['recall', ' '], /no words to look for/],
    [['forget'], /nothing to forget/],
    [['forget', '--all', 'x'], /leave the paths out/],
    [['forget', '--all'], /Add --yes/],
    [['tasks', '--hub', 'nonsense'], /not the address of a hub/],
  ])('%j is refused before anything is sent', async (args, message) => {
    const { code, stderr } = await runCli(args, { env: { HELIX_HOME: join(folder, 'nothing') } });
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
  });
});

describe('helix generate', () => {
  it('writes bindings, and --check passes until the module changes', async () => {
    const out = join(folder, 'bindings');
    const source = join(root, 'test/fixtures/modules');
    const generate = (name: string, ...more: string[]) =>
      runCli(['generate', '--module', join(source, name), '--out', out, ...more]);
    expect((await generate('views.ts', '--check')).code).toBe(1);
    expect(existsSync(out)).toBe(false);
    expect((await generate('views.ts')).code).toBe(0);
    expect((await generate('views.ts', '--check')).code).toBe(0);
    const stale = await generate('events.ts', '--check');
    expect(stale.code).toBe(1);
    expect(stale.stderr).toMatch(/^helix: .* is stale, run `helix generate .*`: .*alarm_table\.ts.*my_notes_table\.ts/);
    expect((await generate('events.ts')).stdout).toMatch(/7 files, \d+ written, \d+ deleted/);
    expect(readFileSync(join(out, 'index.ts'), 'utf8')).toContain('alarm');
    expect(existsSync(join(out, 'my_notes_table.ts'))).toBe(false);
  });

  it('says what is wrong with a module, and where', async () => {
    const broken = join(folder, 'broken.ts');
    writeFileSync(broken, 'export default nothing(;\n');
    const { code, stderr } = await runCli(['generate', '--module', broken, '--out', join(folder, 'none')]);
    expect(code).toBe(1);
    expect(stderr).toContain('broken.ts:1:');
    expect(existsSync(join(folder, 'none'))).toBe(false);
  });
});

describe('helix hub start', () => {
  const start = (data: string, listen: string) =>
    startCli(['hub', 'start', '--module', module, '--name', 'notes', '--data', join(folder, data), '--listen', listen]);

  it('hosts a module until Ctrl-C, and refuses a second hub on its data or its address', async () => {
    const hub = start('data', '127.0.0.1:0');
    const [, url] = /(http:\S+)/.exec(await hub.line(/listening on http:\/\/127\.0\.0\.1:\d+/)) ?? [];
    expect((await fetch(`${url}/v1/ping`)).ok).toBe(true);
    expect((await fetch(`${url}/v1/database/notes`)).ok).toBe(true);

    const sameData = await start('data', '127.0.0.1:0').ended;
    expect(sameData).toMatchObject({ code: 1, stdout: '' });
    expect(sameData.stderr).toMatch(/^helix: Another process serves .*--data\n$/);
    const sameAddress = await start('other', new URL(url ?? '').host).ended;
    expect(sameAddress).toMatchObject({ code: 1, stdout: '' });
    expect(sameAddress.stderr).toMatch(/^helix: .* is taken: .*--listen\n$/);

    hub.child.kill('SIGINT');
    expect((await hub.ended).code).toBe(130);
    const again = start('data', '127.0.0.1:0');
    await again.line(/listening/);
    again.child.kill('SIGTERM');
    expect((await again.ended).code).toBe(0);
  });

  it('lets procedures reach private addresses only when it is told to, and ends a reducer after its limit', async () => {
    writeFileSync(join(folder, 'reach.ts'), reach);
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    const outside = createServer((socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npong'));
    await new Promise<void>((resolve) => outside.listen(0, '127.0.0.1', resolve));
    const address = `http://127.0.0.1:${(outside.address() as AddressInfo).port}/`;
    const answers = async (flags: readonly string[], env: Record<string, string> = {}) => {
      const args = ['--module', join(folder, 'reach.ts'), '--name', 'reach', '--data', join(folder, 'reach')];
      const hub = startCli(['hub', 'start', ...args, '--listen', '127.0.0.1:0', ...flags], { env });
      const [, url] = /(http:\S+)/.exec(await hub.line(/listening on http/)) ?? [];
      const call = async (name: string, body: string) => {
        const headers = { 'content-type': 'application/json' };
        const answer = await fetch(`${url}/v1/database/reach/call/${name}`, { method: 'POST', headers, body });
        return await answer.text();
      };
      const texts = [await call('ask', JSON.stringify([address]))];
      if (flags.includes('--reducer-limit')) texts.push(await call('spin', '[]'));
      hub.child.kill('SIGTERM');
      await hub.ended;
      return texts;
    };
    const [denied, late] = await answers(['--reducer-limit', '0.2']);
    expect(denied).toContain('refusing to connect to private or special-purpose addresses');
    expect(late).toContain('ran longer than 200 ms');
    expect((await answers([], { HELIX_EGRESS: 'anywhere' }))[0]).toBe('"pong"');
    expect((await answers(['--egress', 'nowhere']))[0]).toContain('outbound HTTP requests are disabled');
    outside.close();
  }, 60_000);
});

describe('helix start', () => {
  it('refuses a port that is taken, in one sentence', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const { code, stderr } = await runCli(['start', '--port', String(port)], {
      env: { HELIX_HOME: join(folder, 'port') },
    });
    server.close();
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `helix: Port ${port} on 127.0.0.1 is taken: stop what listens there, or choose another with --port\n`,
    });
  });

  it('refuses a folder that it cannot write, in one sentence', async () => {
    const file = join(folder, 'a-file');
    writeFileSync(file, '');
    const { code, stderr } = await runCli(['start'], { env: { HELIX_HOME: join(file, 'home') } });
    expect(code).toBe(1);
    expect(stderr).toMatch(/^helix: .* cannot be written \(ENOTDIR\): .*HELIX_HOME[^\n]*\n$/);
  });
});
