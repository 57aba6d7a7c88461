import { beforeEach, describe, expect, it } from 'vitest';
import { joinLimb, type Mesh, type MeshClient, startMesh } from '../mesh.ts';
import { cook, outputOf, runOf, serve, statesOf, stepAt } from './kitchen.ts';

let mesh: Mesh;
let limb: MeshClient;
beforeEach(async () => {
  mesh = await startMesh();
  limb = joinLimb(mesh, 'cook', { capacity: 4 });
});

describe('a run', () => {
  it('does its steps one after another, each with what came before', () => {
    const id = cook(
      mesh,
      `
  - id: first
    skill: reason
    input: { say: "hello {{trigger.payload.who}}" }
  - id: second
    skill: reason
    input: { say: "{{steps.first.text}}!" }
  - id: end
    output: { said: "{{steps.second.text}}", who: "{{trigger.payload.who}}" }`,
      { who: 'you' },
    );
    expect(statesOf(mesh, id)).toEqual({ first: 'Running' });
    expect(serve(mesh, limb)).toEqual([{ say: 'hello you' }, { say: 'hello you!' }]);
    expect(statesOf(mesh, id)).toEqual({ first: 'Done', second: 'Done', end: 'Done' });
    expect(runOf(mesh, id)).toMatchObject({ state: { tag: 'Done' }, stepCount: 3, endedCount: 3, error: '' });
    expect(outputOf(mesh, id)).toEqual({ said: 'hello you!', who: 'you' });
  });

  it('begins steps together that do not wait for one another', () => {
    const id = cook(
      mesh,
      `
  - { id: a, skill: reason, input: { say: a }, after: [] }
  - { id: b, skill: reason, input: { say: b }, after: [] }
  - { id: c, skill: reason, input: { say: "{{steps.a.text}}{{steps.b.text}}" }, after: [a, b] }`,
    );
    expect(statesOf(mesh, id)).toEqual({ a: 'Running', b: 'Running' });
    serve(mesh, limb);
    expect(outputOf(mesh, id)).toBe('ab');
  });

  it('does the steps of a map for each item, so many at a time', () => {
    const id = cook(
      mesh,
      `
  - id: each
    map: "{{trigger.payload.list}}"
    limit: 2
    steps:
      - { id: work, skill: reason, input: { say: "{{index}}{{item}}" } }
  - id: end
    output: "{{steps.each.results}}"`,
      { list: ['a', 'b', 'c'] },
    );
    expect(statesOf(mesh, id)).toEqual({ each: 'Running', 'each[0].work': 'Running', 'each[1].work': 'Running' });
    serve(mesh, limb);
    expect(outputOf(mesh, id)).toEqual(['0a', '1b', '2c']);
    expect(stepAt(mesh, id, 'each')).toMatchObject({ total: 3, opened: 3, closed: 3 });
  });
});
