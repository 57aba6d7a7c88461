import { expect, it } from 'vitest';
import { documentOf } from './document.ts';
import { graphOf } from './graph.ts';
import { type Layout, layoutOf, type PlacedStep } from './layout.ts';

function lay(text: string): Layout {
  const document = documentOf(text, 'Yaml');
  return layoutOf(document ? graphOf(document) : { name: '', steps: [] });
}

function overlap(a: PlacedStep, b: PlacedStep): boolean {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

it('places what comes after another step below it, and what is inside of a step into its box', () => {
  const { steps, edges } = lay(`
steps:
  - { id: a, output: 1 }
  - { id: b, if: { x: 1 }, then: [{ id: c, output: 1 }, { id: d, output: 2 }], else: [{ id: e, output: 3 }] }
  - { id: f, after: a, output: 2 }
`);
  const at = (id: string) => steps.find(({ step }) => step.id === id);
  const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map(at);
  if (!a || !b || !c || !d || !e) throw new Error('a step was not placed');
  expect(edges).toEqual(
    expect.arrayContaining([
      { from: 'a', to: 'b' },
      { from: 'a', to: 'f' },
      { from: 'c', to: 'd' },
    ]),
  );
  expect(edges).toHaveLength(3);
  expect(b.y).toBeGreaterThanOrEqual(a.y + a.height);
  expect(d.y).toBeGreaterThanOrEqual(c.y + c.height);
  for (const inner of [c, d, e]) {
    expect(inner.parent).toBe('b');
    expect(inner.x + inner.width).toBeLessThanOrEqual(b.width);
    expect(inner.y + inner.height).toBeLessThanOrEqual(b.height);
    expect(steps.indexOf(inner)).toBeGreaterThan(steps.indexOf(b));
  }
  expect(b.blocks.map(({ name }) => name)).toEqual(['then', 'else']);
});

it('lets none of 500 steps lie over another one', () => {
  const lines = Array.from(
    { length: 500 },
    (_, i) => `  - { id: s${i}, after: [${i < 5 ? '' : `s${i - 5}`}], output: 1 }`,
  );
  const { steps } = lay(`steps:\n${lines.join('\n')}\n`);
  expect(steps).toHaveLength(500);
  expect(steps.filter((a, index) => steps.slice(index + 1).some((b) => overlap(a, b)))).toEqual([]);
});
