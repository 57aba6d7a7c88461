import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readReady, underFreeName } from './ready.ts';

const folder = new URL('../../../../hub/recipes/library/', import.meta.url);
const recipes = readdirSync(folder).map((file) => readReady(readFileSync(new URL(file, folder), 'utf8')));

test('every ready recipe says what it does and needs, and has a rule that starts it', () => {
  expect(recipes.length).toBeGreaterThan(0);
  for (const { name, about, needs, rules } of recipes) {
    expect([name, about.endsWith('.'), needs.startsWith('Needs ')], name).toEqual([name, true, true]);
    expect(rules.length, name).toBeGreaterThan(0);
    for (const rule of rules)
      expect(
        [rule.name, rule.on].every((text) => text !== ''),
        rule.text,
      ).toBe(true);
  }
});

test('what is needed ends with its sentence, not with the name of a file', () => {
  expect(recipes.find(({ name }) => name === 'map-reduce-documents')?.needs).toBe(
    'Needs a limb whose limb.toml names the folder under [folders].',
  );
  expect(recipes.find(({ name }) => name === 'digest')?.skills).toEqual(['read_feed', 'summarise']);
});

test('a recipe whose name is taken gets the next one that is free', () => {
  const [recipe] = recipes;
  if (!recipe) throw new Error('there is no ready recipe');
  const taken = new Set([recipe.name, `${recipe.name}-2`]);
  expect(underFreeName(recipe, (name) => taken.has(name))).toContain(`\nname: ${recipe.name}-3\n`);
  expect(underFreeName(recipe, () => false)).toBe(recipe.text);
});
