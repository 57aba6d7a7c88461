import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRule } from './language.ts';
import { type EventScope, Network } from './network.ts';
import { mismatch } from './patterns.ts';
import { patternsOf, type Rule } from './rule.ts';

function rule(text: object): Rule {
  // biome-ignore lint/suspicious/noThenProperty: a word of the language, and never awaited
  const read = readRule(JSON.stringify({ name: 'r', on: 'k', then: { notify: { title: 't' } }, ...text }));
  if (!read.ok) throw new Error(JSON.stringify(read.problems));
  return read.rule;
}

function event(payload: EventScope[string], kind = 'k'): EventScope {
  return { kind, source: 's', subject: '', payload };
}

describe('the network', () => {
  it('has one node for equal tests, which goes with the last rule that has it', () => {
    const network = new Network<string>();
    network.add('a', rule({ when: { 'payload.a': 1, 'payload.b': { gt: 5 } } }));
    network.add('b', rule({ on: 'other', when: { any: [{ 'payload.b': { gt: 5 } }, { 'payload.c': true }] } }));
    expect(network.testCount).toBe(3);
    network.remove('a');
    expect(network.testCount).toBe(2);
    network.remove('b');
    expect(network.testCount).toBe(0);
    expect(network.match(event({ a: 1, b: 6 }))).toEqual([]);
  });

  it('finds equalities among many rules, ranges by their bounds, and the rest by asking', () => {
    const network = new Network<string>();
    for (let n = 0; n < 500; n += 1) {
      network.add(`equal ${n}`, rule({ when: { 'payload.id': n } }));
      network.add(`range ${n}`, rule({ when: { 'payload.size': { between: [n * 10, n * 10 + 9] } } }));
    }
    network.add('rest', rule({ on: '*', when: { 'payload.text': { contains: 'x' } } }));
    const found = (payload: EventScope[string]) => network.match(event(payload)).map(({ member }) => member);
    expect(found({ id: 7, size: 123, text: 'axb' }).sort()).toEqual(['equal 7', 'range 12', 'rest']);
    expect(found({ id: '7', size: null })).toEqual([]);
  });

  it('matches what asking each pattern would, while rules come and go', () => {
    const small = fc.integer({ min: 0, max: 4 });
    const scalar = fc.oneof(small, fc.constantFrom('a', 'ab'), fc.boolean(), fc.constant(null));
    const test = fc.oneof(
      scalar,
      fc.record({ in: fc.array(scalar, { minLength: 1, maxLength: 3 }) }),
      fc.record({ gt: small }),
      fc.record({ lte: small }),
      fc.record({ gte: small, lt: small }),
      fc.tuple(small, small).map(([a, b]) => ({ between: [Math.min(a, b), Math.max(a, b)] })),
      fc.record({ notEquals: scalar }),
      fc.record({ equals: fc.constant({ value: 'payload.y' }) }),
      fc.record({ startsWith: fc.constant('a') }),
    );
    const path = fc.constantFrom('payload.x', 'payload.y', 'payload.x + payload.y', 'source');
    const plain = fc.dictionary(path, test, { minKeys: 1, maxKeys: 3 });
    const when = fc.oneof(
      plain,
      plain,
      fc.array(plain, { minLength: 1, maxLength: 2 }).map((any) => ({ any })),
      plain.map((not) => ({ not })),
    );
    const one = fc.oneof(
      fc.constantFrom('k', 'k.a', 'k.*', '*', 'other'),
      fc.record({ kind: fc.constantFrom('k', 'k.*'), source: fc.constantFrom('s', 't*', '*') }),
    );
    const rules = fc
      .record({ on: fc.array(one, { minLength: 1, maxLength: 2 }), when: fc.option(when, { nil: undefined }) })
      .map(rule);
    const events = fc
      .record({
        kind: fc.constantFrom('k', 'k.a', 'k.b', 'other'),
        source: fc.constantFrom('s', 't1'),
        payload: fc.record({ x: scalar, y: scalar }, { requiredKeys: [] }),
      })
      .map((each): EventScope => ({ ...each, subject: '' }) as EventScope);
    const steps = fc.array(
      fc.oneof(
        { weight: 3, arbitrary: fc.record({ tag: fc.constant('add' as const), rule: rules }) },
        { weight: 1, arbitrary: fc.record({ tag: fc.constant('remove' as const), which: fc.nat(20) }) },
        { weight: 4, arbitrary: fc.record({ tag: fc.constant('match' as const), event: events }) },
      ),
      { minLength: 20, maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (run) => {
        const network = new Network<Rule>();
        const members: Rule[] = [];
        for (const step of run) {
          if (step.tag === 'add') {
            // The same object can be drawn twice.
            const added = structuredClone(step.rule);
            network.add(added, added);
            members.push(added);
          } else if (step.tag === 'remove') {
            const [removed] = members.splice(step.which % Math.max(1, members.length), 1);
            if (removed) network.remove(removed);
          } else {
            const expected = members.map((member) =>
              patternsOf(member).flatMap((pattern, index) => (mismatch(pattern, step.event) ? [] : [index])),
            );
            const found = network.match(step.event);
            const actual = members.map((member) => [
              ...(found.find((match) => match.member === member)?.patterns ?? []),
            ]);
            expect(actual).toEqual(expected);
          }
        }
      }),
      { numRuns: 150 },
    );
  });
});
