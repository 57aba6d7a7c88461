import { beforeEach, describe, expect, it } from 'vitest';
import { joinLimb, joinMember, localTenant, type Mesh, startMesh, submit, summary } from '../../test/hub/mesh.ts';

let mesh: Mesh;
let emitted: bigint;
beforeEach(async () => {
  mesh = await startMesh();
  emitted = 0n;
});

function saveActive(text: string): bigint {
  mesh.call(mesh.owner, 'saveRule', { tenantId: localTenant, text });
  const name = /name: (.*)/.exec(text)?.[1];
  const ruleId = mesh.rows('rule').find((row) => row.name === name)?.id ?? 0n;
  mesh.call(mesh.owner, 'activateRule', { ruleId, version: 0 });
  return ruleId;
}

/** The number of the event: nothing but these emits any here. */
function emit(kind: string, payload: unknown = {}): bigint {
  const event = { tenantId: localTenant, kind, source: 'shop', subject: '', dedupeKey: '', dedupeMs: 0 };
  mesh.call(mesh.owner, 'emit', { ...event, payload: JSON.stringify(payload) });
  emitted += 1n;
  return emitted;
}

async function why(eventId: bigint, rules: bigint[] = [], who = mesh.owner) {
  const answers = await mesh.callProcedure(who, 'why', { tenantId: localTenant, eventId, rules });
  return answers.map(({ ruleName, version, fired, reason, failed, firings }) => {
    const seen = failed?.seen.map(({ path, value }) => `${path}=${value}`).join(' ');
    const at = failed && `${failed.line}:${failed.column}`;
    return { ruleName, version, fired, reason, firings: firings.length, ...(failed ? { at, seen } : {}) };
  });
}

async function rehearse(text: string, who = mesh.owner) {
  return await mesh.callProcedure(who, 'rehearse', { tenantId: localTenant, text, eventsMax: 0 });
}

const notify = 'then: { notify: { title: "{{rule.name}} {{key}}" } }';

describe('why', () => {
  it('tells of every rule whether it fired, and the first condition that failed with what was seen', async () => {
    saveActive(`name: big\non: { kind: order, source: shop }\nwhen: { payload.amount: { gt: 100 } }\n${notify}`);
    saveActive(`name: other\non: payment\n${notify}`);
    const small = emit('order', { amount: 99 });
    const big = emit('order', { amount: 101 });
    expect(await why(small)).toEqual([
      {
        ruleName: 'big',
        version: 1,
        fired: false,
        reason: 'payload.amount gt 100 does not hold',
        firings: 0,
        at: '3:27',
        seen: 'payload.amount=99',
      },
      {
        ruleName: 'other',
        version: 1,
        fired: false,
        reason: 'kind equals "payment" does not hold',
        firings: 0,
        at: '0:0',
        seen: 'kind="order"',
      },
    ]);
    expect(await why(big)).toMatchObject([
      { ruleName: 'big', fired: true, reason: 'it fired', firings: 1 },
      { ruleName: 'other', fired: false },
    ]);
  });

  it('tells what was missing over time, by the version that was active then', async () => {
    const rule = saveActive(`name: c\non: k\nby: payload.u\ncount: { atLeast: 3, within: 10m }\n${notify}`);
    emit('k', { u: 1 });
    emit('k', { u: 2 });
    const second = emit('k', { u: 1 });
    const third = emit('k', { u: 1 });
    const without = emit('k', {});
    saveActive(`name: c\non: k\ncooldown: 1h\n${notify}`);
    emit('k');
    const tooEarly = emit('k');
    mesh.call(mesh.owner, 'deactivateRule', { ruleId: rule });
    const after = emit('k');
    expect(await why(second, [rule])).toMatchObject([
      { version: 1, fired: false, reason: 'the event matches; 2 of 3 events within 10m' },
    ]);
    expect(await why(third, [rule])).toMatchObject([
      { version: 1, fired: true, reason: 'it fired, completed by 3 events of which this was the last' },
    ]);
    expect(await why(without, [rule])).toMatchObject([
      { fired: false, reason: 'the event matches; it has no value for the key of the rule' },
    ]);
    expect(await why(tooEarly, [rule])).toMatchObject([
      { version: 2, fired: false, reason: 'the event matches; it has fired less than 1h ago' },
    ]);
    expect(await why(after, [rule])).toMatchObject([
      { version: 0, fired: false, reason: expect.stringMatching(/^no version was active when the event came/) },
    ]);
  });

  it('asks at most 500 rules, of which those that fired come first, and then the active ones', async () => {
    const text = (name: string) => `name: ${name}\non: k\nwhen: { payload.n: 1 }\n${notify}`;
    for (let at = 0; at < 500; at += 1) {
      mesh.call(mesh.owner, 'saveRule', { tenantId: localTenant, text: text(`r${at}`) });
    }
    saveActive(text('active').replace('n: 1', 'n: 2'));
    saveActive(text('firing'));
    const answers = await why(emit('k', { n: 1 }));
    expect(answers.length).toBe(500);
    expect(answers.slice(0, 3).map(({ ruleName, fired }) => [ruleName, fired])).toEqual([
      ['firing', true],
      ['active', false],
      ['r0', false],
    ]);
  });

  it('is for members, about their own events and rules', async () => {
    const event = emit('k');
    const viewer = joinMember(mesh, 'viewer', { role: 'Viewer' });
    expect(await why(event, [], viewer)).toEqual([]);
    await expect(why(event, [], mesh.identity('stranger'))).rejects.toThrow(/no-such-tenant/);
    await expect(why(99n)).rejects.toThrow(/no-such-event/);
    await expect(why(event, [5n])).rejects.toThrow(/no-such-rule/);
  });
});

