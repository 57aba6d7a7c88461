import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { get, type IncomingMessage } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { Identity } from 'spacetimedb';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { lockFile } from '../../engine/index.ts';
import { kindOf, readEntries } from '../egress/index.ts';
import { LimbError } from '../errors.ts';
import { defineSkill, type SkillContext } from '../skills/skill.ts';
import { TestHub, until } from '../testing/hub.ts';
import type { Equipment } from './equipment.ts';
import { type Limb, type LimbOptions, startLimb } from './limb.ts';

/** One call of the fake skill, which ends when the test says so. */
interface Call {
  readonly input: unknown;
  readonly context: SkillContext;
  finish(text?: string): void;
  fail(error: Error): void;
}

const hasFlock = spawnSync('flock', ['--version']).status === 0;

let hub: TestHub;
let limbs: Limb[];
let log: string[];

beforeEach(async () => {
  hub = await TestHub.open();
  limbs = [];
  log = [];
});

afterEach(async () => {
  for (const limb of limbs) await limb.stop(0);
  await hub.close();
});

/** A limb with one fake skill named `wait`, whose calls are kept. */
async function start(name: string, more: Partial<LimbOptions> = {}): Promise<{ limb: Limb; calls: Call[] }> {
  const calls: Call[] = [];
  const skill = defineSkill({
    name: 'wait',
    input: z.unknown(),
    work: (input, context) =>
      new Promise((resolve, reject) => {
        const finish = (text = 'done') => resolve({ text, engine: `fake of ${name}` });
        context.signal.addEventListener('abort', () => reject(context.signal.reason));
        calls.push({ input, context, finish, fail: reject });
      }),
  });
  const equipment: Equipment = {
    skills: [skill],
    model: '',
    sandbox: '',
    memoryFacts: async () => ({ documentCount: 3, chunkCount: 14, byteCount: 0, engine: 'none' }),
    close: async () => {},
  };
  const limb = await startLimb(
    {
      folder: join(hub.folder, name),
      lockFile,
      hub: hub.address,
      name,
      version: 'test',
      pairCode: 'pairCode' in more ? more.pairCode : await hub.pairCode(),
      env: {},
      log: (level, message) => log.push(`${level} ${message}`),
      ...more,
    },
    async () => equipment,
  );
  limbs.push(limb);
  return { limb, calls };
}

/** Whether a limb is connected and announced, as the owner sees it. */
function online(name: string): true | undefined {
  return [...hub.owner.db.limbs.iter()].some((limb) => limb.name === name && limb.online) || undefined;
}

async function callAt(calls: Call[], index: number): Promise<Call> {
  return until(() => calls[index]);
}

test('a task is claimed, followed and completed', async () => {
  const { calls } = await start('one');
  const id = await hub.submit('wait', { question: 'what?' });
  const call = await callAt(calls, 0);
  expect(call.input).toEqual({ question: 'what?' });
  expect(call.context.tenant).toBe('1');
  call.context.progress('half of it');
  await hub.until(() => hub.progress(id).find((line) => line === 'half of it'));
  expect(hub.task(id)?.state.tag).toBe('Running');
  call.finish('all of it');
  await hub.reaches(id, 'Done');
  expect(hub.progress(id)).toEqual(['Started', 'half of it']);
  expect((await hub.until(() => hub.summary(id))).body).toMatchObject({ text: 'all of it', engine: 'fake of one' });
});

