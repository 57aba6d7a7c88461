import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { Failure } from '../lib/failure.ts';
import { findRoot } from '../lib/root.ts';
import { oneLine } from '../lib/terminal.ts';
import { textTable } from '../lib/text-table.ts';

interface ReadyRecipe {
  readonly name: string;
  readonly description: string;
  readonly text: string;
}

/** Lists the recipes that come with Helix. */
export async function recipesLibrary({ json = false }: { readonly json?: boolean }): Promise<void> {
  const recipes = await library();
  if (json) return console.log(JSON.stringify(recipes, undefined, 2));
  console.log(
    textTable(
      ['recipe', ''],
      recipes.map(({ name, description }) => [name, oneLine(description)]),
    ),
  );
  console.log('\nhelix recipes new <file> --from <recipe> writes one into a file; its comment says what it needs.');
}

/** Writes a recipe that comes with Helix into a new file, to be changed and saved from there. */
export async function recipesNew(file: string, { from }: { readonly from: string }): Promise<void> {
  const recipes = await library();
  const recipe = recipes.find(({ name }) => name === from);
  if (!recipe)
    throw new Failure(`No recipe ${from} comes with Helix; there are ${recipes.map(({ name }) => name).join(', ')}`);
  try {
    await writeFile(file, recipe.text, { flag: 'wx' });
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'EEXIST') throw new Failure(`${file} is there already: name another file, or take it away`);
    throw new Failure(`${file} cannot be written (${code}): check the folder and its permissions`, { cause: error });
  }
  console.log(`${file}: ${oneLine(recipe.description)} Its comment says what it needs and what starts it.`);
  console.log(`Then: helix recipes save ${file}`);
}

async function library(): Promise<ReadyRecipe[]> {
  const folder = join(findRoot(), 'hub', 'recipes', 'library');
  const files = (await readdir(folder)).filter((file) => file.endsWith('.yaml')).sort();
  return Promise.all(
    files.map(async (file) => {
      const text = await readFile(join(folder, file), 'utf8');
      const { name, description } = parse(text) as Pick<ReadyRecipe, 'name' | 'description'>;
      return { name, description, text };
    }),
  );
}
