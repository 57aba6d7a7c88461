import { beforeEach, describe, expect, it } from 'vitest';
import {
  announce,
  joinLimb,
  joinMember,
  type Mesh,
  type MeshClient,
  newTenant,
  startMesh,
  stateOf,
  submit,
  summary,
  taskOf,
  terms,
  told,
  waitOut,
} from '../../test/hub/mesh.ts';
import { limits } from '../lib/limits.ts';
import type { SummaryBody } from '../schema.ts';

let mesh: Mesh;
let limb: MeshClient;
beforeEach(async () => {
  mesh = await startMesh();
  limb = joinLimb(mesh, 'bot');
});

/** Queues a task and lets the limb claim it. */
function claimed(): bigint {
  const id = submit(mesh);
  limb.call('claimTask', { taskId: id });
  return id;
}

describe('claim_task', () => {
  it('turns the offer into a lease under a new attempt', () => {
    const id = submit(mesh);
    mesh.advance(5);
    limb.call('claimTask', { taskId: id });
    expect(taskOf(mesh, id)).toMatchObject({
      state: { tag: 'Claimed' },
      attempt: 1,
      limb: limb.identity,
      claimedAt: mesh.now,
    });
    expect(mesh.rows('offer')).toEqual([]);
    expect(mesh.rows('lease')).toEqual([
      { taskId: id, tenantId: 1n, limb: limb.identity, skill: 'reason', attempt: 1, claimedAt: mesh.now },
    ]);
  });

  it('is for the limb that has the offer; another one gets no error and sees nothing of it', () => {
    const slower = joinLimb(mesh, 'slower');
    const seen = slower.subscribe('SELECT * FROM leases', 'SELECT * FROM lease_inputs', 'SELECT * FROM offers');
    const id = submit(mesh);
    expect(mesh.rows('offer')).toMatchObject([{ taskId: id, limb: limb.identity }]);
    limb.call('claimTask', { taskId: id });
    slower.call('claimTask', { taskId: id });
    expect(mesh.rows('lease')).toMatchObject([{ limb: limb.identity, attempt: 1 }]);
    expect([seen.rows('offers'), seen.rows('leases'), seen.rows('leaseInputs')]).toEqual([[], [], []]);
    expect(stateOf(mesh, id)).toEqual(['Claimed', 1]);
  });

  it('shows the input to the limb that holds the lease, for as long as it does', () => {
    const seen = limb.subscribe('SELECT * FROM lease_inputs');
    const id = submit(mesh, { input: '{"question":"What?"}' });
    expect(seen.rows('leaseInputs')).toEqual([]);
    limb.call('claimTask', { taskId: id });
    expect(seen.rows('leaseInputs')).toMatchObject([{ taskId: id, input: '{"question":"What?"}' }]);
    limb.call('completeTask', { taskId: id, attempt: 1, summary: summary() });
    expect(seen.rows('leaseInputs')).toEqual([]);
  });

  it('takes no more tasks than the capacity of the limb', () => {
    announce(limb, { capacity: 2 });
    const ids = [submit(mesh), submit(mesh), submit(mesh)];
    for (const taskId of ids) limb.call('claimTask', { taskId });
    expect(ids.map((id) => stateOf(mesh, id)[0])).toEqual(['Claimed', 'Claimed', 'Queued']);
    limb.call('completeTask', { taskId: ids[0] ?? 0n, attempt: 1, summary: summary() });
    limb.call('claimTask', { taskId: ids[2] ?? 0n });
    expect(ids.map((id) => stateOf(mesh, id)[0])).toEqual(['Done', 'Claimed', 'Claimed']);
  });

  it('does nothing for a task outside the lanes of the limb, or for none', () => {
    const { tenantId, owner } = newTenant(mesh, 'other');
    const foreign = submit(mesh, { tenantId }, owner);
    const otherSkill = submit(mesh, { skill: 'recall' });
    for (const taskId of [foreign, otherSkill, 99n]) limb.call('claimTask', { taskId });
    expect(mesh.rows('lease')).toEqual([]);
    expect(stateOf(mesh, foreign)).toEqual(['Queued', 0]);
  });

  it('is refused to who is no limb', () => {
    const id = submit(mesh);
    for (const caller of [mesh.owner, mesh.identity('stranger')]) {
      expect(() => mesh.call(caller, 'claimTask', { taskId: id })).toThrow(/^not-a-limb: /);
    }
  });

  it('does nothing on a connection that has not announced the limb: nobody would give its tasks back', () => {
    const id = submit(mesh);
    const second = mesh.connect(limb.identity);
    second.call('claimTask', { taskId: id });
    expect(stateOf(mesh, id)).toEqual(['Queued', 0]);
    announce(second);
    limb.call('claimTask', { taskId: id });
    expect(stateOf(mesh, id)).toEqual(['Queued', 0]);
    second.call('claimTask', { taskId: id });
    expect(() => limb.call('completeTask', { taskId: id, attempt: 1, summary: summary() })).toThrow(/^stale-attempt: /);
    expect(stateOf(mesh, id)).toEqual(['Claimed', 1]);
  });
});

