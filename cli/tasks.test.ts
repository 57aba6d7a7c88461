import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { lockFile } from '../engine/index.ts';
import { type Limb, startLimb } from '../limbs/index.ts';
import { defineSkill } from '../limbs/skills/skill.ts';
import { findHome } from './lib/home.ts';
import { connectHub } from './lib/hub.ts';
import { createInvite } from './lib/invite.ts';
import { type Running, root, runCli, startCli } from './testing/cli.fixture.ts';

// The commands of a user against a real hub, with a limb whose skills do what each test needs.

let home = '';
let hub: Running;
let limb: Limb;
const env = (): Record<string, string> => ({ HELIX_HOME: home });

/** Gives a command a terminal. */
const script = '/usr/bin/script';

/** What happens while the limb remembers. */
let meanwhile = () => {};

const words = { engine: 'test', note: '' };
const skills = [
  defineSkill({
    name: 'reason',
    input: z.object({ question: z.string() }),
    work: async ({ question }, { progress, tellText, signal }) => {
      progress('thinking');
      if (question === 'wait') await new Promise((_, reject) => signal.addEventListener('abort', reject));
      if (question === 'speak') {
        const tell = tellText();
        tell('I write a line.\nAnd I ');
        await new Promise((resolve) => setTimeout(resolve, 300));
        tell('go on.');
      }
      if (question === 'fail') throw new Error('no idea');
      const citations = [{ document: 'a.md', section: 'One', quote: 'a quote' }];
      return { ...words, text: `You asked: ${question}`, citations };
    },
  }),
  defineSkill({
    name: 'run_python',
    input: z.object({ code: z.string() }),
    work: async ({ code }) => ({ ...words, text: code.trim(), exitCode: code.includes('exit') ? 3 : 0 }),
  }),
  defineSkill({
    name: 'remember',
    input: z.object({ paths: z.array(z.string()) }),
    work: async ({ paths }) => {
      meanwhile();
      return { ...words, text: paths.join('\n') };
    },
  }),
  defineSkill({
    name: 'recall',
    input: z.object({ query: z.string(), labels: z.array(z.string()), format: z.literal('json') }),
    work: async ({ query, labels }) => {
      const halves = { meaning: { rank: 1, score: 0.71 }, words: { rank: 2, score: 0.3 } };
      const place = { document: 'a.md', title: 'A', section: 'One', alsoIn: ['b.md'] };
      const part = { ...place, ...halves, score: 0.5, content: [query, ...labels].join(', ') };
      return { ...words, text: JSON.stringify({ parts: [part] }) };
    },
  }),
  defineSkill({
    name: 'forget',
    input: z.unknown(),
    work: async (input) => ({ ...words, text: JSON.stringify(input) }),
  }),
];

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'helix-tasks-'));
  const data = join(home, 'hub');
  hub = startCli([
    'hub',
    'start',
    '--module',
    'hub/index.ts',
    '--name',
    'helix',
    '--data',
    data,
    '--listen',
    '127.0.0.1:0',
  ]);
  const url = /(http:\S+)/.exec(await hub.line(/listening/))?.[1] ?? '';
  copyFileSync(join(data, 'operator.token'), join(home, 'owner.token'));
  writeFileSync(join(home, 'hub.json'), JSON.stringify({ url, database: 'helix' }));

  const token = readFileSync(join(home, 'owner.token'), 'utf8').trim();
  const owner = await connectHub(findHome(), { url, database: 'helix' }, token);
  const pairCode = await createInvite(owner, 'Limb');
  owner.close();
  limb = await startLimb(
    {
      folder: join(home, 'limb'),
      lockFile,
      hub: { url, database: 'helix' },
      name: 'desk',
      version: '0',
      pairCode,
      env: {},
      log: () => {},
    },
    async () => ({
      skills,
      model: '',
      sandbox: '',
      memoryFacts: async () => ({
        documentCount: 2,
        chunkCount: 5,
        byteCount: 2048,
        changedAtMs: Date.parse('2026-01-02T03:04:05Z'),
        engine: 'none',
      }),
      close: async () => {},
    }),
  );
});

