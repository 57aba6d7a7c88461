import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Mark } from '../../../engine/testing/index.ts';
import { readRule } from '../../../hub/rules/language.ts';
import { Replay, type WouldFire } from '../../../hub/rules/replay.ts';
import { eventScope, microsOf } from '../../../hub/rules/scopes.ts';
import { localTenant, type Mesh, type MeshModule, startMesh } from '../mesh.ts';
import { type NaiveEvent, type NaiveFiring, type NaiveRule, naiveFirings } from './naive.ts';

let mesh: Mesh;
let mark: Mark<MeshModule>;
beforeAll(async () => {
  mesh = await startMesh();
  mark = await mesh.snapshot();
});

type Step =
  | { readonly tag: 'emit'; readonly kind: string; readonly subject: string; readonly payload: object }
  | { readonly tag: 'pass'; readonly ms: number }
  | { readonly tag: 'toggle'; readonly rule: number }
  | { readonly tag: 'restart' };

const within = fc.constantFrom('500ms', '1000ms', '2000ms', '3000ms');
const kind = fc.constantFrom('a', 'b', 'c.d');
const on = fc.constantFrom('a', 'b', 'c.d', 'c.*', '*');
const small = fc.integer({ min: 0, max: 3 });
const when = fc.option(
  fc.oneof(
    fc.record({ 'payload.x': small }),
    fc.record({ 'payload.x': fc.record({ gt: small }) }),
    fc.record({ 'payload.y': fc.record({ between: fc.constant([1, 2]) }) }),
    fc.record({
      'payload.x': fc.record({ in: fc.array(small, { minLength: 1, maxLength: 2 }) }),
      kind: fc.constantFrom('a', 'b'),
    }),
    fc.record({ not: fc.record({ 'payload.y': small }) }),
    fc.record({ any: fc.array(fc.record({ 'payload.x': small }), { minLength: 1, maxLength: 2 }) }),
  ),
  { nil: undefined },
);
const by = fc.option(fc.constantFrom('subject' as const, 'payload.x' as const), { nil: undefined, freq: 2 });
const pattern = fc.record({ on, when, by }).map(bare);
const over = fc.oneof(
  fc.constant({}),
  fc.record({ count: fc.record({ atLeast: fc.integer({ min: 2, max: 4 }), within }) }),
  fc.record({ sequence: fc.record({ steps: fc.array(pattern, { minLength: 1, maxLength: 3 }), within }) }),
  fc.record({ absence: fc.record({ of: pattern, within }) }),
  fc.record({ join: fc.record({ with: fc.array(pattern, { minLength: 1, maxLength: 2 }), within }) }),
  fc.record({
    change: fc.record({ of: fc.constant('payload.y' as const), from: small, to: small }, { requiredKeys: ['of'] }),
  }),
  fc.record({
    threshold: fc.record({
      of: fc.constant('payload.y' as const),
      above: fc.constantFrom(1, 2),
      rearm: fc.constantFrom(0, 1),
    }),
  }),
);
const gates = fc.record(
  {
    debounce: within,
    oncePer: within,
    cooldown: within,
    throttle: fc.record({ most: fc.integer({ min: 1, max: 2 }), within }),
  },
  { requiredKeys: [] },
);
const rule = fc
  .tuple(fc.record({ on, when, by }), over, fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, gates), fc.boolean())
  .map(([own, overTime, gate, isEmitting]) => bare({ ...own, ...overTime, ...gate, isEmitting }));
const payload = fc.record({ x: small, y: small }, { requiredKeys: [] });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 12,
    arbitrary: fc.record({ tag: fc.constant('emit' as const), kind, subject: fc.constantFrom('u', 'v'), payload }),
  },
  { weight: 5, arbitrary: fc.record({ tag: fc.constant('pass' as const), ms: fc.constantFrom(250, 500, 1000, 2000) }) },
  { weight: 1, arbitrary: fc.record({ tag: fc.constant('toggle' as const), rule: fc.nat(4) }) },
);
const steps = fc
  .tuple(fc.array(step, { minLength: 40, maxLength: 80 }), fc.option(fc.nat(), { freq: 3 }))
  .map(([list, restart]): Step[] =>
    restart === null ? list : list.toSpliced(restart % list.length, 0, { tag: 'restart' }),
  );

describe('the network of rules', () => {
  it('fires as a naive evaluator of the same rules does, over time, through restarts and while rules come and go, and so does a rehearsal', async () => {
    let fired = 0;
    let rehearsed = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(rule, { minLength: 1, maxLength: 5 }), steps, async (texts, run) => {
        await mesh.rewind(mark);
        const rules = texts.map(
          (text, index) => ({ name: `rule ${index}`, ...(text as object) }) as unknown as NaiveRule,
        );
        for (const each of rules) save(each);
        for (const { id } of mesh.rows('rule')) toggle(id);
        for (const each of run) await take(each);
        mesh.advance(250);
        const expected = expectedFirings(rules);
        fired += expected.length;
        expect(actualFirings()).toEqual(expected);
        for (const each of rules) rehearsed += expectRehearsedAsLive(each);
      }),
      { numRuns: 25 },
    );
    // So many that each part of the language has had its turn.
    expect(fired).toBeGreaterThan(50);
    expect(rehearsed).toBeGreaterThan(0);
  });
});

