import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type NotationTag, readRecipe, recipeSchema } from './read.ts';

const problemsOf = (text: string, notation: NotationTag = 'Yaml') => {
  const read = readRecipe(text, notation);
  return read.ok
    ? []
    : read.problems.map(({ line, column, message, hint }) => `${line}:${column} ${message} (${hint})`);
};
const ofSteps = (steps: string) => problemsOf(`name: dish\nsteps:\n${steps}`);

describe('the text of a recipe', () => {
  const yaml = `name: dish
description: of fish
steps:
  - { id: a, skill: reason, input: { question: "{{trigger.payload.q}}" }, timeout: 5m }
  - { id: b, output: "{{steps.a.text}}" }
`;
  const toml = `name = "dish"
description = "of fish"

[[steps]]
id = "a"
skill = "reason"
timeout = "5m"
input.question = "{{trigger.payload.q}}"

[[steps]]
id = "b"
output = "{{steps.a.text}}"
`;
  const json = JSON.stringify({
    name: 'dish',
    description: 'of fish',
    steps: [
      { id: 'a', skill: 'reason', input: { question: '{{trigger.payload.q}}' }, timeout: '5m' },
      { id: 'b', output: '{{steps.a.text}}' },
    ],
  });

  it('means the same in YAML, TOML and JSON', () => {
    const plan = readRecipe(yaml, 'Yaml');
    expect(plan).toMatchObject({ ok: true, plan: { name: 'dish', nodes: [{ timeoutMs: 300_000 }, { after: [0] }] } });
    expect(readRecipe(toml, 'Toml')).toEqual(plan);
    expect(readRecipe(json, 'Json')).toEqual(plan);
  });

  it('in TOML is refused at the place of the mistake', () => {
    expect(problemsOf(toml.replace('steps.a.text', 'steps.c.text'), 'Toml')).toEqual([
      '12:13 there is no step c (did you mean a?)',
    ]);
    expect(problemsOf(toml.replace('skill = ', 'skil = '), 'Toml')).toEqual([
      expect.stringMatching(/^6:1 a step needs one of the keys .* \(did you mean skill\?\)$/),
    ]);
    expect(problemsOf('name = "dish"\nsteps = [1, 2', 'Toml')).toEqual([expect.stringMatching(/^2:\d+ /)]);
  });

  it('is described by the published schema', () => {
    const published = JSON.parse(readFileSync(new URL('../schema.json', import.meta.url), 'utf8')) as unknown;
    expect(published).toEqual(JSON.parse(JSON.stringify(recipeSchema())));
  });
});

describe('what is wrong with steps is told with its place:', () => {
  it.each([
    ['a step that is not there', '  - { id: a, output: "{{steps.b.text}}" }', '3:25 there is no step b ()'],
    [
      'a step that need not have ended',
      '  - { id: a, output: 1, after: [] }\n  - { id: b, output: "{{steps.a.value}}", after: [] }',
      '4:25 the step a need not have ended before this one begins (name it under after)',
    ],
    [
      'a step inside of another',
      '  - { id: m, map: 3, steps: [{ id: a, output: 1 }] }\n  - { id: b, output: "{{steps.a.value}}" }',
      '4:25 the step a need not have ended before this one begins (it is inside of m: its result is in steps.m.results)',
    ],
    [
      'a circle',
      '  - { id: a, output: 1, after: c }\n  - { id: b, output: 1 }\n  - { id: c, output: 1 }',
      '3:32 the steps wait for one another: a → c → b → a (take one of them out of its after)',
    ],
    [
      'two steps of one name',
      '  - { id: a, output: 1 }\n  - { id: a, output: 1 }',
      '4:11 two steps are named a (the other one is in line 3)',
    ],
    [
      'a field that there is not',
      '  - { id: a, skill: x }\n  - { id: b, output: "{{steps.a.txt}}" }',
      '4:25 steps.a has no txt (did you mean text?)',
    ],
    [
      'an unknown key',
      '  - { id: a, skill: x, inputt: 1 }',
      '3:24 a skill step has no key inputt (did you mean input?)',
    ],
    [
      'two things at once',
      '  - { id: a, skill: x, wait: 1s }',
      '3:24 a step does one thing: this one has skill and wait (make two steps of it)',
    ],
    [
      'an item outside of a map',
      '  - { id: a, output: "{{item}}" }',
      /^3:25 item begins with item, which is not known here/,
    ],
    [
      'an unknown step to come after',
      '  - { id: abc, output: 1 }\n  - { id: b, output: 1, after: abd }',
      '4:32 there is no step abd beside b to come after (did you mean abc?)',
    ],
    ['a duration without a unit', '  - { id: a, wait: 5 }', /^3:20 expected a duration .* \(add a unit/],
  ])('%s', (_what, steps, expected) => {
    const [first] = ofSteps(steps);
    if (typeof expected === 'string') expect(first).toBe(expected);
    else expect(first).toMatch(expected);
  });

  it('as many as there are', () => {
    expect(ofSteps('  - { id: a, output: "{{steps.x}}" }\n  - { id: b, output: "{{inputs.y}}" }')).toHaveLength(2);
  });
});