describe('complete_task', () => {
  it('ends the lease and keeps the summary', () => {
    const id = claimed();
    mesh.advance(5);
    const body = summary({ text: 'Because.', artefacts: ['ab'.repeat(32)], exitCode: -1, costMicros: 7n });
    limb.call('completeTask', { taskId: id, attempt: 1, summary: body });
    expect(taskOf(mesh, id)).toMatchObject({ state: { tag: 'Done' }, finishedAt: mesh.now, error: '' });
    expect(mesh.rows('summary')).toEqual([
      { taskId: id, tenantId: 1n, attempt: 1, limb: limb.identity, body, at: mesh.now },
    ]);
    expect(mesh.rows('lease')).toEqual([]);
  });

  it('forgets the error of an earlier attempt', () => {
    const id = claimed();
    limb.call('failTask', { taskId: id, attempt: 1, error: 'no luck', isRetryable: true });
    expect(taskOf(mesh, id).error).toBe('no luck');
    waitOut(mesh, 1, limb);
    limb.call('claimTask', { taskId: id });
    limb.call('completeTask', { taskId: id, attempt: 2, summary: summary() });
    expect(taskOf(mesh, id).error).toBe('');
  });

  it('is accepted up to 4096 bytes of JSON and not a byte more', () => {
    const bytesOf = (body: SummaryBody) =>
      Buffer.byteLength(JSON.stringify(body, (_key, value) => (typeof value === 'bigint' ? `${value}` : value)));
    const room = 4096 - bytesOf(summary({ text: '' }));
    const fitting = summary({ text: `${'é'.repeat(Math.floor(room / 2))}${'x'.repeat(room % 2)}` });
    expect(bytesOf(fitting)).toBe(4096);
    const id = claimed();
    const tooLarge = { ...fitting, text: `${fitting.text}x` };
    expect(() => limb.call('completeTask', { taskId: id, attempt: 1, summary: tooLarge })).toThrow(
      'summary-too-large: the summary is 4097 bytes as JSON, at most 4096 may leave a limb',
    );
    expect(stateOf(mesh, id)).toEqual(['Claimed', 1]);
    limb.call('completeTask', { taskId: id, attempt: 1, summary: fitting });
    expect(stateOf(mesh, id)).toEqual(['Done', 1]);
  });

  it.each([
    ['an empty artefact', { artefacts: [''] }],
    ['a path for an artefact', { artefacts: ['/etc/passwd'] }],
    ['an artefact in upper case', { artefacts: ['AB'.repeat(32)] }],
    ['an artefact with a line after it', { artefacts: [`${'ab'.repeat(32)}\n`] }],
    ['one bad artefact among good ones', { artefacts: ['ab'.repeat(32), 'ab'.repeat(33)] }],
    ['no engine', { engine: ' ' }],
  ])('refuses %s', (_what, changes) => {
    const id = claimed();
    expect(() => limb.call('completeTask', { taskId: id, attempt: 1, summary: summary(changes) })).toThrow(
      /^invalid-summary: /,
    );
    expect([mesh.rows('summary'), stateOf(mesh, id)]).toEqual([[], ['Claimed', 1]]);
  });
});

