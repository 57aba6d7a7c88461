import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readRule, ruleSchema } from './language.ts';

function refusal(text: string): readonly string[] {
  const read = readRule(text);
  return read.ok
    ? []
    : read.problems.map(({ line, column, message, hint }) => `${line}:${column} ${message}${hint && `; ${hint}`}`);
}

const documentation = readFileSync(new URL('README.md', import.meta.url), 'utf8');
const examples = [...documentation.matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => text ?? '');

const start = 'name: a\non: k\n';
const end = 'then: { notify: { title: t } }\n';

describe('a rule', () => {
  it('is read from its text', () => {
    const read = readRule(`
name: many failed logins
description: Somebody guesses passwords.
on: { kind: login.failed, source: 'web*' }
when:
  payload.user: { exists: true }
by: payload.user
count: { atLeast: 5, within: 10m }
cooldown: 1h
then:
  - submit:
      skill: reason
      title: 'Who is {{event.payload.user}}?'
      input: { question: 'Is {{key}} attacked?', count: '{{count}}' }
  - notify: { title: 'Many failed logins of {{key}}', level: warning }
`);
    expect(read).toMatchObject({
      ok: true,
      rule: {
        name: 'many failed logins',
        pattern: { on: [{ kind: 'login.failed', source: 'web*' }] },
        by: { kind: 'path', path: ['payload', 'user'] },
        over: { kind: 'count', atLeast: 5, withinMs: 600_000 },
        gates: { cooldownMs: 3_600_000 },
        actions: [
          { tag: 'submit', value: { skill: 'reason', input: { kind: 'map' } } },
          { tag: 'notify', value: { level: 'warning' } },
        ],
      },
    });
    expect(read.ok && JSON.parse(JSON.stringify(read.rule))).toEqual(read.ok && read.rule);
  });

  it.each([
    ['on: k\nthen: { notify: { title: t } }', '1:1 a rule needs the key name'],
    [`${start}whne: { payload.a: 1 }\n${end}`, '3:1 a rule has no key whne; did you mean when?'],
    [`${start}when: { payload.a: { gr: 1 } }\n${end}`, '3:22 there is no test gr; did you mean gt?'],
    [`${start}count: { atLeast: 1, within: 5 }\n${end}`, '3:19 expected a whole number from 2 to 1000, found 1'],
    [`${start}cooldown: 90d\n${end}`, '3:11 expected a duration from 1ms to 31d, found the text "90d"'],
    [
      `${start}count: { atLeast: 2, within: 5m }\nchange: { of: payload.a }\n${end}`,
      '4:1 a rule has one of count, sequence, absence, join, change, threshold; it has count already',
    ],
    [`${start}threshold: { of: payload.a }\n${end}`, '3:12 threshold needs one of the keys above and below'],
    [
      `${start}threshold: { of: payload.a, above: 5, rearm: 6 }\n${end}`,
      '3:12 threshold would be armed again where it fires; it must be at most 5',
    ],
    [`${start}then: { sumbit: {} }`, '3:9 an action has no key sumbit; did you mean submit?'],
    [
      `${start}then:\n  - emit: { kind: x, payload: { a: '{{evnt.payload.a}}' } }`,
      '4:39 evnt.payload.a begins with evnt, which is not known here; did you mean event?',
    ],
    [`name: a\non: 'or*der'\n${end}`, '2:5 expected a name such as order.paid, order.* or *, found the text "or*der"'],
    [`${start}sequence: { within: 1m, steps: [] }\n${end}`, '3:32 this list has 0 items, allowed are 1 to 8'],
    [`${start}by: payload.\n${end}`, /^3:13 a name is missing after the dot/],
  ])('%s is refused with its place and a hint', (text, problem) => {
    const [first] = refusal(text);
    if (typeof problem === 'string') expect(first).toBe(problem);
    else expect(first).toMatch(problem);
  });

  it.each(examples)('%# of its documentation can be saved', (text) => {
    expect(refusal(text)).toEqual([]);
  });

  it('is refused when its text is too long', () => {
    expect(refusal(`${start}${end}# ${'x'.repeat(17_000)}`)[0]).toMatch(
      /^1:1 the text has \d+ characters, at most 16384/,
    );
  });

  it('has its JSON Schema published as it is read', () => {
    const published = JSON.parse(readFileSync(new URL('schema.json', import.meta.url), 'utf8')) as unknown;
    expect(published).toEqual(JSON.parse(JSON.stringify(ruleSchema())));
  });
});