type GivenRule = NaiveRule & { readonly isEmitting?: boolean };

function save(rule: GivenRule): void {
  mesh.call(mesh.owner, 'saveRule', { tenantId: localTenant, text: textOf(rule) });
}

function textOf({ isEmitting, ...text }: GivenRule): string {
  const actions = isEmitting
    ? [{ emit: { kind: 'c.d', payload: { x: '{{event.payload.x}}', y: 2 } } }]
    : [{ notify: { title: 'fired' } }];
  // biome-ignore lint/suspicious/noThenProperty: a word of the language, and never awaited
  return JSON.stringify({ ...text, then: actions });
}

function toggle(ruleId: bigint): void {
  const isActive = mesh.rows('rule').some(({ id, activation }) => id === ruleId && activation !== 0n);
  if (isActive) mesh.call(mesh.owner, 'deactivateRule', { ruleId });
  else mesh.call(mesh.owner, 'activateRule', { ruleId, version: 0 });
}

async function take(step: Step): Promise<void> {
  switch (step.tag) {
    case 'emit': {
      const { kind, subject } = step;
      const event = { tenantId: localTenant, kind, source: 's', subject, dedupeKey: '', dedupeMs: 0 };
      mesh.call(mesh.owner, 'emit', { ...event, payload: JSON.stringify(step.payload) });
      return;
    }
    case 'pass':
      mesh.advance(step.ms);
      return;
    case 'toggle': {
      const rules = mesh.rows('rule');
      const chosen = rules[step.rule % rules.length];
      if (chosen) toggle(chosen.id);
      return;
    }
    case 'restart':
      await mesh.settle();
      await mesh.crash();
  }
}

type Told = NaiveFiring & { readonly name: string };

function actualFirings(): Told[] {
  return inOrder(
    mesh.rows('firing').map(({ ruleName, at, events }) => ({
      name: ruleName,
      atMs: msOf(at),
      first: Number(events[0]),
      last: Number(events.at(-1)),
    })),
  );
}

function expectedFirings(rules: readonly NaiveRule[]): Told[] {
  const events = mesh.rows('event').map((event): NaiveEvent & { readonly place: bigint } => ({
    id: Number(event.id),
    place: event.place,
    atMs: msOf(event.at),
    kind: event.kind,
    subject: event.subject,
    payload: JSON.parse(event.payload),
  }));
  const nowMs = msOf(mesh.now);
  return inOrder(
    mesh.rows('ruleActivation').flatMap(({ ruleId, fromPlace, untilPlace, until }) => {
      const name = mesh.rows('rule').find(({ id }) => id === ruleId)?.name;
      const text = rules.find((each) => each.name === name);
      if (!text || name === undefined) throw new Error(`there is no rule ${ruleId}`);
      const own = events.filter(({ place }) => fromPlace <= place && (untilPlace === undefined || place < untilPlace));
      return naiveFirings(text, own, until ? msOf(until) : nowMs).map((firing) => ({ name, ...firing }));
    }),
  );
}

/** A rule that was active all the time fired as its rehearsal says that it would have. @returns how often */
function expectRehearsedAsLive(rule: GivenRule): number {
  const row = mesh.rows('rule').find(({ name }) => name === rule.name);
  const activations = mesh.rows('ruleActivation').filter(({ ruleId }) => ruleId === row?.id);
  if (activations.length !== 1 || activations[0]?.until) return 0;
  const read = readRule(textOf(rule));
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  const replay = new Replay(read.rule, 10_000, '');
  const would: WouldFire[] = [];
  for (const event of mesh.rows('event').toSorted((a, b) => Number(a.place - b.place))) {
    const at = microsOf(event);
    would.push(...replay.passUntil(at), ...replay.take({ id: Number(event.id), at, scope: eventScope(event) }).fired);
  }
  would.push(...replay.passUntil(microsOf({ at: mesh.now })));
  const live = mesh.rows('firing').filter(({ ruleId }) => ruleId === row?.id);
  const did = live.map(({ at, groupKey, events }) => `${microsOf({ at })} ${groupKey} ${events.join(' ')}`);
  expect(would.map(({ completion: { at, events }, group }) => `${at} ${group} ${events.join(' ')}`).toSorted()).toEqual(
    did.toSorted(),
  );
  return did.length;
}

function inOrder(firings: readonly Told[]): Told[] {
  return firings.toSorted(
    (a, b) => a.atMs - b.atMs || a.last - b.last || a.first - b.first || (a.name < b.name ? -1 : 1),
  );
}

function msOf(at: { readonly microsSinceUnixEpoch: bigint }): number {
  return Number(at.microsSinceUnixEpoch) / 1000;
}

/** Without what is undefined. */
function bare<T extends object>(value: T): Partial<T> {
  return Object.fromEntries(Object.entries(value).filter(([, part]) => part !== undefined)) as Partial<T>;
}
