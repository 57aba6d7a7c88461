import { parseDocument } from 'yaml';

/** A rule that starts a ready recipe; its text can be saved as it is. */
export interface ReadyRule {
  readonly name: string;
  /** The kind of event that it waits for. */
  readonly on: string;
  readonly text: string;
  /** The recipe that it starts. */
  readonly recipe: string;
}

/** A recipe that comes with Helix. */
export interface ReadyRecipe {
  readonly name: string;
  /** What it does, in a sentence or two. */
  readonly about: string;
  /** What it asks for of limbs and their settings. */
  readonly needs: string;
  readonly skills: readonly string[];
  readonly text: string;
  readonly rules: readonly ReadyRule[];
}

// The texts that `helix recipes library` lists. Each is loaded by itself, when the list is opened.
const files = import.meta.glob<string>('../../../../hub/recipes/library/*.yaml', { query: '?raw', import: 'default' });

/** The recipes that come with Helix, by name. @throws when the hub that serves this page is away */
export async function readyRecipes(): Promise<readonly ReadyRecipe[]> {
  const texts = await Promise.all(Object.values(files).map((load) => load()));
  return texts.map(readReady).sort((a, b) => a.name.localeCompare(b.name));
}

/** Reads what a recipe of the library says of itself in its first comment. */
export function readReady(text: string): ReadyRecipe {
  const name = textAt(text, 'name');
  const comment = /^(?:#.*\n)+/.exec(text)?.[0].replaceAll(/^# ?/gm, '') ?? '';
  const prose = (comment.split(/^rule:$/m)[0] ?? '').replaceAll(/\s+/g, ' ').trim();
  const needs = /\bNeeds .*?\.(?= |$)/.exec(prose);
  const skills = [...text.matchAll(/^[^#\n]*\bskill: (\w+)/gm)].map(([, skill = '']) => skill);
  const rules = [...comment.matchAll(/^rule:\n((?: .*\n)+)/gm)].map(([, lines = '']) => {
    const own = lines.replaceAll(/^ {2}/gm, '');
    return { name: textAt(own, 'name'), on: textAt(own, 'on'), text: own, recipe: name };
  });
  return {
    name,
    about: needs ? prose.slice(0, needs.index).trim() : textAt(text, 'description'),
    needs: needs?.[0] ?? '',
    skills: [...new Set(skills)],
    text,
    rules,
  };
}

/** The text under another name: `digest-2` where `digest` is taken. */
export function underFreeName({ name, text }: ReadyRecipe, isTaken: (name: string) => boolean): string {
  if (!isTaken(name)) return text;
  let number = 2;
  while (isTaken(`${name}-${number}`)) number += 1;
  return text.replace(/^name: .*$/m, `name: ${name}-${number}`);
}

function textAt(text: string, key: string): string {
  const value: unknown = parseDocument(text).get(key);
  return typeof value === 'string' ? value : '';
}
