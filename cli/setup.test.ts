import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { until } from '../limbs/testing/hub.ts';
import { type OpenAiServer, says, startOpenAiServer } from '../limbs/testing/openai-server.ts';
import { askForSetup } from './lib/setup-choice.ts';
import { root, runCli } from './testing/cli.fixture.ts';

/** That of util-linux runs a command on a pseudo-terminal. */
const terminal = '/usr/bin/script';
const hasTerminals = /util-linux/.test(spawnSync(terminal, ['--version'], { encoding: 'utf8' }).stdout ?? '');

let home: string;
let server: OpenAiServer;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'helix-setup-'));
  server = await startOpenAiServer(says('one two three'));
});

afterAll(async () => {
  await server.close();
  rmSync(home, { recursive: true });
});

const setup = (args: string[], input = '') => runCli(['setup', ...args], { env: { HELIX_HOME: home }, input });

describe('helix setup', () => {
  it('tries a model, and writes it with its key in a file of its own', async () => {
    const args = ['--provider', 'custom', '--base-url', server.baseUrl, '--model', 'm-1', '--key-stdin'];
    const { stdout, code } = await setup([...args, '--price-in', '2'], 'sk-very-secret\n');
    expect(code).toBe(0);
    expect(stdout).toMatch(/yes +answers[\s\S]*m-1: [\d.]+ tokens\/s/);
    const toml = readFileSync(join(home, 'limb', 'limb.toml'), 'utf8');
    expect(toml + stdout).not.toContain('sk-very-secret');
    expect(readFileSync(join(home, 'limb', 'custom.key'), 'utf8')).toBe('sk-very-secret\n');
    expect(statSync(join(home, 'limb', 'custom.key')).mode & 0o777).toBe(0o600);
    expect(server.asked[0]?.headers.authorization).toBe('Bearer sk-very-secret');
    const list = await runCli(['models', 'list', '--json'], { env: { HELIX_HOME: home } });
    expect(JSON.parse(list.stdout).models).toMatchObject([{ name: 'm-1', for: ['reason'], key: 'set' }]);
  });

  it('writes nothing for a model that does not answer, and adds others before the first', async () => {
    const before = readFileSync(join(home, 'limb', 'limb.toml'), 'utf8');
    const dead = await setup(['--provider', 'custom', '--base-url', 'http://127.0.0.1:9/v1', '--model', 'm-2']);
    expect([dead.code, dead.stderr]).toEqual([
      1,
      expect.stringContaining('m-2 does not answer, so nothing was written'),
    ]);
    expect(readFileSync(join(home, 'limb', 'limb.toml'), 'utf8')).toBe(before);
    const force = ['--provider', 'ollama', '--base-url', 'http://127.0.0.1:9/v1', '--model', 'm-2', '--force'];
    expect((await setup(force)).code).toBe(0);
    const list = await runCli(['models', 'list'], { env: { HELIX_HOME: home } });
    expect(list.stdout).toMatch(/m-2 +m-2 +reason 1/);
    expect(list.stdout).toMatch(/m-1 +m-1 +reason 2/);
  });

  it('names what is missing', async () => {
    expect((await setup(['--provider', 'openia'])).stderr).toMatch(
      /There is no provider openia; there is anthropic, openai/,
    );
    expect((await setup(['--provider', 'openai'])).stderr).toMatch(/Name the model by --model/);
    expect((await setup(['--provider', 'azure', '--model', 'm-1'])).stderr).toMatch(/give yours by --account/);
    const unset = await setup(['--provider', 'xai', '--model', 'm-1', '--key-env', 'HELIX_NO_SUCH_KEY']);
    expect([unset.code, unset.stderr]).toEqual([1, expect.stringContaining('HELIX_NO_SUCH_KEY is not set here')]);
  });

  it('tries the key of the usual variable, and says when the environment counts before the file', async () => {
    const ownHome = mkdtempSync(join(tmpdir(), 'helix-setup-'));
    const args = ['setup', '--provider', 'openai', '--base-url', server.baseUrl.replace('/v1', ''), '--model', 'm-1'];
    const env = { HELIX_HOME: ownHome, OPENAI_API_KEY: 'sk-usual', HELIX_LLM_MODEL: 'other' };
    const { stdout, code } = await runCli(args, { env });
    expect([code, stdout]).toEqual([0, expect.stringContaining('HELIX_LLM_* is set here')]);
    expect(server.asked.at(-1)).toMatchObject({
      path: '/v1/chat/completions',
      headers: { authorization: 'Bearer sk-usual' },
    });
    rmSync(ownHome, { recursive: true });
  });

  it('finds the Ollama that its variable names', async () => {
    const listing = await startOpenAiServer((response, asked) => {
      if (asked.path.endsWith('/chat/completions')) return says('one two three')(response, asked);
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ object: 'list', data: [{ id: 'nomic-embed' }, { id: 'qwen3' }] }));
    });
    const ownHome = mkdtempSync(join(tmpdir(), 'helix-setup-'));
    const env = { HELIX_HOME: ownHome, OLLAMA_HOST: new URL(listing.baseUrl).host };
    expect((await runCli(['setup'], { env })).code).toBe(0);
    const toml = readFileSync(join(ownHome, 'limb', 'limb.toml'), 'utf8');
    expect(toml).toContain(`[providers.ollama]\nbase_url = "${listing.baseUrl}"`);
    expect(toml).toContain('model = "qwen3"');
    rmSync(ownHome, { recursive: true });
    await listing.close();
  });

  it('asks a person for a server and a model, the local ones first', async () => {
    const local = [
      { preset: 'ollama' as const, baseUrl: 'http://127.0.0.1:11434/v1', models: ['nomic-embed', 'qwen3'] },
    ];
    const person = new Person();
    const choosing = askForSetup(local, async () => undefined, person);
    await person.answers('Ollama on this machine', enter);
    await person.answers('qwen3', enter);
    expect(await choosing).toMatchObject({ preset: 'ollama', model: 'qwen3', key: undefined, baseUrl: undefined });
  });

  it('asks for address and key of another server, and offers the models that it lists', async () => {
    const listing = await startOpenAiServer((response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ object: 'list', data: [{ id: 'bge-small' }, { id: 'big-1' }, { id: 'big-2' }] }));
    });
    const person = new Person();
    const choosing = askForSetup([], async () => undefined, person);
    await person.answers('Server', `${up}${enter}`);
    await person.answers('Address', `${listing.baseUrl}${enter}`);
    await person.answers('Key', `sk-typed${enter}`);
    await person.answers('big-2', `${down}${enter}`);
    const expected = {
      preset: 'custom',
      baseUrl: listing.baseUrl,
      account: undefined,
      key: 'sk-typed',
      model: 'big-2',
    };
    expect(await choosing).toEqual(expected);
    expect(person.seen).not.toContain('sk-typed');
    expect(listing.asked[0]).toMatchObject({ path: '/v1/models', headers: { authorization: 'Bearer sk-typed' } });
    await listing.close();
  });

  it('asks for the name of the model where the server lists none, and writes nothing for somebody who gives up', async () => {
    const person = new Person();
    const choosing = askForSetup([], async () => undefined, person);
    await person.answers('Server', `${up}${enter}`);
    await person.answers('Address', `http://127.0.0.1:9/v1${enter}`);
    await person.answers('Key', enter);
    await person.answers('Model, as the server calls it', `mine${enter}`);
    expect(await choosing).toMatchObject({ key: undefined, model: 'mine' });

    const another = new Person();
    const leaving = askForSetup([], async () => undefined, another);
    await another.answers('Server', ctrlC);
    await expect(leaving).rejects.toThrow('Nothing was written');
  });

  it.skipIf(!hasTerminals)(
    'is a wizard on a terminal: from the first question to the file',
    async () => {
      const ownHome = mkdtempSync(join(tmpdir(), 'helix-wizard-'));
      const wizard = [process.execPath, join(root, 'cli/bin.js'), 'setup'].map((word) => `'${word}'`).join(' ');
      // A pseudo-terminal, as Linux brings it, has no size of its own.
      const command = `stty cols 100 rows 40; ${wizard}`;
      const child = spawn(terminal, ['-qec', command, '/dev/null'], {
        env: {
          ...process.env,
          HELIX_HOME: ownHome,
          HELIX_HUB: '',
          NO_COLOR: '1',
          TERM: 'xterm',
        },
      });
      const person = new Person();
      person.input.pipe(child.stdin);
      child.stdout.pipe(person.output);
      const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
      await person.answers('Which language model shall answer?', '');
      await person.answers('Server', `${up}${enter}`);
      await person.answers('Address', `${server.baseUrl}${enter}`);
      await person.answers('Key', `sk-wizard${enter}`);
      await person.answers('Model, as the server calls it', `m-9${enter}`);
      expect(await ended).toBe(0);
      expect(person.seen).toMatch(/m-9: [\d.]+ tokens\/s/);
      expect(person.seen).toContain(`Wrote ${join(ownHome, 'limb', 'limb.toml')}`);
      expect(person.seen).not.toContain('sk-wizard');
      expect(readFileSync(join(ownHome, 'limb', 'limb.toml'), 'utf8')).toContain('model = "m-9"');
      expect(readFileSync(join(ownHome, 'limb', 'custom.key'), 'utf8')).toBe('sk-wizard\n');
      rmSync(ownHome, { recursive: true });
    },
    60_000,
  );
});

const enter = '\r';
const up = '\u001b[A';
const down = '\u001b[B';
const ctrlC = '\u0003';

/** Somebody at a terminal, who answers what is asked. */
class Person {
  readonly input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} });
  readonly output = Object.assign(new PassThrough(), { columns: 100, rows: 40 });
  seen = '';
  #answered = 0;

  constructor() {
    this.output.on('data', (bytes) => {
      this.seen += bytes;
    });
  }

  /** Types the keys when a question is there, behind the one before. */
  async answers(question: string, keys: string): Promise<void> {
    const at = () => this.seen.indexOf(question, this.#answered);
    await until(() => at() >= 0 || undefined);
    this.#answered = at() + question.length;
    this.input.write(keys);
  }
}
