import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findHome } from './lib/home.ts';
import { connectHub, type Hub } from './lib/hub.ts';
import { createInvite } from './lib/invite.ts';
import { type Running, runCli, startCli } from './testing/cli.fixture.ts';

// `helix audit` against a real hub, whose history is read in a thread of its own.

let home = '';
let hub: Running;
const env = (): Record<string, string> => ({ HELIX_HOME: home });
const taskCount = 1200;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'helix-audit-'));
  const data = join(home, 'hub');
  const module = ['--module', 'hub/index.ts', '--name', 'helix'];
  hub = startCli(['hub', 'start', ...module, '--data', data, '--listen', '127.0.0.1:0']);
  const url = /(http:\S+)/.exec(await hub.line(/listening/))?.[1] ?? '';
  copyFileSync(join(data, 'operator.token'), join(home, 'owner.token'));
  writeFileSync(join(home, 'hub.json'), JSON.stringify({ url, database: 'helix' }));
  const token = readFileSync(join(home, 'owner.token'), 'utf8').trim();
  const owner = await connectHub(findHome(), { url, database: 'helix' }, token);
  await Promise.all(
    Array.from({ length: taskCount }, (_, i) =>
      owner.connection.reducers.submitTask({
        tenantId: 1n,
        skill: 'reason',
        title: `question ${i}`,
        input: JSON.stringify({ question: 'the input stays out of it' }),
        reference: `r${i}`,
        terms: undefined,
      }),
    ),
  );
  await owner.connection.reducers.cancelTask({ taskId: 7n });
  await comeAndGo(owner, url);
  owner.close();
});

/** Somebody becomes a member and is removed. */
async function comeAndGo(owner: Hub, url: string): Promise<void> {
  const code = await createInvite(owner, 'Member');
  const answer = await fetch(new URL('/v1/identity', url), { method: 'POST' });
  const { token } = (await answer.json()) as { token: string };
  const guest = await connectHub(findHome(), { url, database: 'helix' }, token);
  await guest.connection.reducers.redeemInvite({ code, name: 'Gus' });
  const identity = guest.connection.identity;
  if (!identity) throw new Error('the guest has no Identity');
  await owner.connection.reducers.removeMember({ tenantId: 1n, identity });
  guest.close();
}

afterAll(async () => {
  hub.child.kill('SIGTERM');
  await hub.ended;
  rmSync(home, { recursive: true, force: true });
});

describe('helix audit', () => {
  it('says who did what, the newest first, also of those who have gone', async () => {
    const { code, stdout } = await runCli(['audit', '--limit', '4'], { env: env() });
    expect(code).toBe(0);
    const lines = stdout.trim().split('\n');
    expect(lines).toHaveLength(4);
    expect(lines[0]).toMatch(
      /^ *\d+ {2}\d{4}-\d\d-\d\d \d\d:\d\d:\d\d {2}local owner removed a member: member Gus is gone$/,
    );
    expect(lines[1]).toMatch(/Gus \(gone\) redeemed an invite: .*member Gus as /);
    expect(lines[3]).toMatch(/local owner cancelled a task: task 7 queued → cancelled$/);
  });

  it('[HIST8] exports all of it as JSON lines, through many pages, and nothing that is secret', async () => {
    const file = join(home, 'all.jsonl');
    const { code, stdout } = await runCli(['audit', '--export', file], { env: env() });
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: expect.stringMatching(/^\d+ entries are in .*, the newest first/),
    });
    const text = readFileSync(file, 'utf8');
    const entries = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(entries.filter(({ action }) => action === 'submit_task')).toHaveLength(taskCount);
    const offsets = entries.map(({ offset }) => offset);
    expect(offsets).toEqual([...new Set(offsets)].sort((a, b) => b - a));
    expect(text).not.toContain('stays out of it');
    expect(text).not.toContain('code_hash');
    const again = await runCli(['audit', '--export', file], { env: env() });
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('is there already: name another file') });
  });

  it('narrows it down by task, action, person and time', async () => {
    const told = async (...args: string[]) => {
      const { stdout } = await runCli(['audit', '--json', ...args], { env: env() });
      return stdout
        .trim()
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line));
    };
    expect((await told('--task', '7')).map(({ action }) => action)).toEqual(['cancel_task', 'submit_task']);
    expect(await told('--action', 'create_invite')).toMatchObject([{ who: 'local owner' }]);
    expect((await told('--by', 'local owner', '--limit', '3')).length).toBe(3);
    expect(await told('--until', '2020-01-01')).toEqual([]);
  });

  it('says what is wrong', async () => {
    const { code, stderr } = await runCli(['audit', '--by', 'nobody'], { env: env() });
    expect(code).toBe(1);
    expect(stderr).toContain('Nobody here is called nobody: give one of local owner');
  });
});
