import type { Identity } from 'spacetimedb';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  announce,
  inviteTo,
  joinLimb,
  joinMember,
  localTenant,
  type Mesh,
  newTenant,
  startMesh,
  task,
  terms,
} from '../../test/hub/mesh.ts';

let mesh: Mesh;
beforeEach(async () => {
  mesh = await startMesh();
});

function save(text: string, who: Identity = mesh.owner): bigint {
  mesh.call(who, 'saveRule', { tenantId: localTenant, text });
  const name = /name: (.*)/.exec(text)?.[1];
  const rule = mesh.rows('rule').find((row) => row.name === name);
  if (!rule) throw new Error(`there is no rule ${name}`);
  return rule.id;
}

function saveActive(text: string, who: Identity = mesh.owner): bigint {
  const ruleId = save(text, who);
  mesh.call(who, 'activateRule', { ruleId, version: 0 });
  return ruleId;
}

function emit(kind: string, payload: unknown = {}, changes: { subject?: string; dedupeKey?: string } = {}): bigint {
  mesh.call(mesh.owner, 'emit', {
    tenantId: localTenant,
    kind,
    source: 'shop',
    subject: '',
    payload: JSON.stringify(payload),
    dedupeKey: '',
    dedupeMs: 0,
    ...changes,
  });
  return mesh.rows('event').at(-1)?.id ?? 0n;
}

/** Each firing with its events and what it did. */
const firings = () =>
  mesh.rows('firing').map(({ ruleName, events, deeds }) => [ruleName, events.map(Number), deeds.map(({ tag }) => tag)]);

const notify = 'then: { notify: { title: "{{rule.name}} {{key}} {{count}}" } }';