afterAll(async () => {
  await limb.stop();
  hub.child.kill('SIGTERM');
  await hub.ended;
  rmSync(home, { recursive: true, force: true });
});

describe('helix ask', () => {
  it('follows the task and ends with the answer, its sources and how it came about', async () => {
    const { code, stdout, stderr } = await runCli(['ask', 'What', 'is', 'this?'], { env: env() });
    expect(code).toBe(0);
    expect(stderr).toMatch(/^· desk works on task \d+$/m);
    expect(stderr).toContain('· thinking\n');
    expect(stdout).toMatch(
      /^You asked: What is this\?\n\nSources\n {2}\[1\] a\.md › One\n {6}“a quote”\n\ntest · \d+ ms/,
    );
  });

  it('shows an answer as it is written, and with --json only the result', async () => {
    const asking = startCli(['ask', 'speak'], { env: env() });
    await asking.line(/^· I write a line\.$/);
    const { code, stdout, stderr } = await asking.ended;
    expect([code, stdout.split('\n', 1)[0]]).toEqual([0, 'You asked: speak']);
    expect(stderr).toContain('· I write a line.\n· And I go on.\n');
    const json = await runCli(['ask', '--json', 'speak'], { env: env() });
    expect(json.stderr).toContain('· thinking\n');
    expect(json.stderr + json.stdout).not.toContain('I write a line');
  });

  it.skipIf(!existsSync(script))(
    'shows an answer in place on a terminal, until the result takes its place',
    async () => {
      const command = `${process.execPath} cli/bin.js ask speak`;
      const terminal = spawn(script, ['-qefc', command, '/dev/null'], { cwd: root, env: { ...process.env, ...env() } });
      let shown = '';
      terminal.stdout.setEncoding('utf8').on('data', (text: string) => {
        shown += text;
      });
      await once(terminal, 'close');
      const [before = '', after = ''] = shown.split('You asked: speak');
      expect(stripVTControlCharacters(before)).toContain('I write a line.\r\nAnd I');
      // The last thing before the result is that the two rows of the text are taken back.
      expect(before.endsWith('\u001b[2A\u001b[0J')).toBe(true);
      expect(after).toContain('Sources');
    },
  );

  it('--json prints the summary and nothing else', async () => {
    const { code, stdout } = await runCli(['ask', '--json', 'why'], { env: env() });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      tenantId: '1',
      attempt: 1,
      body: { text: 'You asked: why', engine: 'test' },
    });
  });

  it('fails with what the limb says', async () => {
    const { code, stdout, stderr } = await runCli(['ask', 'fail'], { env: env() });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(/^helix: Task \d+ failed/m);
    expect(stderr).toContain('no idea');
  });

  it('cancels its task on Ctrl-C, and says so', async () => {
    const waiting = startCli(['ask', 'wait'], { env: env() });
    const id = /task (\d+)/.exec(await waiting.line(/works on task/))?.[1];
    await waiting.line(/thinking/);
    waiting.child.kill('SIGINT');
    const { code, stderr } = await waiting.ended;
    expect([code, stderr]).toEqual([130, expect.stringContaining(`task ${id} is cancelled`)]);
    const { stdout } = await runCli(['tasks', '--limit', '1'], { env: env() });
    expect(stdout).toMatch(new RegExp(`^${id} +cancelled +reason +desk .* wait$`, 'm'));
  });
});

describe('helix run', () => {
  it('runs a script from a file or from standard input', async () => {
    const script = join(home, 'script.py');
    writeFileSync(script, 'print(1)\n');
    expect((await runCli(['run', script], { env: env() })).stdout).toMatch(/^print\(1\)\n\ntest · exit status 0/);
    expect((await runCli(['run', '-'], { env: env(), input: 'print(2)' })).stdout).toMatch(/^print\(2\)\n/);
  });

  it('fails when the script does', async () => {
    const { code, stdout, stderr } = await runCli(['run', '-'], { env: env(), input: 'exit(3)' });
    expect(code).toBe(1);
    expect(stdout).toMatch(/exit status 3/);
    expect(stderr).toMatch(/helix: The script ended with exit status 3\n$/);
  });
});