describe('a rehearsal', () => {
  it('tells what a text would have done with past events, and its cost, and does nothing', async () => {
    const limb = joinLimb(mesh, 'bot');
    const taskId = submit(mesh);
    limb.call('claimTask', { taskId });
    limb.call('completeTask', {
      taskId,
      attempt: 1,
      summary: summary({ costMicros: 300n, tokensIn: 10, tokensOut: 5 }),
    });
    for (const u of [1, 2, 1, 1]) emit('k', { u });
    mesh.advance(60_000);
    const before = [mesh.rows('firing'), mesh.rows('task'), mesh.rows('notification'), mesh.rows('rule')];
    const text = `name: c\non: k\nby: payload.u\ndebounce: 10s
then: [{ submit: { skill: reason, title: "About {{key}}", input: "{{count}}" } }, { emit: { kind: x } }]`;
    expect(await rehearse(text)).toMatchObject({
      problems: [],
      events: 4,
      matched: 4,
      fired: 2,
      submitted: 2,
      emitted: 2,
      notified: 0,
      skills: [{ skill: 'reason', tasks: 2, sampled: 1, meanCostMicros: 300n, meanTokens: 15n }],
      costMicros: 600n,
      tokens: 30n,
      held: [{ reason: 'it is held back until nothing completes it for 10s', events: 4 }],
      firings: [
        { groupKey: '1', event: 4n, deeds: ['submit reason: About 1: 1', 'emit x'] },
        { groupKey: '2', event: 2n, deeds: ['submit reason: About 2: 1', 'emit x'] },
      ],
    });
    expect([mesh.rows('firing'), mesh.rows('task'), mesh.rows('notification'), mesh.rows('rule')]).toEqual(before);
  });

  it('tells mistakes with their places, as a check does', async () => {
    const text = 'name: c\non: k\nwhne: 1\nthen: { notify: { title: t } }';
    const problems = [{ line: 3, column: 1, message: 'a rule has no key whne', hint: 'did you mean when?' }];
    expect(await rehearse(text)).toMatchObject({ problems, events: 0 });
    expect(await mesh.callProcedure(mesh.owner, 'checkRule', { tenantId: localTenant, text })).toMatchObject({
      problems,
      name: '',
    });
  });

  it('is for operators, a check for members', async () => {
    const viewer = joinMember(mesh, 'viewer', { role: 'Viewer' });
    const stranger = mesh.identity('stranger');
    const text = `name: a\non: k\n${notify}`;
    await expect(rehearse(text, viewer)).rejects.toThrow(/forbidden/);
    await expect(rehearse(text, stranger)).rejects.toThrow(/no-such-tenant/);
    const check = { tenantId: localTenant, text };
    expect(await mesh.callProcedure(viewer, 'checkRule', check)).toMatchObject({ problems: [], name: 'a' });
    await expect(mesh.callProcedure(stranger, 'checkRule', check)).rejects.toThrow(/no-such-tenant/);
  });

  it('goes through 10,000 events', async () => {
    for (let event = 0; event < 10_000; event += 1) emit('k', { u: event % 100 });
    const found = await rehearse(`name: c\non: k\nby: payload.u\ncount: { atLeast: 10, within: 1h }\n${notify}`);
    expect(found).toMatchObject({ events: 10_000, matched: 10_000, fired: 1000 });
  });
});
