import { beforeEach, describe, expect, it } from 'vitest';
import {
  joinLimb,
  joinMember,
  localTenant,
  type Mesh,
  type MeshClient,
  startMesh,
  submit,
  summary,
} from '../../test/hub/mesh.ts';

let mesh: Mesh;
let limb: MeshClient;
beforeEach(async () => {
  mesh = await startMesh();
  limb = joinLimb(mesh, 'bot', { capacity: 10 });
});

function answer(taskId: bigint, text: string): void {
  limb.call('claimTask', { taskId });
  limb.call('completeTask', { taskId, attempt: 1, summary: summary({ text }) });
}

let lastReference = 0;

/** Queues a task that follows another one, and returns its number. */
function follow(follows: bigint, question: string, reference = `follow-${++lastReference}`): bigint {
  mesh.call(mesh.owner, 'followUp', { follows, title: question, input: JSON.stringify({ question }), reference });
  const found = mesh.rows('task').find((row) => row.reference === reference);
  if (!found) throw new Error('the task is not there');
  return found.id;
}

const threads = () => mesh.rows('threadTurn').map(({ taskId, thread }) => [taskId, thread]);

/** What the limb sees of the conversations of the tasks that it holds. */
function history(taskId: bigint): string[] {
  const rows = limb.query('SELECT * FROM lease_history');
  return rows.filter((row) => row['taskId'] === taskId).map((row) => `${row['input']} ${row['answer']}`);
}

describe('a conversation', () => {
  it('grows by tasks that follow an answered one, of the same tenant and skill', () => {
    const first = submit(mesh, { input: '{"question":"one"}' });
    answer(first, 'first answer');
    expect(threads()).toEqual([]);
    const second = follow(first, 'two');
    expect(mesh.rows('task').find(({ id }) => id === second)).toMatchObject({ tenantId: localTenant, skill: 'reason' });
    expect(threads()).toEqual([
      [first, first],
      [second, first],
    ]);
    answer(second, 'second answer');
    const third = follow(second, 'three');
    limb.call('claimTask', { taskId: third });
    expect(history(third)).toEqual(['{"question":"one"} first answer', '{"question":"two"} second answer']);
  });

  it('shows a limb what was corrected, and nothing of tasks that it does not hold', () => {
    const first = submit(mesh, { input: '"one"' });
    answer(first, 'wrong');
    const second = follow(first, 'two');
    expect(history(second)).toEqual([]);
    limb.call('claimTask', { taskId: second });
    mesh.call(mesh.owner, 'giveFeedback', { taskId: first, verdict: { tag: 'Corrected' }, text: ' right ' });
    expect(history(second)).toEqual(['"one" right']);
  });

  it('does not go on from a task without an answer, and the same reference comes once', () => {
    const first = submit(mesh);
    expect(() => follow(first, 'two')).toThrow(/^no-answer-yet: task \d+ is queued/);
    answer(first, 'yes');
    follow(first, 'two', 'same');
    follow(first, 'two', 'same');
    expect(threads()).toHaveLength(2);
  });

  it('is forgotten with its tasks', () => {
    mesh.call(mesh.owner, 'setRetention', { tenantId: localTenant, keepDays: 1 });
    const first = submit(mesh);
    answer(first, 'yes');
    const second = follow(first, 'two');
    answer(second, 'yes');
    mesh.call(mesh.owner, 'giveFeedback', { taskId: first, verdict: { tag: 'Good' }, text: '' });
    limb.disconnect();
    mesh.advance(3 * 24 * 3_600_000);
    expect([mesh.rows('summary'), mesh.rows('threadTurn'), mesh.rows('feedback')]).toEqual([[], [], []]);
  });
});

describe('feedback', () => {
  it('is kept beside the summary, the latest of it, until it is taken back', () => {
    const id = submit(mesh);
    answer(id, 'maybe');
    const judge = (tag: 'Good' | 'Bad' | 'Corrected', text: string, by = mesh.owner) =>
      mesh.call(by, 'giveFeedback', { taskId: id, verdict: { tag }, text });
    judge('Bad', 'too short');
    const alice = joinMember(mesh, 'alice');
    judge('Good', '', alice);
    expect(mesh.rows('feedback')).toMatchObject([{ taskId: id, verdict: { tag: 'Good' }, text: '', by: alice }]);
    expect(() => judge('Corrected', '  ')).toThrow(/^invalid-feedback: /);
    expect(() => judge('Bad', 'x'.repeat(2001))).toThrow(/^invalid-feedback: .* at most 2000/);
    mesh.call(mesh.owner, 'giveFeedback', { taskId: id, text: '' });
    expect(mesh.rows('feedback')).toEqual([]);
  });

  it('is for answers', () => {
    const args = { taskId: submit(mesh), verdict: { tag: 'Good' as const }, text: '' };
    expect(() => mesh.call(mesh.owner, 'giveFeedback', args)).toThrow(/^no-answer-yet: /);
  });
});
