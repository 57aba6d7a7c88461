import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { findHome } from '../../cli/lib/home.ts';
import { connectHub, type Hub } from '../../cli/lib/hub.ts';
import { createInvite } from '../../cli/lib/invite.ts';
import { type Ended, runCli } from '../../cli/testing/cli.fixture.ts';
import { lockFile } from '../../engine/index.ts';
import { LimbError } from '../../limbs/errors.ts';
import { type Limb, startLimb } from '../../limbs/index.ts';
import { defineSkill } from '../../limbs/skills/skill.ts';
import { until } from '../support/hub.ts';
import { type HelixProcess, startHubProcess } from '../support/process.ts';

// Who works in a tenant, with what rights, and what may be spent there: by the real command, against a real hub.

let folder = '';
let url = '';
let hub: HelixProcess;
let owner: Hub;
let limb: Limb;

const skills = [
  defineSkill({
    name: 'stick',
    input: z.unknown(),
    work: (_, { signal }) =>
      new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
  }),
  defineSkill({
    name: 'fail',
    input: z.unknown(),
    work: async () => {
      throw new LimbError('no-idea', 'no idea');
    },
  }),
];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'helix-mesh-'));
  ({ hub, url } = await startHubProcess(join(folder, 'hub')));
  copyFileSync(join(folder, 'hub/operator.token'), join(folder, 'owner.token'));
  writeFileSync(join(folder, 'hub.json'), JSON.stringify({ url, database: 'helix' }));
  const token = readFileSync(join(folder, 'owner.token'), 'utf8').trim();
  owner = await connectHub(findHome(), { url, database: 'helix' }, token);
  limb = await startLimb(
    {
      folder: join(folder, 'limb'),
      lockFile,
      hub: { url, database: 'helix' },
      name: 'desk',
      version: '0',
      pairCode: await createInvite(owner, 'Limb'),
      env: {},
      log: () => {},
    },
    async () => ({
      skills,
      model: 'test-model',
      sandbox: '',
      lacks: 'No recall yet: the server for vectors cannot be reached.',
      memoryFacts: async () => ({ documentCount: 0, chunkCount: 0, byteCount: 0, engine: 'none' }),
      close: async () => {},
    }),
  );
  const rows = ['tasks', 'limbs', 'members'].map((view) => `SELECT * FROM ${view}`);
  await new Promise<void>((resolve) => {
    owner.connection
      .subscriptionBuilder()
      .onApplied(() => resolve())
      .subscribe(rows);
  });
  await until('the limb is online', () => [...owner.connection.db.limbs.iter()].some(({ online }) => online));
}, 60_000);