describe('fail_task', () => {
  it('ends the task when trying again is no use', () => {
    const id = claimed();
    limb.call('failTask', { taskId: id, attempt: 1, error: 'x'.repeat(10_000), isRetryable: false });
    const row = taskOf(mesh, id);
    expect(row).toMatchObject({ state: { tag: 'Failed' }, finishedAt: mesh.now });
    expect(row.error).toHaveLength(limits.errorCharsMax);
    expect([mesh.rows('lease'), mesh.rows('offer')]).toEqual([[], []]);
  });

  it('puts the task back in the queue until its attempts are used up', () => {
    const id = submit(mesh);
    for (let attempt = 1; attempt <= limits.attemptsDefault; attempt++) {
      expect(stateOf(mesh, id)).toEqual(['Queued', attempt - 1]);
      if (attempt > 1) waitOut(mesh, attempt - 1, limb);
      expect(mesh.rows('offer')).toMatchObject([{ taskId: id }]);
      limb.call('claimTask', { taskId: id });
      limb.call('failTask', { taskId: id, attempt, error: `failure ${attempt}`, isRetryable: true });
      expect(mesh.rows('lease')).toEqual([]);
    }
    expect(taskOf(mesh, id)).toMatchObject({
      state: { tag: 'Dead' },
      attempt: limits.attemptsDefault,
      error: 'failure 5',
      finishedAt: mesh.now,
    });
    expect(mesh.rows('offer')).toEqual([]);
  });

  it('offers a task with a target to its target again', () => {
    const id = submit(mesh, { terms: terms({ target: limb.identity }) });
    limb.call('claimTask', { taskId: id });
    limb.call('failTask', { taskId: id, attempt: 1, error: 'no', isRetryable: true });
    const other = joinLimb(mesh, 'other');
    waitOut(mesh, 1, limb);
    expect(mesh.rows('offer')).toMatchObject([{ taskId: id, limb: limb.identity }]);
    expect(other.query('SELECT * FROM offers')).toEqual([]);
  });
});

describe('reports', () => {
  const reports: readonly [string, (by: MeshClient, taskId: bigint, attempt: number) => void][] = [
    ['report_progress', (by, taskId, attempt) => by.call('reportProgress', { taskId, attempt, ...told('on it') })],
    ['stream_progress', (by, taskId, attempt) => by.call('streamProgress', { taskId, attempt, ...told('on it') })],
    ['complete_task', (by, taskId, attempt) => by.call('completeTask', { taskId, attempt, summary: summary() })],
    ['fail_task', (by, taskId, attempt) => by.call('failTask', { taskId, attempt, error: 'no', isRetryable: true })],
  ];

  it.each(reports)('%s is refused for an attempt that holds no lease any more, or none yet', (_name, report) => {
    const id = claimed();
    limb.call('failTask', { taskId: id, attempt: 1, error: 'no', isRetryable: true });
    expect(() => report(limb, id, 1)).toThrow(/^stale-attempt: /);
    waitOut(mesh, 1, limb);
    limb.call('claimTask', { taskId: id });
    for (const attempt of [0, 1, 3]) expect(() => report(limb, id, attempt)).toThrow(/^stale-attempt: /);
    expect(stateOf(mesh, id)).toEqual(['Claimed', 2]);
    report(limb, id, 2);
  });

  it.each(reports)('%s is refused to whoever does not hold the lease', (_name, report) => {
    const id = claimed();
    const other = joinLimb(mesh, 'other');
    expect(() => report(other, id, 1)).toThrow(/^stale-attempt: /);
    expect(() => report(mesh.connect(mesh.owner), id, 1)).toThrow(/^not-a-limb: /);
    expect(() => report(mesh.connect(joinMember(mesh, 'alice')), id, 1)).toThrow(/^not-a-limb: /);
    expect(stateOf(mesh, id)).toEqual(['Claimed', 1]);
  });

  it.each(reports)('%s is refused for a task that does not exist', (_name, report) => {
    expect(() => report(limb, 99n, 1)).toThrow(/^stale-attempt: /);
  });
});
