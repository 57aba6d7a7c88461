import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type OpenAiServer, says, startOpenAiServer } from '../limbs/testing/openai-server.ts';
import { askForSetup } from './lib/setup-choice.ts';
import { runCli } from './testing/cli.fixture.ts';

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
  });

  it('asks a person for a server and a model, the local ones first', async () => {
    const input = Object.assign(new PassThrough(), { isTTY: true, setRawMode: () => {} });
    const output = Object.assign(new PassThrough(), { columns: 80, rows: 30 });
    let shown = '';
    output.on('data', (bytes) => {
      shown += bytes;
    });
    const until = async (text: string) => {
      while (!shown.includes(text)) await new Promise((resolve) => setTimeout(resolve, 10));
    };
    const local = [
      { preset: 'ollama' as const, baseUrl: 'http://127.0.0.1:11434/v1', models: ['nomic-embed', 'qwen3'] },
    ];
    const choosing = askForSetup(local, { input, output });
    await until('Ollama on this machine');
    input.write('\r');
    await until('qwen3');
    input.write('\r');
    expect(await choosing).toMatchObject({ preset: 'ollama', model: 'qwen3', key: undefined, baseUrl: undefined });
  });
});