afterAll(async () => {
  owner?.close();
  await limb?.stop(0);
  await hub?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function helix(...args: string[]): Promise<Ended> {
  return runCli(args, { env: { HELIX_HOME: folder, XDG_CONFIG_HOME: join(folder, 'config') } });
}

/** What a command prints that is to succeed. */
async function done(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await helix(...args);
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  return stdout;
}

/** The sentence of a command that is to be refused. */
async function refused(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await helix(...args);
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toMatch(/^helix: [^\n]+\n$/);
  return stderr.slice('helix: '.length).trim();
}

async function json(...args: string[]): Promise<Record<string, unknown>[]> {
  return JSON.parse(await done(...args, '--json'));
}

async function submit(skill: string): Promise<bigint> {
  const reference = `${skill}-${Math.random()}`;
  const { reducers, db } = owner.connection;
  await reducers.submitTask({ tenantId: 1n, skill, title: skill, input: '{}', reference, terms: undefined });
  return until('it is there', () => [...db.tasks.iter()].find((task) => task.reference === reference)?.id);
}

const stateOf = (id: bigint) => owner.connection.db.tasks.id.find(id)?.state.tag;

describe('helix members', () => {
  it('are invited, join by themselves, change roles and are removed', { timeout: 60_000 }, async () => {
    const link = await done('members', 'invite', '--role', 'viewer');
    const code = /#code=(\S+)/.exec(link)?.[1] ?? '';
    const minted = await fetch(new URL('/v1/identity', url), { method: 'POST' });
    const ada = join(folder, 'ada.token');
    writeFileSync(ada, String(((await minted.json()) as { token: string }).token));
    const asAda = ['--hub', url, '--token-file', ada];
    expect(await refused('members', 'list', ...asAda)).toMatch(/belongs to no tenant: ask an owner for an invite/);
    expect(await done('tenants', 'join', code, '--name', 'Ada', ...asAda)).toBe(
      'You are a member of local (tenant 1).\n',
    );
    expect(await refused('tenants', 'join', code, '--name', 'Ada', ...asAda)).toContain('invalid-code');

    expect(await json('members', 'list')).toMatchObject([
      { name: 'Ada', role: 'Viewer', tenantId: '1', identity: expect.stringMatching(/^[0-9a-f]{64}$/) },
      { name: 'local owner', role: 'Owner' },
    ]);
    expect(await done('members', 'role', 'Ada', 'operator')).toBe('Ada is operator from now on.\n');
    expect(await done('members', 'list', ...asAda)).toMatch(/^Ada +operator +\d{4}-\d\d-\d\d +[0-9a-f]{16} {2}you$/m);
    expect(await refused('members', 'role', 'local owner', 'viewer', ...asAda)).toContain('forbidden');
    expect(await refused('members', 'role', 'Bob', 'viewer')).toBe('There is no member Bob: there is Ada, local owner');

    expect(await refused('members', 'remove', 'Ada')).toMatch(/^Remove Ada from the tenant\?.* Add --yes to say yes$/);
    expect(await done('members', 'remove', 'Ada', '--yes')).toBe('Ada is not a member any more.\n');
    expect(await refused('members', 'leave', '--yes')).toContain('last-owner');
  });
});

describe('helix limb', () => {
  it('list, rights and labels show and change what a limb may do', { timeout: 60_000 }, async () => {
    const list = await done('limb', 'list');
    expect(list).toMatch(/^desk +online +0 of 2 +fail, stick +- +- +test-model +[0-9a-f]{16}$/m);
    expect(list).toContain('\ndesk: No recall yet: the server for vectors cannot be reached.\n');
    expect(await done('limb', 'labels', 'desk', 'gpu', 'eu')).toMatch(/^ {2}labels +eu, gpu$/m);
    const rights = await done('limb', 'rights', 'desk', '--skills', 'stick,fail', '--capacity', '1');
    expect(rights).toMatch(/skills it may offer {2}fail, stick\n {2}tasks at once +1\n {2}labels +eu, gpu\n$/);
    expect(await json('limb', 'list')).toMatchObject([
      { name: 'desk', labels: ['eu', 'gpu'], allowedSkills: ['fail', 'stick'], capacityMax: 1, online: true },
    ]);
    expect(await done('limb', 'rights', 'desk', '--all-skills', '--capacity', '0')).toContain('as many as it can');
    expect(await done('limb', 'labels', 'desk', '--none')).toMatch(/labels +none/);
    expect(await done('limb', 'drain', 'desk')).toBe('desk finishes what it holds and gets no further tasks.\n');
    expect(await done('limb', 'list')).toMatch(/^desk +draining /m);
    expect(await done('limb', 'drain', 'desk', '--undo')).toBe('desk gets tasks again.\n');
    expect(await refused('limb', 'labels', 'shelf')).toBe('There is no limb shelf: there is desk');
  });
});

describe('helix tenants limits', () => {
  it('shows what a tenant has and may have, and sets what is given', { timeout: 60_000 }, async () => {
    expect(await done('tenants', 'limits')).toMatch(/^rows +\d+ +the hub's default$/m);
    expect(await done('tenants', 'limits', '--tasks', '500')).toMatch(/^unfinished tasks +\d+ +500$/m);
    const table = await done('tenants', 'limits', '--rows', '20000', '--keep-days', '90');
    expect(table).toMatch(/^unfinished tasks +\d+ +500$/m);
    expect(table).toMatch(/^rows +\d+ +20000$/m);
    expect(table).toMatch(/^days that finished tasks are kept +90$/m);
    expect(await json('tenants', 'limits')).toMatchObject([
      { most: '500' },
      { most: '20000' },
      { most: null },
      { now: null },
    ]);
    expect(await refused('tenants', 'limits', '--tasks', '100001')).toContain('invalid-quota');
    expect(await done('tenants', 'limits', '--tasks', '0')).toMatch(/^unfinished tasks +\d+ +the hub's default$/m);
  });
});

describe('helix budget', () => {
  it('is set, shown and taken away', { timeout: 60_000 }, async () => {
    expect(await done('budget', 'show')).toContain('Nothing is bounded');
    expect(await done('budget', 'set', 'tokens', '5000')).toBe('At most 5000 tokens a month for the tenant.\n');
    expect(await done('budget', 'set', 'money', '12.50', '--per', 'day', '--member', 'local owner')).toBe(
      'At most 12.50 money a day for local owner.\n',
    );
    const table = await done('budget', 'show');
    expect(table).toMatch(/^the tenant +tokens +month \d{4}-\d\d +5000 +0 +0$/m);
    expect(table).toMatch(/^local owner +money +day \d{4}-\d\d-\d\d +12\.50 +0\.00 +0\.00$/m);
    expect(await json('budget', 'show')).toMatchObject([
      { unit: 'Tokens', bound: '5000', spent: '0' },
      { unit: 'Micros', bound: '12500000', scope: 'Member' },
    ]);
    expect(await done('budget', 'set', 'tokens', 'none')).toBe('No bound of tokens a month for the tenant.\n');
    expect(await done('budget', 'exhausted', 'downgrade')).toContain('cheaper model');
    expect(await done('budget', 'show')).toContain('limbs go on with a cheaper model');
    expect(await refused('budget', 'set', 'seconds', '1.5')).toContain('expected a whole number');
    expect(await refused('budget', 'set', 'tokens', '5', '--task', '999')).toContain('no-such-tree');
  });
});

describe('helix tasks', () => {
  it('cancel ends several, and says what cannot be cancelled', { timeout: 60_000 }, async () => {
    const [one, two] = [await submit('stick'), await submit('stick')];
    await until('one runs', () => stateOf(one) === 'Running');
    expect(await done('tasks', 'cancel', `${one}`, `${two}`)).toBe(
      `Task ${one} is cancelled.\nTask ${two} is cancelled.\n`,
    );
    expect([stateOf(one), stateOf(two)]).toEqual(['Cancelled', 'Cancelled']);
    const again = await refused('tasks', 'cancel', `${one}`, '9999', '--hub', url);
    expect(again).toContain(`Task ${one} has ended already: it is cancelled; The hub refused: no-such-task`);
    expect((await helix('tasks', 'cancel', 'x')).stderr).toContain('Expected a number, such as 12');
  });

  it('redrive queues failed ones again, or all dead ones', { timeout: 60_000 }, async () => {
    const failed = await submit('fail');
    await until('it has failed', () => stateOf(failed) === 'Failed');
    const before = owner.connection.db.tasks.id.find(failed)?.attempt;
    expect(await done('tasks', 'redrive', `${failed}`)).toBe(`Task ${failed} is queued again.\n`);
    await until('it was tried again', () => {
      const task = owner.connection.db.tasks.id.find(failed);
      return task?.state.tag === 'Failed' && task.attempt > (before ?? 0);
    });
    expect(await done('tasks', 'redrive', '--all')).toBe('There are no dead tasks.\n');
    expect(await refused('tasks', 'redrive')).toContain('Name some by their numbers, or all dead ones');
    expect(await refused('tasks', 'redrive', '9999')).toContain('no-such-task');
  });
});

describe('helix tenants', () => {
  it('who is in two chooses, once for all or for one command', { timeout: 60_000 }, async () => {
    expect(await done('tenants', 'list')).toMatch(/^1 +local +owner +commands are about this one$/m);
    expect(await done('tenants', 'create', 'Field team')).toBe('Field team is tenant 2, and you own it.\n');
    expect(await refused('limb', 'list')).toMatch(
      /^You are in 2 tenants \(local, Field team\): choose one with `helix tenants use <tenant>`/,
    );
    expect(await done('limb', 'list', '--tenant', 'Field team')).toContain('There is no limb yet');
    expect(await done('tasks', '--tenant', '2')).toContain('no tasks yet');
    expect(await done('tenants', 'use', 'local')).toContain('are about local (tenant 1) from now on');
    expect(await done('limb', 'list')).toMatch(/^desk /m);
    expect(await json('tenants', 'list')).toMatchObject([
      { id: '1', name: 'local', role: 'owner', isChosen: true },
      { id: '2', name: 'Field team', role: 'owner', isChosen: false },
    ]);
    expect(await refused('tenants', 'use', 'Nowhere')).toBe('There is no tenant Nowhere: there is Field team, local');
  });
});

describe('helix limb revoke', () => {
  it('takes a limb out at once', { timeout: 60_000 }, async () => {
    expect(await refused('limb', 'revoke', 'desk')).toMatch(/^Revoke desk\?.* Add --yes to say yes$/);
    expect(await done('limb', 'revoke', 'desk', '--yes')).toBe('desk is not a limb of this tenant any more.\n');
    expect(await json('limb', 'list')).toEqual([]);
  });
});
