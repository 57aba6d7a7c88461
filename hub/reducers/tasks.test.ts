import { beforeEach, describe, expect, it } from 'vitest';
import {
  announce,
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
  taskOf,
  terms,
  told,
  waitOut,
} from '../../test/hub/mesh.ts';
import { limits } from '../lib/limits.ts';
import { after } from '../lib/time.ts';

let mesh: Mesh;
beforeEach(async () => {
  mesh = await startMesh();
});

describe('submit_task', () => {
  it('queues a task with its input beside it and an entry in the queue', () => {
    const alice = joinMember(mesh, 'alice');
    const id = submit(mesh, { title: '  What?\nReally', input: '{"question":"What?"}' }, alice);
    expect(taskOf(mesh, id)).toMatchObject({
      tenantId: localTenant,
      title: 'What?',
      state: { tag: 'Queued' },
      attempt: 0,
      submittedBy: alice,
      submittedAt: mesh.now,
      limb: undefined,
      finishedAt: undefined,
      error: '',
    });
    expect(mesh.rows('taskInput')).toMatchObject([
      { taskId: id, tenantId: localTenant, input: '{"question":"What?"}' },
    ]);
    expect(mesh.rows('queueEntry')).toMatchObject([{ taskId: id, queuedAt: mesh.now, waitsUntil: undefined }]);
    expect([mesh.rows('lane'), mesh.rows('band')]).toMatchObject([[{ taskCount: 1 }], [{ route: '1/reason' }]]);
  });

  it.each([
    ['Owner', true],
    ['Operator', true],
    ['Viewer', false],
  ] as const)('by an %s: %s', (role, isAllowed) => {
    const member = joinMember(mesh, 'somebody', { role });
    const act = () => mesh.call(member, 'submitTask', task());
    if (isAllowed) act();
    else expect(act).toThrow(/^forbidden: .*role operator, yours is viewer/);
    expect(mesh.rows('task')).toHaveLength(isAllowed ? 1 : 0);
  });

  it('is refused to strangers, who do not learn whether the tenant exists', () => {
    const stranger = mesh.identity('stranger');
    expect(() => mesh.call(stranger, 'submitTask', task())).toThrow(
      'no-such-tenant: you are not a member of tenant 1;',
    );
    expect(() => mesh.call(stranger, 'submitTask', task({ tenantId: 99n }))).toThrow(
      'no-such-tenant: you are not a member of tenant 99;',
    );
  });

  it('changes nothing when it comes again with the same reference', () => {
    mesh.call(mesh.owner, 'submitTask', task());
    mesh.call(mesh.owner, 'submitTask', task({ title: 'Something else', skill: 'other' }));
    expect(mesh.rows('task')).toMatchObject([{ title: 'What?', skill: 'reason' }]);
    expect(mesh.rows('queueEntry')).toHaveLength(1);
  });

  it('does not queue a task again that has been finished meanwhile', () => {
    mesh.call(mesh.owner, 'submitTask', task());
    mesh.call(mesh.owner, 'cancelTask', { taskId: 1n });
    mesh.call(mesh.owner, 'submitTask', task());
    expect(stateOf(mesh, 1n)).toEqual(['Cancelled', 0]);
    expect([mesh.rows('queueEntry'), mesh.rows('lane'), mesh.rows('band')]).toEqual([[], [], []]);
  });

  it('knows the references of one submitter in one tenant only', () => {
    mesh.call(joinMember(mesh, 'alice'), 'submitTask', task());
    mesh.call(joinMember(mesh, 'bob'), 'submitTask', task());
    expect(mesh.rows('task')).toHaveLength(2);
  });

  it('knows references inside their tenant only', () => {
    const { tenantId, owner } = newTenant(mesh, 'other');
    mesh.call(mesh.owner, 'submitTask', task());
    mesh.call(owner, 'submitTask', task({ tenantId }));
    expect(mesh.rows('task').map((row) => row.tenantId)).toEqual([localTenant, tenantId]);
  });

  it.each([
    ['input', { input: '{' }, 'invalid-input: '],
    ['input', { input: '' }, 'invalid-input: '],
    ['input', { input: `"${'é'.repeat(limits.inputBytesMax / 2)}"` }, 'input-too-large: the input is 65538 bytes'],
    ['reference', { reference: ' ' }, 'invalid-reference: '],
    ['reference', { reference: 'x'.repeat(limits.referenceCharsMax + 1) }, 'invalid-reference: '],
    ['title', { title: '\n' }, 'invalid-title: '],
    ['skill', { skill: '' }, 'invalid-skill: '],
    ['skill', { skill: 'reason/x' }, 'invalid-skill: '],
    ['skill', { skill: 'x'.repeat(limits.nameCharsMax + 1) }, 'invalid-skill: '],
    ['tenant', { tenantId: 0n }, 'no-such-tenant: '],
  ])('refuses a %s that does not fit: %#', (_what, changes, message) => {
    expect(() => mesh.call(mesh.owner, 'submitTask', task(changes))).toThrow(message);
    expect(mesh.rows('task')).toEqual([]);
  });

  it('takes an input of the largest size', () => {
    submit(mesh, { input: `"${'x'.repeat(limits.inputBytesMax - 2)}"` });
    expect(mesh.rows('taskInput')[0]?.input).toHaveLength(limits.inputBytesMax);
  });

  it('keeps the title, the skill and the reference without the space around them', () => {
    mesh.call(mesh.owner, 'submitTask', task({ title: `${'x'.repeat(500)}`, skill: ' reason ', reference: ' r1\n' }));
    const [row] = mesh.rows('task');
    expect(row).toMatchObject({ skill: 'reason', reference: 'r1' });
    expect(row?.title).toHaveLength(limits.titleCharsMax);
    mesh.call(mesh.owner, 'submitTask', task({ reference: 'r1' }));
    expect(mesh.rows('task')).toHaveLength(1);
  });

  it('offers a task with a target to that limb alone', () => {
    const [one, other] = [joinLimb(mesh, 'one'), joinLimb(mesh, 'other')];
    const id = submit(mesh, { terms: terms({ target: one.identity }) });
    expect(one.query('SELECT * FROM offers')).toMatchObject([{ taskId: id }]);
    expect(other.query('SELECT * FROM offers')).toEqual([]);
    other.call('claimTask', { taskId: id });
    expect(stateOf(mesh, id)).toEqual(['Queued', 0]);
    one.call('claimTask', { taskId: id });
    expect(stateOf(mesh, id)).toEqual(['Claimed', 1]);
  });

  it('refuses a target that is no limb of the tenant, in the same words whether it is a limb of another or none', () => {
    const { tenantId, owner } = newTenant(mesh, 'other');
    const foreign = joinLimb(mesh, 'foreign', { tenantId, owner }).identity;
    for (const target of [foreign, mesh.owner, mesh.identity('nobody')]) {
      expect(() => mesh.call(mesh.owner, 'submitTask', task({ terms: terms({ target }) }))).toThrow(
        'no-such-limb: the target is not a limb of this tenant; name the Identity of one that is',
      );
    }
  });
});

