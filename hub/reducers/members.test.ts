import { beforeEach, describe, expect, it } from 'vitest';
import { secret, standard } from '../../test/events/signed.ts';
import {
  joinLimb,
  joinMember,
  localTenant,
  type Mesh,
  newTenant,
  startMesh,
  stateOf,
  submit,
  summary,
  task,
  terms,
} from '../../test/hub/mesh.ts';

let mesh: Mesh;
beforeEach(async () => {
  mesh = await startMesh();
});

const tenantId = localTenant;
const names = () => mesh.rows('member').map(({ name, role }) => [name, role.tag]);

describe('members', () => {
  it('have the role that an owner gives them, and are gone when they are removed or leave', () => {
    const [alice, bob] = [joinMember(mesh, 'alice'), joinMember(mesh, 'bob', { role: 'Viewer' })];
    mesh.call(mesh.owner, 'setRole', { tenantId, identity: bob, role: { tag: 'Operator' } });
    expect(names()).toContainEqual(['bob', 'Operator']);
    mesh.call(mesh.owner, 'removeMember', { tenantId, identity: alice });
    mesh.call(bob, 'leaveTenant', { tenantId });
    expect(names()).toEqual([['local owner', 'Owner']]);
    expect(mesh.query(alice, 'SELECT * FROM tenants')).toEqual([]);
    expect(() => mesh.call(alice, 'submitTask', task())).toThrow(/^no-such-tenant: /);
  });

  it('never leave a tenant without an owner', () => {
    const alice = joinMember(mesh, 'alice');
    const acts = [
      () => mesh.call(mesh.owner, 'leaveTenant', { tenantId }),
      () => mesh.call(mesh.owner, 'removeMember', { tenantId, identity: mesh.owner }),
      () => mesh.call(mesh.owner, 'setRole', { tenantId, identity: mesh.owner, role: { tag: 'Viewer' } }),
    ];
    for (const act of acts) expect(act).toThrow(/^last-owner: /);
    mesh.call(mesh.owner, 'setRole', { tenantId, identity: alice, role: { tag: 'Owner' } });
    mesh.call(mesh.owner, 'leaveTenant', { tenantId });
    expect(names()).toEqual([['alice', 'Owner']]);
  });

  it('of one tenant are nobody in another', () => {
    const { tenantId: other, owner } = newTenant(mesh, 'other');
    const alice = joinMember(mesh, 'alice');
    expect(() => mesh.call(owner, 'removeMember', { tenantId: other, identity: alice })).toThrow(/^no-such-member: /);
  });
});

describe('what a member has begun who is none any more', () => {
  it('goes on, and is for the others to end', async () => {
    const limb = joinLimb(mesh, 'bot');
    const alice = joinMember(mesh, 'alice', { role: 'Owner' });
    const text =
      'name: dish\nsteps: [{ id: a, skill: reason }, { id: ask, approve: "well?" }, { id: b, skill: reason }]';
    mesh.call(alice, 'saveRecipe', { tenantId, text, notation: { tag: 'Yaml' } });
    mesh.call(alice, 'startRecipe', { tenantId, recipe: 'dish', payload: '{}', reference: 'r' });
    const timing = { tag: 'EveryMs', value: 1000n } as const;
    const event = { kind: 'tick', subject: '', payload: '{}' };
    mesh.call(alice, 'createSchedule', { tenantId, name: 'beat', timing, ...event });
    const style = { tag: 'Standard' } as const;
    mesh.call(alice, 'createHook', { tenantId, name: 'shop', kind: 'paid', style, secret });
    mesh.call(mesh.owner, 'removeMember', { tenantId, identity: alice });

    const complete = () => {
      const taskId = mesh.rows('offer')[0]?.taskId ?? 0n;
      limb.call('claimTask', { taskId });
      limb.call('completeTask', { taskId, attempt: 1, summary: summary() });
    };
    complete();
    const decision = { approvalId: 1n, isApproved: true, note: '', inputs: '' };
    expect(() => mesh.call(alice, 'decideApproval', decision)).toThrow(/^no-such-approval: /);
    mesh.call(mesh.owner, 'decideApproval', decision);
    complete();
    expect(mesh.rows('run')).toMatchObject([{ state: { tag: 'Done' }, startedBy: alice }]);
    expect(mesh.rows('task').map(({ submittedBy }) => submittedBy)).toEqual([alice, alice]);

    mesh.advance(1000);
    const delivery = standard('{}', { atMs: mesh.now.toDate().getTime() });
    expect((await mesh.fetch('/hooks?id=1', delivery)).status).toBe(202);
    expect(mesh.rows('event').map(({ kind }) => kind)).toEqual(['tick', 'paid']);
    for (const act of [
      () => mesh.call(alice, 'cancelRun', { runId: 1n }),
      () => mesh.call(alice, 'pauseSchedule', { scheduleId: 1n, isPaused: true }),
      () => mesh.call(alice, 'deleteHook', { hookId: 1n }),
    ])
      expect(act).toThrow(/^no-such-/);
    // Others go on with them.
    mesh.call(mesh.owner, 'pauseSchedule', { scheduleId: 1n, isPaused: true });
    mesh.call(mesh.owner, 'deleteHook', { hookId: 1n });
  });
});

describe('limbs', () => {
  it('are revoked at once: what they hold goes to others', () => {
    const bot = joinLimb(mesh, 'bot');
    const id = submit(mesh);
    bot.call('claimTask', { taskId: id });
    const other = joinLimb(mesh, 'other');
    mesh.call(mesh.owner, 'revokeLimb', { tenantId, limb: bot.identity });
    expect(stateOf(mesh, id)).toEqual(['Queued', 1]);
    expect(mesh.rows('limb')).toMatchObject([{ name: 'other' }]);
    expect(mesh.rows('offer')).toMatchObject([{ taskId: id, limb: other.identity }]);
    const report = { taskId: id, attempt: 1, summary: summary() };
    expect(() => bot.call('completeTask', report)).toThrow(/^not-a-limb: /);
  });

  it('offer only the skills that they are allowed, and take no more tasks than they may', () => {
    const bot = joinLimb(mesh, 'bot', { skills: ['reason', 'recall'], capacity: 4 });
    const rights = { labels: ['gpu', 'eu', 'gpu'], allowedSkills: ['reason'], capacityMax: 2 };
    mesh.call(mesh.owner, 'setLimb', { tenantId, limb: bot.identity, ...rights });
    expect(mesh.rows('limb')).toMatchObject([{ skills: ['reason'], capacity: 2, labels: ['eu', 'gpu'] }]);
    for (const skill of ['reason', 'recall', 'reason', 'reason']) submit(mesh, { skill });
    expect(mesh.rows('offer').map(({ skill }) => skill)).toEqual(['reason', 'reason']);
  });

  it('get tasks with labels only when they have them all', () => {
    const bot = joinLimb(mesh, 'bot');
    submit(mesh, { terms: terms({ labels: ['gpu', 'eu'] }) });
    const label = (...labels: string[]) =>
      mesh.call(mesh.owner, 'setLimb', { tenantId, limb: bot.identity, labels, allowedSkills: [], capacityMax: 0 });
    label('gpu');
    expect(mesh.rows('offer')).toEqual([]);
    label('gpu', 'eu', 'big');
    expect(mesh.rows('offer')).toHaveLength(1);
    expect(() => label('no spaces')).toThrow(/^invalid-label: /);
  });
});
