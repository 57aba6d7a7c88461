import { beforeEach, describe, expect, it } from 'vitest';
import {
  announce,
  joinLimb,
  joinMember,
  localTenant,
  type Mesh,
  type MeshClient,
  startMesh,
  stateOf,
  submit,
  summary,
  terms,
} from '../../test/hub/mesh.ts';
import { limits } from '../lib/limits.ts';

let mesh: Mesh;
let limb: MeshClient;
beforeEach(async () => {
  mesh = await startMesh();
  limb = joinLimb(mesh, 'bot', { capacity: 200 });
});

interface Budget {
  readonly scope?: 'Tenant' | 'Member' | 'Tree';
  readonly subject?: string;
  readonly unit?: 'Tokens' | 'Micros' | 'Seconds';
  readonly period?: 'Day' | 'Month' | 'Total';
}

/** None takes the budget away. */
function bind(bound: bigint | undefined, budget: Budget = {}): void {
  const { scope = 'Tenant', subject = '', unit = 'Micros', period = 'Day' } = budget;
  const tags = { scope: { tag: scope }, unit: { tag: unit }, period: { tag: period } };
  mesh.call(mesh.owner, 'setBudget', {
    tenantId: localTenant,
    subject,
    ...tags,
    ...(bound !== undefined && { bound }),
  });
}

function claimed(changes: Parameters<typeof submit>[1] = {}, submitter = mesh.owner): bigint {
  const id = submit(mesh, changes, submitter);
  limb.call('claimTask', { taskId: id });
  return id;
}

function reserve(taskId: bigint, micros: bigint, number = 1, hasCheaper = false): void {
  limb.call('reserveBudget', { taskId, attempt: 1, number, tokens: 0n, micros, seconds: 0n, hasCheaper });
}

function settle(taskId: bigint, micros: bigint, number = 1): void {
  limb.call('settleBudget', { taskId, attempt: 1, number, tokens: 0n, micros, seconds: 0n });
}

const state = () => mesh.rows('budget').map(({ spent, reserved }) => [spent, reserved]);

