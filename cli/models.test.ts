import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  calls,
  type OpenAiServer,
  type Reply,
  refuses,
  says,
  startOpenAiServer,
} from '../limbs/testing/openai-server.ts';
import { type Ended, runCli } from './testing/cli.fixture.ts';

/** A capable model: does what it is asked for. */
const capable: Reply = (response, asked) => {
  if (asked.path.endsWith('/embeddings')) {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ data: [{ index: 0, embedding: [0.1, 0.2, 0.3] }] }));
    return;
  }
  const { tools, response_format: format } = asked.body;
  if (tools) return calls(['add', { a: 17, b: 25 }])(response, asked);
  return says(format ? '{"sum":42}' : 'one two three')(response, asked);
};

/** One that can only chat. */
const plain: Reply = (response, asked) =>
  asked.body['tools'] ? refuses(400, 'tools are not supported')(response, asked) : says('one two')(response, asked);

let home: string;
let big: OpenAiServer;
let small: OpenAiServer;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'helix-models-'));
  mkdirSync(join(home, 'limb'));
  big = await startOpenAiServer(capable);
  small = await startOpenAiServer(plain);
  writeFileSync(
    join(home, 'limb', 'limb.toml'),
    `[providers.work]
base_url = "${big.baseUrl}"
key_env = "WORK_KEY"
[providers.attic]
base_url = "${small.baseUrl}"
[models.big]
provider = "work"
model = "big-1"
price_in = 2
price_out = 8
[models.small]
provider = "attic"
model = "small-1"
[models.vectors]
provider = "work"
model = "e5"
[routes]
reason = ["big", "small"]
embed = "vectors"
`,
  );
});

afterAll(async () => {
  await big.close();
  await small.close();
  rmSync(home, { recursive: true });
});

function models(args: readonly string[], env: Record<string, string> = { WORK_KEY: 'sk-very-secret' }): Promise<Ended> {
  return runCli(['models', ...args], { env: { HELIX_HOME: home, ...env } });
}

describe('helix models', () => {
  it('lists what is named, for what, at what price, and no key', async () => {
    const { stdout, code } = await models(['list']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/big +big-1 +reason 1 +2\/8 +set +http:/);
    expect(stdout).toMatch(/small +small-1 +reason 2 +free +none +http:/);
    expect(stdout).toMatch(/vectors +e5 +embed +free +set +http:/);
    const json = await models(['list', '--json'], {});
    expect(JSON.parse(json.stdout).models[0]).toMatchObject({
      name: 'big',
      for: ['reason 1'],
      price: { inPerMillion: 2, outPerMillion: 8 },
      key: 'missing',
    });
    expect(stdout + json.stdout).not.toContain('sk-very-secret');
  });

  it('tests what each model can do', async () => {
    const { stdout, code } = await models(['test']);
    expect(code).toBe(0);
    const lines = stdout.split('\n').map((line) => line.trim().replace(/\s+/g, ' '));
    expect(lines).toEqual(
      expect.arrayContaining([
        'yes answers 10 tokens in, 5 out',
        'yes streams 3 pieces',
        'yes calls tools add({"a":17,"b":25})',
        'yes answers in JSON {"sum":42}',
        'yes embeds vectors of 3 numbers',
        expect.stringMatching(/^NO calls tools .*small-1 at .* cannot call tools/),
        expect.stringMatching(/^NO answers in JSON small-1 did not answer with the JSON/),
      ]),
    );
    expect(big.asked[0]?.headers.authorization).toBe('Bearer sk-very-secret');
  });

  it('fails when a model does not answer, and says why', async () => {
    const { stdout, stderr, code } = await models(['test', 'big', '--json'], {});
    expect(JSON.parse(stdout)).toMatchObject([
      {
        name: 'big',
        checks: [{ what: 'answers', passed: false, seen: expect.stringContaining('WORK_KEY is not set') }],
      },
    ]);
    expect([code, stderr.trim()]).toEqual([1, 'helix: No answer from big']);
  });

  it('times the models that write', async () => {
    const { stdout, code } = await models(['time', '--rounds', '2', '--json']);
    expect(code).toBe(0);
    // 10 tokens in and 5 out, twice.
    expect(JSON.parse(stdout)).toMatchObject([
      { name: 'big', rounds: 2, micros: 120 },
      { name: 'small', rounds: 2, micros: 0 },
    ]);
    const table = await models(['time', 'small']);
    expect(table.stdout).toMatch(/small +small-1 +\d+ ms +[\d.]+ +\d+ ms +free/);
  });

  it('says what to do where nothing is as it should be', async () => {
    expect((await models(['time', 'huge'])).stderr).toBe(
      'helix: There is no model huge; there is big, small, vectors\n',
    );
    const nothing = { HELIX_HOME: join(home, 'none'), OLLAMA_HOST: '127.0.0.1:9' };
    expect((await models(['list'], nothing)).stdout).toMatch(/^There is no language model\. Name one in .*limb\.toml/);
    expect(await models(['test'], nothing)).toMatchObject({ code: 1 });
    mkdirSync(join(home, 'bad', 'limb'), { recursive: true });
    writeFileSync(join(home, 'bad', 'limb', 'limb.toml'), '[models.x]\nmodel = 5\n');
    const bad = await models(['list'], { HELIX_HOME: join(home, 'bad') });
    expect(bad.stderr).toMatch(/^helix: .*limb\.toml:1: models\.x\.provider: .*\n.*limb\.toml:2: models\.x\.model: /);
    expect(bad.code).toBe(1);
  });
});