describe('cancel_task', () => {
  it.each(['Queued', 'Claimed', 'Running'] as const)('ends a task that is %s, and what stands for it', (state) => {
    const limb = joinLimb(mesh, 'bot');
    const id = submit(mesh);
    if (state !== 'Queued') limb.call('claimTask', { taskId: id });
    if (state === 'Running') limb.call('reportProgress', { taskId: id, attempt: 1, ...told('on it') });
    const leases = limb.subscribe('SELECT * FROM leases');
    expect(stateOf(mesh, id)[0]).toBe(state);

    mesh.advance(5);
    mesh.call(mesh.owner, 'cancelTask', { taskId: id });
    expect(taskOf(mesh, id)).toMatchObject({ state: { tag: 'Cancelled' }, finishedAt: mesh.now });
    expect([mesh.rows('queueEntry'), mesh.rows('offer'), mesh.rows('lease')]).toEqual([[], [], []]);
    expect(leases.rows('leases')).toEqual([]);
    if (state !== 'Queued') {
      expect(() => limb.call('completeTask', { taskId: id, attempt: 1, summary: summary() })).toThrow(
        /^stale-attempt: /,
      );
    }
  });

  it.each(['Done', 'Failed', 'Dead', 'Cancelled'] as const)('leaves a task that is %s as it is', (state) => {
    const limb = joinLimb(mesh, 'bot');
    const id = submit(mesh);
    const report = { taskId: id, attempt: 1 };
    if (state === 'Cancelled') mesh.call(mesh.owner, 'cancelTask', { taskId: id });
    else limb.call('claimTask', { taskId: id });
    if (state === 'Done') limb.call('completeTask', { ...report, summary: summary() });
    if (state === 'Failed') limb.call('failTask', { ...report, error: 'no', isRetryable: false });
    for (let attempt = 1; state === 'Dead' && attempt <= limits.attemptsDefault; attempt++) {
      if (attempt > 1) waitOut(mesh, attempt - 1, limb);
      if (attempt > 1) limb.call('claimTask', { taskId: id });
      limb.call('failTask', { taskId: id, attempt, error: 'no', isRetryable: true });
    }
    const before = taskOf(mesh, id);
    expect(before.state.tag).toBe(state);
    mesh.advance(5);
    mesh.call(mesh.owner, 'cancelTask', { taskId: id });
    expect(taskOf(mesh, id)).toEqual(before);
  });

  it('frees the slot that the task had', () => {
    const limb = joinLimb(mesh, 'bot');
    announce(limb, { capacity: 1 });
    const [first, second] = [submit(mesh), submit(mesh)];
    limb.call('claimTask', { taskId: first });
    mesh.call(mesh.owner, 'cancelTask', { taskId: first });
    limb.call('claimTask', { taskId: second });
    expect(stateOf(mesh, second)).toEqual(['Claimed', 1]);
  });

  it('is refused to viewers, and to others as if there were no such task', () => {
    const id = submit(mesh);
    const viewer = joinMember(mesh, 'viewer', { role: 'Viewer' });
    expect(() => mesh.call(viewer, 'cancelTask', { taskId: id })).toThrow(/^forbidden: /);
    const { owner } = newTenant(mesh, 'other');
    expect(() => mesh.call(owner, 'cancelTask', { taskId: id })).toThrow(
      `no-such-task: there is no task ${id} in your tenants`,
    );
    expect(() => mesh.call(owner, 'cancelTask', { taskId: 99n })).toThrow(
      'no-such-task: there is no task 99 in your tenants',
    );
    expect(stateOf(mesh, id)).toEqual(['Queued', 0]);
  });
});