test('all that leaves is in the journal first, and counted on loopback', async () => {
  const port = await freePort();
  const { limb, calls } = await start('one', { healthPort: port });
  const ask = async (path: string, host = '127.0.0.1') => {
    const response = await new Promise<IncomingMessage>((resolve, reject) => {
      get({ port, path, host: '127.0.0.1', headers: { host } }, resolve).on('error', reject);
    });
    return `${response.statusCode} ${await text(response)}`;
  };
  while ((await ask('/healthz')) !== '200 ok') await new Promise((resolve) => setTimeout(resolve, 5));
  expect(await ask('/metrics', 'evil.example')).toContain('403');
  const id = await hub.submit('wait', 1);
  (await callAt(calls, 0)).finish('the answer');
  await hub.reaches(id, 'Done');
  expect(await ask('/metrics')).toContain('helix_limb_egress_messages_total{reducer="completeTask"} 1');
  await limb.stop();
  const sent: [string, unknown][] = [];
  for await (const { entry, damage } of readEntries(join(hub.folder, 'one', 'egress'))) {
    expect(damage).toBeUndefined();
    if (entry) sent.push([kindOf(entry), entry.payload]);
  }
  expect(sent.map(([reducer]) => reducer)).toEqual(
    expect.arrayContaining(['redeemInvite', 'announceLimb', 'claimTask', 'reportProgress', 'completeTask']),
  );
  expect(Object.fromEntries(sent)).toMatchObject({
    redeemInvite: null,
    completeTask: { taskId: String(id), summary: { text: 'the answer' } },
  });
});

test('the hub sees what a limb can do and how much it remembers', async () => {
  await start('one', { capacity: 3 });
  await hub.until(() => online('one'));
  const row = await hub.until(() => [...hub.owner.db.limbs.iter()].find((limb) => limb.documentCount > 0));
  expect(row).toMatchObject({ skills: ['wait'], capacity: 3, version: 'test', documentCount: 3, chunkCount: 14 });
});

test('no more is worked on than the capacity', async () => {
  const { calls } = await start('one', { capacity: 2 });
  const ids = [await hub.submit('wait', 1), await hub.submit('wait', 2), await hub.submit('wait', 3)];
  await callAt(calls, 1);
  expect(ids.filter((id) => hub.task(id)?.state.tag === 'Queued').length).toBe(1);
  expect(calls.length).toBe(2);
  calls[0]?.finish();
  (await callAt(calls, 2)).finish();
  calls[1]?.finish();
  for (const id of ids) await hub.reaches(id, 'Done');
});