describe('helix remember', () => {
  it("copies documents to this machine's limb and tells it their paths only", async () => {
    const { code, stdout } = await runCli(['remember', 'README.md', 'engine/log'], { env: env() });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^engine\/log\nREADME\.md\n/);
    expect(existsSync(join(home, 'limb/documents/1/engine/log/FORMAT.md'))).toBe(true);
  });

  it('--watch follows what changes, comes and goes until it is ended', async () => {
    const folder = join(home, 'watched');
    mkdirSync(folder);
    const watching = startCli(['remember', folder, '--watch'], { env: env() });
    await watching.line(/No document yet: watching for changes/);
    writeFileSync(join(folder, 'a.md'), 'one');
    await watching.line(/^watched\/a\.md$/);
    writeFileSync(join(folder, 'b.md'), 'two');
    writeFileSync(join(folder, '.hidden.md'), 'not this');
    await watching.line(/^watched\/b\.md$/);
    expect(readFileSync(join(home, 'limb/documents/1/watched/b.md'), 'utf8')).toBe('two');
    rmSync(join(folder, 'a.md'));
    await vi.waitUntil(() => !existsSync(join(home, 'limb/documents/1/watched/a.md')), { timeout: 20_000 });
    watching.child.kill('SIGINT');
    expect((await watching.ended).code).toBe(130);
  });
});

describe('helix remember --watch', () => {
  it('follows what changes while the first documents are remembered', async () => {
    const folder = join(home, 'busy');
    mkdirSync(folder);
    writeFileSync(join(folder, 'a.md'), 'one');
    meanwhile = () => writeFileSync(join(folder, 'late.md'), 'two');
    const watching = startCli(['remember', folder, '--watch'], { env: env() });
    await watching.line(/Watching for changes/);
    meanwhile = () => {};
    await watching.line(/^busy\/late\.md$/);
    watching.child.kill('SIGINT');
    await watching.ended;
  });
});

describe('helix recall, forget and memory stats', () => {
  it('shows what was found with both ranks, and as JSON', async () => {
    const { code, stdout } = await runCli(['recall', 'lost', 'lease', '--label', 'x'], { env: env() });
    expect(code).toBe(0);
    expect(stdout).toBe(
      '1  a.md › One\n   lost lease, x\n   score 0.50 · meaning #1 (0.71) · words #2 (0.30) · also in b.md\n',
    );
    const json = await runCli(['recall', 'lease', '--json'], { env: env() });
    expect(JSON.parse(json.stdout)).toMatchObject({ parts: [{ document: 'a.md', meaning: { rank: 1 } }] });
    const many = await runCli(['recall', 'lease', '--limit', '21'], { env: env() });
    expect([many.code, many.stderr]).toEqual([1, expect.stringContaining('Expected a whole number of at most 20.')]);
  });

  it('forgets paths with their copies, and says how much is remembered', async () => {
    mkdirSync(join(home, 'limb/documents/1'), { recursive: true });
    writeFileSync(join(home, 'limb/documents/1/old.md'), 'old');
    const { code, stdout } = await runCli(['forget', './old.md'], { env: env() });
    expect([code, stdout.split('\n', 1)[0]]).toEqual([0, '{"paths":["old.md"]}']);
    expect(existsSync(join(home, 'limb/documents/1/old.md'))).toBe(false);
    const stats = await runCli(['memory', 'stats', '--json'], { env: env() });
    expect(JSON.parse(stats.stdout)).toEqual([
      { limb: 'desk', documents: 2, chunks: 5, bytes: 2048, changedAt: '2026-01-02T03:04:05.000Z', engine: 'none' },
    ]);
    const table = await runCli(['memory', 'stats'], { env: env() });
    expect(table.stdout).toMatch(/^desk +2 +5 +2\.0 KiB +2026-01-02 03:04 +none$/m);
  });
});