describe('redrive_all', () => {
  const redriveAll = () => mesh.call(mesh.owner, 'redriveAll', { tenantId: localTenant });
  const die = (dedupeKey = '') => {
    const id = submit(mesh, { terms: terms({ dedupeKey, deadline: after(mesh.now, 1000) }) });
    mesh.advance(1000);
    expect(stateOf(mesh, id)[0]).toBe('Dead');
    return id;
  };

  it('leaves those dead whose dedupe key another task has, and queues the others', () => {
    const ids = [die('one'), die('one'), die()];
    redriveAll();
    expect(ids.map((id) => stateOf(mesh, id)[0])).toEqual(['Queued', 'Dead', 'Queued']);
    expect(redriveAll).toThrow(`duplicate: another task with the dedupe key of task ${ids[1]} is under way`);
  });

  it('queues as many as there is room for', () => {
    const ids = [die(), die(), die()];
    mesh.call(mesh.owner, 'setQuotas', { tenantId: localTenant, unfinishedTasksMax: 2, rowsMax: 0n, bytesMax: 0n });
    redriveAll();
    expect(ids.map((id) => stateOf(mesh, id)[0])).toEqual(['Queued', 'Queued', 'Dead']);
    expect(redriveAll).toThrow(/^queue-full: the tenant has 2 unfinished tasks/);
  });
});
