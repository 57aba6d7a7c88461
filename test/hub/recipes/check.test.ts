import { Identity } from 'spacetimedb';
import { beforeEach, expect, it } from 'vitest';
import { joinMember, localTenant, type Mesh, startMesh } from '../mesh.ts';

let mesh: Mesh;
beforeEach(async () => {
  mesh = await startMesh();
});

function check(text: string, notation: 'Yaml' | 'Toml' | 'Json' = 'Yaml', who = mesh.owner) {
  return mesh.callProcedure(who, 'checkRecipe', { tenantId: localTenant, text, notation: { tag: notation } });
}

it('says of a text that can be saved what a run of it would be given, also to a viewer', async () => {
  const text =
    'name: dish\ninputs: { word: { type: text, default: hey } }\nsteps: [{ id: a, output: "{{inputs.word}}" }]';
  const { problems, name, asks } = await check(text, 'Yaml', joinMember(mesh, 'vera', { role: 'Viewer' }));
  expect({ problems, name }).toEqual({ problems: [], name: 'dish' });
  expect(JSON.parse(asks)).toEqual([
    { name: 'word', type: 'text', about: '', isRequired: false, preset: '"hey"', choices: [] },
  ]);
  expect(mesh.rows('recipe')).toEqual([]);
});

it('says everything that is wrong with another one, and where', async () => {
  const { problems, name, asks } = await check('name: dish\nsteps:\n  - { id: a, output: "{{steps.b.value}}" }\n');
  expect(problems).toMatchObject([{ line: 3, message: 'there is no step b' }]);
  expect({ name, asks }).toEqual({ name: '', asks: '' });
  expect((await check('name = ', 'Toml')).problems).toHaveLength(1);
});

it('tells nothing to somebody who is not a member', async () => {
  await expect(check('name: dish', 'Yaml', new Identity(7n))).rejects.toThrow('no-such-tenant');
});