describe('helix tasks', () => {
  it('lists the newest tasks, and follows their changes line by line', async () => {
    const following = startCli(['tasks', '--follow', '--limit', '3'], { env: env() });
    await following.line(/^task +state +skill/);
    await runCli(['ask', 'news'], { env: env() });
    await following.line(/queued +reason .*news$/);
    await following.line(/done +reason +desk .*news$/);
    following.child.kill('SIGINT');
    expect((await following.ended).code).toBe(130);
  });

  it('--json prints the newest tasks for programs', async () => {
    await runCli(['ask', 'for programs'], { env: env() });
    const { code, stdout } = await runCli(['tasks', '--json', '--limit', '1'], { env: env() });
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject([
      {
        tenantId: '1',
        skill: 'reason',
        title: 'for programs',
        state: 'Done',
        submittedAt: expect.stringMatching(/Z$/),
      },
    ]);
    expect((await runCli(['tasks', '--json', '--follow'], { env: env() })).stderr).toMatch(/cannot be used with/);
    const why = await runCli(['why', JSON.parse(stdout)[0].id, '--json'], { env: env() });
    expect(JSON.parse(why.stdout)).toMatchObject({
      title: 'for programs',
      why: expect.stringMatching(/^Task \d+ is done$/),
      attempts: [{ number: 1, limbName: 'desk', outcome: 'Done' }],
    });
  });

  it('refuses a token that the hub did not make', async () => {
    const file = join(home, 'bad.token');
    writeFileSync(file, 'nonsense');
    const { code, stderr } = await runCli(['tasks', '--token-file', file], { env: env() });
    expect({ code, stderr: stderr.split(':')[1] }).toEqual({
      code: 1,
      stderr: expect.stringContaining(' The hub at http'),
    });
    expect(stderr).toContain('does not accept this token');
  });
});

describe('helix limb egress', () => {
  it('lists and sums what left this machine, and says where the journal was changed', async () => {
    await runCli(['ask', 'what leaves?'], { env: env() });
    const { code, stdout } = await runCli(['limb', 'egress', '--limit', '3'], { env: env() });
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\S+ \S+ +the hub +completeTask +\d+ +[0-9a-f]{12} +\{.*You asked: what leaves/m);
    expect(stdout).toMatch(/^the hub +redeemInvite +1 +\d+$/m);
    expect(stdout).toMatch(/^\d+ bytes in all/m);
    const whole = await runCli(['limb', 'egress', '--json'], { env: env() });
    const entries = whole.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(entries[0]).toMatchObject({ number: 1, reducer: 'redeemInvite', payload: null });
    const folder = join(home, 'limb/egress');
    const file = join(folder, readdirSync(folder)[0] ?? '');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('announceLimb', 'announceLimp'));
    const changed = await runCli(['limb', 'egress'], { env: env() });
    writeFileSync(file, text);
    expect(changed.code).toBe(1);
    expect(changed.stderr).toContain('line 2 was changed');
  });

  it('says so when nothing has left', async () => {
    const empty = mkdtempSync(join(tmpdir(), 'helix-no-limb-'));
    const { code, stdout } = await runCli(['limb', 'egress'], { env: { HELIX_HOME: empty } });
    rmSync(empty, { recursive: true });
    expect([code, stdout]).toEqual([0, 'Nothing has left this machine.\n']);
  });
});

describe('a tenant that the limb of this machine does not work for', () => {
  it('gets none of its documents, and the command says so', async () => {
    const as = { env: { ...env(), XDG_CONFIG_HOME: home } };
    expect((await runCli(['tenants', 'create', 'elsewhere'], as)).code).toBe(0);
    const { code, stderr } = await runCli(['remember', 'README.md', '--tenant', 'elsewhere'], as);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^helix: This machine's limb does not work for this/m)]);
    expect(existsSync(join(home, 'limb/documents/2'))).toBe(false);
  });
});