test('several limbs share the tasks, and none is done twice', async () => {
  const { calls: one } = await start('one');
  const { calls: two } = await start('two');
  await hub.until(() => online('one') && online('two'));
  const ids: bigint[] = [];
  for (let n = 0; n < 10; n++) ids.push(await hub.submit('wait', n));
  while (one.length + two.length < 10) {
    for (const call of [...one, ...two]) call.finish();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  for (const call of [...one, ...two]) call.finish();
  for (const id of ids) expect((await hub.reaches(id, 'Done')).attempt).toBe(1);
  expect([...one, ...two].map((call) => call.input).sort((a, b) => Number(a) - Number(b))).toEqual(
    ids.map((_, n) => n),
  );
});

test('a cancelled task is stopped, and nothing is reported of it', async () => {
  const { calls } = await start('one');
  const id = await hub.submit('wait', 1);
  const call = await callAt(calls, 0);
  await hub.owner.reducers.cancelTask({ taskId: id });
  await until(() => call.context.signal.aborted || undefined);
  const next = await hub.submit('wait', 2);
  (await callAt(calls, 1)).finish();
  await hub.reaches(next, 'Done');
  expect(hub.task(id)?.state.tag).toBe('Cancelled');
  expect(hub.summary(id)).toBeUndefined();
});

test('a failure is reported in its own words', async () => {
  const { calls } = await start('one');
  const id = await hub.submit('wait', 1);
  (await callAt(calls, 0)).fail(new LimbError('no-paper', 'There is no paper: add some.'));
  expect((await hub.reaches(id, 'Failed')).error).toBe('There is no paper: add some.');
});

test('a failure that may pass is tried again after a pause', async () => {
  const { calls } = await start('one');
  const id = await hub.submit('wait', 1);
  (await callAt(calls, 0)).fail(new LimbError('busy', 'busy', { isRetryable: true }));
  expect(await hub.reaches(id, 'Queued')).toMatchObject({ attempt: 1, error: 'busy' });
  (await callAt(calls, 1)).finish();
  expect(await hub.reaches(id, 'Done')).toMatchObject({ attempt: 2 });
});

test('input that is not of the skill fails the task', async () => {
  const skill = defineSkill({
    name: 'wait',
    input: z.object({ code: z.string() }),
    work: async () => ({ text: '', engine: '' }),
  });
  const equipment: Equipment = {
    skills: [skill],
    model: '',
    sandbox: '',
    memoryFacts: async () => ({ documentCount: 0, chunkCount: 0, byteCount: 0, engine: 'none' }),
    close: async () => {},
  };
  const options = {
    folder: join(hub.folder, 'strict'),
    lockFile,
    hub: hub.address,
    name: 'strict',
    version: 'test',
    env: {},
  };
  limbs.push(await startLimb({ ...options, pairCode: await hub.pairCode(), log: () => {} }, async () => equipment));
  const id = await hub.submit('wait', { code: 7 });
  expect((await hub.reaches(id, 'Failed')).error).toContain('The input does not fit wait');
});

test('what goes on while the hub is away is reported when it is back, or done anew when it took too long', async () => {
  const { calls } = await start('one');
  const id = await hub.submit('wait', 1);
  const before = await callAt(calls, 0);
  await hub.restart(async () => {
    expect(before.context.signal.aborted).toBe(false);
    before.finish('meanwhile');
  });
  await hub.until(() => {
    for (const call of calls.slice(1)) call.finish('anew');
    return hub.task(id)?.state.tag === 'Done' || undefined;
  });
  const { attempt, body } = await hub.until(() => hub.summary(id));
  expect([attempt, body.text]).toEqual(attempt === 1 ? [1, 'meanwhile'] : [2, 'anew']);
});

test('a hub that is upgraded in the middle of a task, and started again after that, gets its summary', async () => {
  const { calls } = await start('one');
  const [first, second] = [await hub.submit('wait', 1), await hub.submit('wait', 2)];
  await callAt(calls, 1);
  await hub.upgrade();
  calls.find(({ input }) => input === 1)?.finish('over the upgrade');
  await hub.reaches(first, 'Done');
  expect((await hub.until(() => hub.summary(first))).attempt).toBe(1);
  await hub.restart();
  await hub.until(() => {
    for (const call of calls) if (call.input === 2) call.finish('over both');
    return hub.task(second)?.state.tag === 'Done' || undefined;
  });
  expect((await hub.until(() => hub.summary(second))).body.text).toBe('over both');
});

test('what fails shows no secret of the configuration, in the log or to the hub', async () => {
  const secret = 'sk-very-secret-1234';
  const { calls } = await start('one', { env: { HELIX_LLM_API_KEY: secret } });
  const id = await hub.submit('wait', 1);
  (await callAt(calls, 0)).fail(new LimbError('refused', `the server said: wrong key ${secret}`));
  expect((await hub.reaches(id, 'Failed')).error).toBe('the server said: wrong key ***');
  expect(log.join('\n')).toContain('wrong key ***');
  expect(log.join('\n')).not.toContain(secret);
});

test('a second process with its identity takes over', async () => {
  const { limb } = await start('one');
  await hub.until(() => online('one'));
  const token = await readFile(join(hub.folder, 'one', 'token'), 'utf8');
  await mkdir(join(hub.folder, 'copy'));
  await writeFile(join(hub.folder, 'copy', 'token'), token);
  const { calls } = await start('copy', { pairCode: undefined });
  await expect(limb.ended).rejects.toMatchObject({ code: 'replaced' });
  const id = await hub.submit('wait', 1);
  (await callAt(calls, 0)).finish();
  await hub.reaches(id, 'Done');
});

test('a stopped limb lets short work finish and gives the rest back', async () => {
  const { limb, calls } = await start('one');
  const short = await hub.submit('wait', 'short');
  const long = await hub.submit('wait', 'long');
  await callAt(calls, 1);
  const stopping = limb.stop(500);
  calls.find((call) => call.input === 'short')?.finish();
  await stopping;
  await hub.reaches(short, 'Done');
  await hub.reaches(long, 'Queued');
  expect(calls.find((call) => call.input === 'long')?.context.signal.aborted).toBe(true);
  await expect(limb.ended).resolves.toBeUndefined();
});

test('a limb keeps its identity, for itself only', async () => {
  const { limb } = await start('one');
  await hub.until(() => online('one'));
  const folder = join(hub.folder, 'one');
  const token = (await readFile(join(folder, 'token'), 'utf8')).trim();
  expect((await stat(join(folder, 'token'))).mode & 0o777).toBe(0o600);
  const info = JSON.parse(await readFile(join(folder, 'limb.json'), 'utf8'));
  expect(info).toEqual({ identity: [...hub.owner.db.limbs.iter()][0]?.identity.toHexString() });
  await limb.stop();
  await hub.until(() => (online('one') ? undefined : true));
  await start('one', { pairCode: undefined });
  await hub.until(() => online('one'));
  expect(await readFile(join(folder, 'token'), 'utf8')).toBe(`${token}\n`);
  expect([...hub.owner.db.limbs.iter()].length).toBe(1);
  expect(log.join('\n')).not.toContain(token);
});

test('two limbs do not work in one folder', async () => {
  await start('one');
  await expect(start('one')).rejects.toMatchObject({ code: 'limb-runs-already' });
});

test.skipIf(!hasFlock)('a limb that cannot be seen, as in another container, keeps its folder', async () => {
  const folder = join(hub.folder, 'one');
  await mkdir(folder);
  const unseen = spawn('flock', ['--no-fork', folder, 'sleep', '600']);
  await once(unseen, 'spawn');
  await until(() => spawnSync('flock', ['-n', folder, 'true']).status === 1 || undefined);
  await expect(start('one')).rejects.toMatchObject({
    code: 'limb-runs-already',
    message: expect.stringContaining('a process that cannot be seen from here'),
  });
  unseen.kill('SIGKILL');
  await once(unseen, 'exit');
  await start('one');
});

test.skipIf(!hasFlock)('the number of a killed limb that another process was given blocks no start', async () => {
  const killed = {
    pid: process.ppid,
    startedMs: 1,
    nonce: '00000000-0000-0000-0000-000000000000',
    hasKernelLock: true,
  };
  await mkdir(join(hub.folder, 'one'));
  await writeFile(join(hub.folder, 'one', 'lock'), JSON.stringify(killed));
  await start('one');
});

test('without a pairing code, or with a wrong one, a new limb ends and says what to do', async () => {
  const { limb } = await start('one', { pairCode: undefined });
  await expect(limb.ended).rejects.toThrow(/Make a pairing code on the hub and start the limb with --pair <code>/);
  const { limb: other } = await start('two', { pairCode: 'wrong' });
  await expect(other.ended).rejects.toThrow(/The hub did not take the pairing code: invalid-code/);
});

test('a limb that is revoked says so in its log', async () => {
  await start('one');
  await hub.until(() => online('one'));
  const row = [...hub.owner.db.limbs.iter()].find(({ name }) => name === 'one');
  await hub.owner.reducers.revokeLimb({ tenantId: 1n, limb: row?.identity ?? Identity.zero() });
  await until(() => log.find((line) => /^warn The owners of tenant 1 have revoked this limb: /.test(line)));
});

test('a token of another hub is put away when there is a new code, and otherwise ends the limb', async () => {
  const first = await start('one');
  await hub.until(() => online('one'));
  await first.limb.stop();
  const firstHub = hub;
  hub = await TestHub.open();
  try {
    const folder = join(firstHub.folder, 'one');
    const { limb } = await start('one', { folder, pairCode: undefined });
    await expect(limb.ended).rejects.toMatchObject({ code: 'token-rejected' });
    await start('one', { folder });
    await hub.until(() => online('one'));
  } finally {
    for (const limb of limbs) await limb.stop(0);
    await firstHub.close();
  }
});

test('a hub that is away is waited for', async () => {
  const { limb } = await start('one');
  await hub.until(() => online('one'));
  await limb.stop();
  await hub.restart(async () => {
    await start('one', { pairCode: undefined });
    await until(() => log.find((line) => line.includes('trying again until it works')));
  });
  await hub.until(() => online('one'));
});

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