describe('a rule', () => {
  it('submits a task, emits an event and notifies when an event matches, all in its transaction', () => {
    saveActive(`name: big
on: order.created
when: { payload.amount: { gt: 100 } }
then:
  - submit: { skill: reason, title: "Check {{event.payload.id}}", input: { question: "Is {{event.payload.amount}} much?", event: "{{event}}" } }
  - emit: { kind: order.checked, subject: "{{event.payload.id}}" }
  - notify: { title: "Order {{event.payload.id}}", level: warning }
`);
    emit('order.created', { id: 'a', amount: 100 });
    emit('order.changed', { id: 'b', amount: 500 });
    expect(firings()).toEqual([]);
    const event = emit('order.created', { id: 'c', amount: 101 }) - 1n;
    expect(firings()).toEqual([['big', [Number(event)], ['Submitted', 'Emitted', 'Notified']]]);
    expect(mesh.rows('task')).toMatchObject([{ skill: 'reason', title: 'Check c', submittedBy: mesh.owner }]);
    expect(JSON.parse(mesh.rows('taskInput')[0]?.input ?? '')).toMatchObject({
      question: 'Is 101 much?',
      event: { id: Number(event), kind: 'order.created', payload: { id: 'c', amount: 101 } },
    });
    expect(mesh.rows('event').at(-1)).toMatchObject({
      kind: 'order.checked',
      subject: 'c',
      depth: 1,
      source: 'rule/big',
    });
    expect(mesh.rows('notification')).toMatchObject([{ title: 'Order c', level: { tag: 'Warning' } }]);
    expect(mesh.rows('ruleCount')).toMatchObject([{ firings: 1n, failures: 0n }]);
  });

  it('takes events while it is active, and no others', () => {
    const ruleId = save(`name: any\non: '*'\n${notify}`);
    emit('a');
    mesh.call(mesh.owner, 'activateRule', { ruleId, version: 0 });
    const second = emit('b');
    mesh.call(mesh.owner, 'deactivateRule', { ruleId });
    emit('c');
    mesh.call(mesh.owner, 'activateRule', { ruleId, version: 1 });
    const fourth = emit('d');
    mesh.call(mesh.owner, 'deleteRule', { ruleId });
    emit('e');
    expect(firings().map(([, events]) => events)).toEqual([[Number(second)], [Number(fourth)]]);
  });

  it('keeps the version that is active when a newer one is saved', () => {
    const ruleId = saveActive(`name: v\non: a\n${notify}`);
    save(`name: v\non: b\n${notify}`);
    emit('a');
    emit('b');
    mesh.call(mesh.owner, 'activateRule', { ruleId, version: 2 });
    emit('a');
    emit('b');
    expect(mesh.rows('firing').map(({ version, event }) => [version, Number(event)])).toEqual([
      [1, 1],
      [2, 4],
    ]);
    save(`name: v\non: b\n${notify}`);
    expect(mesh.rows('ruleVersion').length).toBe(2);
  });

  it('is refused with the place of each mistake', () => {
    expect(() => save('name: a\non: k\nwhen: { payload.a: { gr: 1 } }\nthen: {}\n')).toThrow(
      'invalid-rule: line 3, column 22: there is no test gr; did you mean gt?\nline 4, column 7: expected an action',
    );
    expect(mesh.rows('rule')).toEqual([]);
  });

  it('acts only as long as who activated it may', () => {
    const operator = joinMember(mesh, 'operator', { role: 'Operator' });
    saveActive(`name: a\non: k\nthen: { submit: { skill: reason } }`, operator);
    emit('k');
    mesh.call(mesh.owner, 'removeMember', { tenantId: localTenant, identity: operator });
    emit('k');
    expect(firings().map(([, , deeds]) => deeds)).toEqual([['Submitted'], ['Failed']]);
    expect(mesh.rows('task').length).toBe(1);
    expect(mesh.rows('ruleCount')[0]?.lastError).toMatch(/^not-an-operator/);
    mesh.call(mesh.owner, 'activateRule', { ruleId: mesh.rows('rule')[0]?.id ?? 0n, version: 0 });
    emit('k');
    expect(firings().at(-1)).toEqual(['a', [3], ['Submitted']]);
    expect(mesh.rows('task').at(-1)?.submittedBy).toEqual(mesh.owner);
  });

  it('stays as it is when it is activated again while who activated it may act', () => {
    const operator = joinMember(mesh, 'operator', { role: 'Operator' });
    const ruleId = saveActive(`name: a\non: k\ncount: { atLeast: 2, within: 1h }\n${notify}`, operator);
    emit('k');
    mesh.call(mesh.owner, 'activateRule', { ruleId, version: 1 });
    emit('k');
    expect(firings()).toEqual([['a', [1, 2], ['Notified']]]);
  });

  it('loses no event when an action fails, and says why', () => {
    mesh.call(mesh.owner, 'setQuotas', { tenantId: localTenant, unfinishedTasksMax: 1, rowsMax: 0n, bytesMax: 0n });
    saveActive(`name: a\non: k\nthen: [{ submit: { skill: reason } }, { notify: { title: t } }]`);
    emit('k');
    emit('k');
    expect(mesh.rows('event').length).toBe(2);
    expect(firings().map(([, , deeds]) => deeds)).toEqual([
      ['Submitted', 'Notified'],
      ['Failed', 'Notified'],
    ]);
    expect(mesh.rows('firing')[1]?.deeds[0]?.value).toMatch(/^queue-full: /);
    expect(mesh.rows('ruleCount')).toMatchObject([{ firings: 2n, failures: 1n }]);
  });

  it('ends a chain of rules that complete one another', () => {
    saveActive(`name: loop\non: k\nthen: { emit: { kind: k } }`);
    emit('k');
    expect(mesh.rows('event').map(({ depth }) => depth)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(mesh.rows('firing').at(-1)?.deeds[0]?.value ?? mesh.rows('firing')[8]?.deeds[0]?.value).toBeDefined();
    expect(mesh.rows('ruleCount')[0]?.lastError).toMatch(/^chain-too-long/);
  });

  it('ends an avalanche of rules', () => {
    saveActive(`name: loop\non: k\nthen: [{ emit: { kind: k } }, { emit: { kind: k } }, { emit: { kind: k } }]`);
    emit('k');
    expect(mesh.rows('event').length).toBe(65);
    expect(mesh.rows('ruleCount')[0]?.lastError).toMatch(/^(too-many-events|chain-too-long)/);
  });

  it('acts whatever the rules of another tenant do in the same transaction', () => {
    const other = newTenant(mesh, 'second');
    const text = 'name: tell\non: task.failed\nthen: { emit: { kind: told } }';
    mesh.call(other.owner, 'saveRule', { tenantId: other.tenantId, text });
    mesh.call(other.owner, 'activateRule', { ruleId: mesh.rows('rule')[0]?.id ?? 0n, version: 0 });
    saveActive(`name: loop\non: "*"\nthen: [{ emit: { kind: k } }, { emit: { kind: k } }, { emit: { kind: k } }]`);
    const limb = joinLimb(mesh, 'shared', { ...other, capacity: 2 });
    mesh.call(limb.identity, 'redeemInvite', { code: inviteTo(mesh, { kind: 'Limb' }), name: 'shared' });
    mesh.call(other.owner, 'submitTask', task({ tenantId: other.tenantId, terms: terms({ attemptsMax: 1 }) }));
    mesh.call(mesh.owner, 'submitTask', task({ terms: terms({ attemptsMax: 1 }) }));
    for (const { taskId } of mesh.rows('offer')) limb.call('claimTask', { taskId });
    // Both tasks are lost at once, the newer one first.
    announce(limb, { session: 'second run' });
    expect(mesh.rows('ruleCount').find(({ tenantId }) => tenantId === localTenant)?.lastError).toMatch(
      /^too-many-events/,
    );
    expect(mesh.rows('event').filter(({ tenantId }) => tenantId === other.tenantId)).toMatchObject([
      { kind: 'task.failed' },
      { kind: 'told' },
    ]);
  });

  it('fires once for events with one dedupe key', () => {
    saveActive(`name: a\non: k\n${notify}`);
    emit('k', {}, { dedupeKey: 'x' });
    emit('k', {}, { dedupeKey: 'x' });
    expect(firings().length).toBe(1);
  });
});

describe('over time, a rule', () => {
  const minute = 60_000;

  it('counts in a window, for each key by itself', () => {
    saveActive(`name: c\non: k\nby: payload.u\ncount: { atLeast: 3, within: 10m }\n${notify}`);
    for (const u of ['a', 'a', 'b']) emit('k', { u });
    mesh.advance(10 * minute);
    for (const u of ['a', 'b', 'a', 'a', 'a']) emit('k', { u });
    emit('k', {});
    expect(firings()).toEqual([['c', [4, 6, 7], ['Notified']]]);
    expect(mesh.rows('notification')[0]?.title).toBe('c "a" 3'.replaceAll('"', ''));
    mesh.advance(10 * minute);
    expect(mesh.rows('ruleMemory')).toEqual([]);
    expect(mesh.rows('ruleToken')).toEqual([]);
    expect(mesh.rows('ruleTimer')).toEqual([]);
    expect(mesh.rows('ruleCount')[0]?.keys).toBe(0);
  });

  it('notices what does not follow, also after a restart', async () => {
    saveActive(
      `name: unpaid\non: order.created\nby: payload.o\nabsence: { of: { on: order.paid }, within: 30m }\n${notify}`,
    );
    emit('order.created', { o: 1 });
    emit('order.created', { o: 2 });
    mesh.advance(29 * minute);
    emit('order.paid', { o: 2 });
    await mesh.settle();
    await mesh.crash();
    expect(firings()).toEqual([]);
    mesh.advance(minute);
    expect(firings()).toEqual([['unpaid', [1], ['Notified']]]);
    mesh.advance(60 * minute);
    expect(firings().length).toBe(1);
  });

  it('follows a sequence, joins kinds, sees changes and thresholds, and holds back', () => {
    saveActive(`name: s\non: a\nby: subject\nsequence: { within: 5m, steps: [{ on: b }, { on: c }] }\n${notify}`);
    saveActive(`name: j\non: a\nby: subject\njoin: { within: 5m, with: [{ on: c }] }\n${notify}`);
    saveActive(`name: v\non: t\nchange: { of: payload.v, to: 2 }\n${notify}`);
    saveActive(`name: t\non: t\nthreshold: { of: payload.v, above: 10, rearm: 5 }\ncooldown: 1m\n${notify}`);
    saveActive(`name: d\non: t\ndebounce: 10s\n${notify}`);
    for (const kind of ['a', 'c', 'b', 'c']) emit(kind);
    expect(firings().map(([name, events]) => [name, events])).toEqual([
      ['j', [1, 2]],
      ['s', [1, 3, 4]],
    ]);
    for (const v of [1, 11, 5, 11, 2]) emit('t', { v });
    mesh.advance(minute);
    emit('t', { v: 12 });
    mesh.advance(minute);
    expect(
      firings()
        .slice(2)
        .map(([name, events]) => [name, events]),
    ).toEqual([
      ['t', [6]],
      ['v', [9]],
      ['d', [9]],
      ['t', [10]],
      ['d', [10]],
    ]);
  });

  it('fires once a day of its tenant, and forgets the day when it is over', () => {
    mesh.call(mesh.owner, 'setTimeZone', { tenantId: localTenant, timeZone: 'America/New_York' });
    saveActive(`name: daily\non: k\noncePer: 1d\n${notify}`);
    // It is 19 o'clock of the day before in New York.
    for (let hours = 0; hours < 30; hours += 1) {
      emit('k');
      mesh.jump(60 * minute);
    }
    expect(firings().map(([, events]) => events)).toEqual([[1], [6], [30]]);
    mesh.jump(48 * 60 * minute);
    mesh.advance(minute);
    expect([mesh.rows('ruleMemory'), mesh.rows('ruleTimer')]).toEqual([[], []]);
  });

  it('is woken again after an event that came before a timer that was late', () => {
    saveActive(`name: d\non: t\nchange: { of: payload.v }\ndebounce: 10s\n${notify}`);
    emit('t', { v: 1 });
    emit('t', { v: 2 });
    mesh.jump(10_000);
    emit('t', { v: 2 });
    expect(firings().map(([, events]) => events)).toEqual([[2]]);
    mesh.advance(minute);
    emit('t', { v: 3 });
    mesh.advance(minute);
    expect(firings().map(([, events]) => events)).toEqual([[2], [4]]);
  });
});
