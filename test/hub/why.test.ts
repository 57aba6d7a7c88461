import { beforeEach, describe, expect, it } from 'vitest';
import { after } from '../../hub/lib/time.ts';
import { joinLimb, localTenant, type Mesh, startMesh, submit, terms } from './mesh.ts';

// A reason for each task that waits.

let mesh: Mesh;
beforeEach(async () => {
  mesh = await startMesh();
});

function why(taskId: bigint): unknown {
  const entry = mesh.query(mesh.owner, 'SELECT * FROM queue').find((row) => row['taskId'] === taskId);
  const reasons = mesh.query(mesh.owner, 'SELECT * FROM wait_reasons');
  const textOf = (key: string) => reasons.find((reason) => reason['key'] === key)?.['text'];
  return textOf(`lane/${entry?.['laneId']}`) ?? textOf(`band/${entry?.['bandId']}`);
}

describe('a queued task says why it is not running:', () => {
  it('no limb has the skill', () => {
    joinLimb(mesh, 'bot', { skills: ['recall'] });
    expect(why(submit(mesh))).toBe('no limb has the skill reason');
  });

  it('no limb has the skill yet, and what one waits for', () => {
    joinLimb(mesh, 'bot', { skills: ['recall'], lacks: 'No reason yet: its model cannot be reached.' });
    expect(why(submit(mesh))).toBe(
      'no limb has the skill reason; bot says: No reason yet: its model cannot be reached.',
    );
  });

  it('the limbs with the skill are away', () => {
    joinLimb(mesh, 'bot').disconnect();
    expect(why(submit(mesh))).toBe('no limb with the skill reason is online: bot away');
  });

  it('all slots are busy, and which', () => {
    for (const name of ['one', 'two']) joinLimb(mesh, name);
    submit(mesh);
    submit(mesh);
    expect(why(submit(mesh))).toMatch(/^all slots are busy: (one|two) \(1 of 1\), (one|two) \(1 of 1\)$/);
  });

  it('a limb lacks a label', () => {
    joinLimb(mesh, 'bot');
    expect(why(submit(mesh, { terms: terms({ labels: ['gpu'] }) }))).toBe('no limb has all labels: bot lacks gpu');
  });

  it('its concurrency key is held by another task', () => {
    joinLimb(mesh, 'bot', { capacity: 9 });
    const key = { terms: terms({ concurrencyKey: 'one at a time', concurrencyMax: 1 }) };
    const first = submit(mesh, key);
    expect(why(submit(mesh, key))).toBe(`the concurrency key one at a time is held by task ${first}`);
  });

  it('its time has not come', () => {
    joinLimb(mesh, 'bot');
    const runAfter = after(mesh.now, 60_000);
    submit(mesh, { terms: terms({ runAfter }) });
    expect(mesh.query(mesh.owner, 'SELECT * FROM queue')).toMatchObject([{ waitsUntil: runAfter }]);
    mesh.advance(60_000);
    expect(mesh.rows('offer')).toHaveLength(1);
  });
});

describe('a dead task', () => {
  it('has its attempts with limb, duration and error', () => {
    const limb = joinLimb(mesh, 'bot');
    const id = submit(mesh, { terms: terms({ attemptsMax: 1 }) });
    limb.call('claimTask', { taskId: id });
    mesh.advance(1500);
    limb.call('failTask', { taskId: id, attempt: 1, error: 'no paper', isRetryable: true });
    expect(mesh.query(mesh.owner, 'SELECT * FROM attempts')).toMatchObject([
      { number: 1, limbName: 'bot', durationMs: 1500, outcome: { tag: 'Failed' }, error: 'no paper' },
    ]);
    mesh.call(mesh.owner, 'redriveAll', { tenantId: localTenant });
    expect(mesh.rows('task')).toMatchObject([{ state: { tag: 'Queued' }, failures: 0 }]);
  });

  it('was given up at its deadline', () => {
    const id = submit(mesh, { terms: terms({ deadline: after(mesh.now, 60_000) }) });
    mesh.advance(60_000);
    expect(mesh.rows('task')).toMatchObject([{ id, state: { tag: 'Dead' }, error: 'the deadline has passed' }]);
  });
});

describe('fairness', () => {
  it('serves the keys of a tenant in turn, whoever came first with how many', () => {
    const limb = joinLimb(mesh, 'bot');
    const key = { terms: terms({ concurrencyKey: 'many', concurrencyMax: 9 }) };
    const many = Array.from({ length: 9 }, () => submit(mesh, key));
    const few = [submit(mesh), submit(mesh)];
    const served: bigint[] = [];
    while (served.length < 6) {
      const taskId = mesh.rows('offer')[0]?.taskId ?? 0n;
      served.push(taskId);
      limb.call('claimTask', { taskId });
      limb.call('failTask', { taskId, attempt: 1, error: 'no', isRetryable: false });
    }
    expect(served).toEqual([many[0], many[1], few[0], many[2], few[1], many[3]]);
  });
});
