import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { YAMLSeq } from 'yaml';
import { addBranch, failureOf, setFailure } from './branches.ts';
import { EditRefused } from './change.ts';
import { documentOf, stepKinds, stepMaps, stepsOf } from './document.ts';
import { addStep, connect, deleteStep, disconnect, fieldOf, renameStep, setField } from './edits.ts';
import { type GraphBlock, graphOf } from './graph.ts';

const text = `# What it is for
name: news # its name
steps:
  # First of all
  - id: fetch
    skill: reason # the limb's own

  - id: choose
    if: { steps.fetch.text: { exists: true } }
    then:
      - { id: tell, output: "{{steps.fetch.text}} and steps.fetch" }
  - id: end
    after: [fetch, choose]
    output: "{{steps.choose.value}}" # the end
`;

function graph(of: string): GraphBlock {
  const document = documentOf(of, 'Yaml');
  expect(document).toBeDefined();
  return document ? graphOf(document) : { name: '', steps: [] };
}

/** `{ id: after }` of the run's own steps. */
function order(of: string): Record<string, readonly string[]> {
  return Object.fromEntries(graph(of).steps.map(({ id, after }) => [id, after]));
}

function comments(of: string): string[] {
  return [...of.matchAll(/#.*$/gm)].map(([comment]) => comment);
}

describe('the graph of a text', () => {
  it('has the steps as they are nested and follow one another', () => {
    expect(order(text)).toEqual({ fetch: [], choose: ['fetch'], end: ['fetch', 'choose'] });
    expect(graph(text).steps[1]?.blocks).toMatchObject([{ name: 'then', steps: [{ id: 'tell', kind: 'output' }] }]);
  });

  it('is that of the same recipe in TOML and JSON', () => {
    const toml = 'name = "a"\n[[steps]]\nid = "x"\nwait = "5s"\n[[steps]]\nid = "y"\noutput = 1\n';
    const json = JSON.stringify({
      name: 'a',
      steps: [
        { id: 'x', wait: '5s' },
        { id: 'y', output: 1 },
      ],
    });
    const ids = ['Toml' as const, 'Json' as const].map((notation) => {
      const document = documentOf(notation === 'Toml' ? toml : json, notation);
      return document && graphOf(document).steps.map(({ id, kind, summary, after }) => [id, kind, summary, after]);
    });
    const expected = [
      ['x', 'wait', '5s', []],
      ['y', 'output', '1', ['x']],
    ];
    expect(ids).toEqual([expected, expected]);
  });

  it('of half-written text is none, and of unfinished steps has names of its own', () => {
    expect(documentOf('steps: [', 'Yaml')).toBeUndefined();
    expect(documentOf('steps = [', 'Toml')).toBeUndefined();
    expect(graph('steps: [{}, {}, { id: a }, { id: a }]').steps.map(({ id }) => id)).toEqual([
      '?',
      '? (2)',
      'a',
      'a (2)',
    ]);
  });
});

describe('an edit', () => {
  it('leaves comments and everything else as they were', () => {
    const changed = setField(text, 'fetch', { key: 'title', isPlain: true }, 'News');
    expect(changed).toBe(text.replace("limb's own\n", "limb's own\n    title: News\n"));
    expect(setField(changed, 'fetch', { key: 'title', isPlain: true }, '')).toBe(text);
  });

  it('puts a step behind another one, which those behind then come after', () => {
    const added = addStep(text, 'wait', 'fetch');
    expect(added.id).toBe('wait');
    expect(order(added.text)).toEqual({ fetch: [], wait: ['fetch'], choose: ['wait'], end: ['fetch', 'choose'] });
    expect(comments(added.text)).toEqual(comments(text));
    expect(addStep(added.text, 'wait', 'tell').id).toBe('wait_2');
  });

  it('begins a recipe that has no steps', () => {
    expect(order(addStep('name: a\n', 'output', undefined).text)).toEqual({ output: [] });
    expect(order(addStep('', 'output', undefined).text)).toEqual({ output: [] });
  });

  it('takes a step out, and those after it come after what it came after', () => {
    const deleted = deleteStep(text, 'choose');
    expect(order(deleted)).toEqual({ fetch: [], end: ['fetch'] });
    expect(comments(deleted)).toEqual(comments(text));
    expect(() => deleteStep(text, 'tell')).toThrow(EditRefused);
  });

  it('renames a step wherever it is spoken of, and nowhere else', () => {
    const renamed = renameStep(text, 'fetch', 'load');
    expect(renamed).toContain('steps.load.text: { exists: true }');
    expect(renamed).toContain('"{{steps.load.text}} and steps.fetch"');
    expect(order(renamed)).toEqual({ load: [], choose: ['load'], end: ['load', 'choose'] });
    expect(() => renameStep(text, 'fetch', 'end')).toThrow('Another step is named end.');
    expect(() => renameStep(text, 'fetch', 'a-b')).toThrow('no name of a step');
  });

  it('connects and parts steps that stand beside each other, but never in a circle', () => {
    const parted = disconnect(text, 'fetch', 'choose');
    expect(order(parted)).toMatchObject({ choose: [] });
    expect(order(connect(parted, 'fetch', 'choose'))).toMatchObject({ choose: ['fetch'] });
    expect(() => connect(text, 'end', 'fetch')).toThrow('wait for each other');
    expect(() => connect(text, 'fetch', 'tell')).toThrow('stand beside each other');
  });

  it('writes a field as YAML or as a text, and refuses what cannot be read', () => {
    const asked = setField(
      text,
      'fetch',
      { key: 'input', isPlain: false },
      'question: "{{trigger.payload}}"\ndepth: 2',
    );
    const document = documentOf(asked, 'Yaml');
    expect(document?.toJS().steps[0].input).toEqual({ question: '{{trigger.payload}}', depth: 2 });
    expect(document && fieldOf(document, 'fetch', { key: 'input', isPlain: false })).toBe(
      'question: "{{trigger.payload}}"\ndepth: 2',
    );
    expect(
      documentOf(setField(text, 'end', { key: 'output', isPlain: false }, '{{steps.fetch.text}}'), 'Yaml')?.toJS()
        .steps[2].output,
    ).toBe('{{steps.fetch.text}}');
    expect(() => setField(text, 'fetch', { key: 'input', isPlain: false }, '{ a: ')).toThrow('input cannot be read');
    expect(() => setField('steps: [', 'fetch', { key: 'input', isPlain: false }, '1')).toThrow('mend it first');
  });

  it('says of the recipe itself what it is', () => {
    const named = setField(text, '', { key: 'name', isPlain: true }, 'other');
    expect(named).toBe(text.replace('name: news #', 'name: other #'));
    const told = setField(named, '', { key: 'inputs', isPlain: false }, 'url: text');
    expect(told).toContain('inputs:\n  url: text\nsteps:');
    expect(setField(told, '', { key: 'inputs', isPlain: false }, ' ')).toBe(named);
  });

  it('adds what a step can have besides, and takes it out with its last step', () => {
    const other = addBranch(text, 'choose', 'else', 'output');
    expect(graph(other.text).steps[1]?.blocks.map(({ name, steps }) => [name, steps.length])).toEqual([
      ['then', 1],
      ['else', 1],
    ]);
    const rescued = addBranch(other.text, other.id, 'onFailure', 'approve');
    expect(graph(rescued.text).steps[1]?.blocks[1]?.steps[0]?.blocks).toMatchObject([
      { name: 'onFailure', steps: [{ id: rescued.id, kind: 'approve' }] },
    ]);
    expect(deleteStep(deleteStep(rescued.text, rescued.id), other.id)).toBe(text);
    expect(comments(rescued.text)).toEqual(comments(text));
  });

  it('adds a branch beside others, and takes it out again, but never the last one', () => {
    const both = addStep(text, 'parallel', 'fetch');
    const third = addBranch(both.text, both.id, 'parallel', 'wait');
    expect(graph(third.text).steps[1]?.blocks.map(({ name }) => name)).toEqual([
      'parallel 0',
      'parallel 1',
      'parallel 2',
    ]);
    const first = deleteStep(deleteStep(third.text, 'both_a'), 'both_b');
    expect(graph(first).steps[1]?.blocks).toMatchObject([{ name: 'parallel 0', steps: [{ id: third.id }] }]);
    expect(() => deleteStep(first, third.id)).toThrow(EditRefused);
  });

  it('says what becomes of the run when a step fails', () => {
    const passed = setFailure(text, 'fetch', 'continue');
    expect(passed).toContain('onFailure: continue');
    const step = (of: string) => {
      const document = documentOf(of, 'Yaml');
      const found = document && stepMaps(stepsOf(document) ?? new YAMLSeq())[0];
      return found ? failureOf(found) : undefined;
    };
    expect([text, passed, addBranch(passed, 'fetch', 'onFailure', 'output').text].map(step)).toEqual([
      'fail',
      'continue',
      'steps',
    ]);
    expect(setFailure(passed, 'fetch', 'fail')).toBe(text);
  });

  it('of JSON gives JSON, of which only what it is about is written anew', () => {
    const json = '{\n  "name": "a",\n  "steps": [\n    { "id": "x", "wait": "5s" }\n  ]\n}\n';
    const own = `${JSON.stringify(JSON.parse(json), null, 4)}\n`;
    const named = setField(own, 'x', { key: 'about', isPlain: true }, 'A: b');
    expect(named).toBe(own.replace('"wait": "5s"', '"wait": "5s",\n            "about": "A: b"'));
    const added = addStep(json, 'if', 'x').text;
    expect(JSON.parse(added)).toMatchObject({ name: 'a', steps: [{ id: 'x', wait: '5s' }, { id: 'choose' }] });
    expect(JSON.parse(setField(added, 'x', { key: 'when', isPlain: false }, 'run.version: { gt: 1 }'))).toMatchObject({
      steps: [{ when: { 'run.version': { gt: 1 } } }, {}],
    });
  });

  it('after edit gives a text with the same comments, whose steps have unique names and no circles', () => {
    const edit = fc.record({
      what: fc.constantFrom('add', 'delete', 'connect', 'disconnect', 'rename'),
      kind: fc.constantFrom(...stepKinds),
      one: fc.nat(),
      other: fc.nat(),
    });
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 10 }), (edits) => {
        let now = text;
        for (const [round, { what, kind, one, other }] of edits.entries()) {
          const ids = allIds(graph(now));
          const [a = '', b = ''] = [ids[one % ids.length], ids[other % ids.length]];
          try {
            if (what === 'add') now = addStep(now, kind, a).text;
            else if (what === 'delete' && ids.length > 3) now = deleteStep(now, a);
            else if (what === 'connect') now = connect(now, a, b);
            else if (what === 'disconnect') now = disconnect(now, a, b);
            else if (what === 'rename') now = renameStep(now, a, `step_${round}`);
          } catch (error) {
            if (!(error instanceof EditRefused)) throw error;
          }
          expect(comments(now).includes('# What it is for')).toBe(true);
          const found = allIds(graph(now));
          expect(new Set(found).size).toBe(found.length);
          expect(hasCircle(graph(now))).toBe(false);
        }
      }),
      { numRuns: 40 },
    );
  });
});

function allIds(block: GraphBlock): string[] {
  return block.steps.flatMap(({ id, blocks }) => [id, ...blocks.flatMap(allIds)]);
}

/** Whether, taking out again and again what waits for nothing, something is left. */
function hasCircle({ steps }: GraphBlock): boolean {
  if (steps.some(({ blocks }) => blocks.some(hasCircle))) return true;
  let left = steps;
  for (;;) {
    const rest = left.filter(({ after }) => after.some((id) => left.some((step) => step.id === id)));
    if (rest.length === left.length) return rest.length > 0;
    left = rest;
  }
}