describe('a budget', () => {
  it('is set aside before it is spent, and what was not spent is free again', () => {
    bind(10n);
    const id = claimed();
    reserve(id, 8n);
    expect(state()).toEqual([[0n, 8n]]);
    settle(id, 3n);
    expect(state()).toEqual([[3n, 0n]]);
    reserve(id, 7n, 2);
    expect(() => reserve(id, 1n, 3)).toThrow(
      "budget-exhausted: the tenant's money, in millionths, of the day are short by 1",
    );
    expect(() => settle(id, 8n, 2)).toThrow(/^settled-too-much: /);
  });

  it('for 10 lets 10 of 200 steps pass that are taken at once', () => {
    bind(10n);
    const ids = Array.from({ length: 200 }, () => claimed());
    const passed = ids.filter((id) => {
      try {
        reserve(id, 1n);
        return true;
      } catch {
        return false;
      }
    });
    expect([passed.length, state()]).toEqual([10, [[0n, 10n]]]);
  });

  it('takes the same reservation and the same settlement once, however often they come', () => {
    bind(10n);
    const id = claimed();
    for (let i = 0; i < 3; i++) reserve(id, 4n);
    expect(state()).toEqual([[0n, 4n]]);
    for (let i = 0; i < 3; i++) settle(id, 1n);
    expect(state()).toEqual([[1n, 0n]]);
  });

  it('has back what a limb had reserved that is lost', () => {
    bind(10n);
    reserve(claimed(), 8n);
    limb.disconnect();
    mesh.advance(1000);
    expect([state(), mesh.rows('reservation')]).toEqual([[[0n, 0n]], []]);
  });

  it('has back what was still reserved when a task ends', () => {
    bind(10n);
    const id = claimed();
    reserve(id, 8n);
    limb.call('completeTask', { taskId: id, attempt: 1, summary: summary() });
    expect(state()).toEqual([[0n, 0n]]);
  });

  it('bounds the tasks of one member, or of one tree', () => {
    const alice = joinMember(mesh, 'alice');
    bind(5n, { scope: 'Member', subject: alice.toHexString() });
    const [hers, mine] = [claimed({}, alice), claimed()];
    reserve(mine, 6n);
    expect(() => reserve(hers, 6n)).toThrow(/^budget-exhausted: the submitter's money/);
    const root = claimed({ terms: terms({ treeBudget: { tokens: 0n, micros: 5n, seconds: 0n } }) });
    const part = claimed({ terms: terms({ parent: root }) });
    reserve(root, 3n);
    expect(() => reserve(part, 3n)).toThrow(/^budget-exhausted: the task tree's money/);
    reserve(part, 2n);
  });

  it('starts anew with the day and with the month', () => {
    bind(10n);
    bind(15n, { period: 'Month' });
    const id = claimed();
    reserve(id, 10n);
    settle(id, 10n);
    expect(() => reserve(id, 1n, 2)).toThrow(/of the day/);
    limb.disconnect();
    mesh.advance(24 * 3_600_000);
    limb = mesh.connect(limb.identity);
    announce(limb, { capacity: 200 });
    const later = claimed();
    expect(() => reserve(later, 6n)).toThrow(/of the month are short by 1/);
    reserve(later, 5n);
  });

  it('asks for a cheaper model where the tenant wants that and the limb has one', () => {
    bind(1n);
    const id = claimed();
    expect(() => reserve(id, 2n, 1, true)).toThrow(/^budget-exhausted: /);
    mesh.call(mesh.owner, 'setExhaustion', { tenantId: localTenant, onExhausted: { tag: 'Downgrade' } });
    expect(() => reserve(id, 2n, 1, true)).toThrow(/^budget-downgrade: /);
    expect(() => reserve(id, 2n, 1, false)).toThrow(/^budget-exhausted: /);
  });

  it('keeps a task in the queue that needs more than is left, until there is more', () => {
    bind(10n, { unit: 'Tokens' });
    const needs = { tokens: 20n, micros: 0n, seconds: 0n };
    const id = submit(mesh, { terms: terms({ needs }) });
    expect(mesh.rows('queueEntry')).toMatchObject([
      { taskId: id, laneId: 0n, shortage: "the tenant's tokens of the day are short by 10 (bound 10)" },
    ]);
    const behind = submit(mesh);
    limb.call('claimTask', { taskId: behind });
    expect(stateOf(mesh, behind)).toEqual(['Claimed', 1]);
    bind(20n, { unit: 'Tokens' });
    limb.call('claimTask', { taskId: id });
    expect(stateOf(mesh, id)).toEqual(['Claimed', 1]);
  });

  it('lets all tasks go on that waited for it, in their order, however many there are', () => {
    announce(limb, { capacity: 1 });
    bind(10n, { unit: 'Tokens', period: 'Total' });
    const needs = { tokens: 20n, micros: 0n, seconds: 0n };
    const ids = Array.from({ length: limits.unparkedMax + 30 }, () => submit(mesh, { terms: terms({ needs }) }));
    expect(mesh.rows('queueEntry').filter(({ budgetId }) => budgetId !== 0n)).toHaveLength(ids.length);
    bind(20n, { unit: 'Tokens', period: 'Total' });
    mesh.advance(limits.unparkNextMs);
    expect(mesh.rows('queueEntry').filter(({ budgetId }) => budgetId !== 0n)).toEqual([]);
    const served: bigint[] = [];
    for (const id of ids) {
      const [offer] = mesh.rows('offer');
      served.push(offer?.taskId ?? 0n);
      limb.call('claimTask', { taskId: offer?.taskId ?? id });
      limb.call('completeTask', { taskId: offer?.taskId ?? id, attempt: 1, summary: summary() });
    }
    const oldest = ids.slice(0, limits.unparkedMax);
    expect(served.filter((id) => oldest.includes(id))).toEqual(oldest);
    expect(new Set(served)).toEqual(new Set(ids));
  });

  it('can be taken away from somebody who is no member any more', () => {
    const subject = joinMember(mesh, 'gone').toHexString();
    bind(10n, { scope: 'Member', subject });
    mesh.call(mesh.owner, 'removeMember', { tenantId: localTenant, identity: mesh.identity('gone') });
    expect(() => bind(20n, { scope: 'Member', subject })).toThrow(/^no-such-member/);
    bind(undefined, { scope: 'Member', subject });
    expect(mesh.rows('budget')).toEqual([]);
  });

  it('can be taken away, and is refused for whom it cannot bound', () => {
    bind(10n);
    bind(undefined);
    expect(mesh.rows('budget')).toEqual([]);
    const nobody = mesh.identity('nobody').toHexString();
    expect(() => bind(1n, { scope: 'Member', subject: 'x' })).toThrow(/^invalid-subject: /);
    expect(() => bind(1n, { scope: 'Member', subject: nobody })).toThrow(/^no-such-member/);
    expect(() => bind(1n, { scope: 'Tree', subject: '99' })).toThrow(/^no-such-tree: /);
  });
});
