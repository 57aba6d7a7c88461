import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import pc from 'picocolors';
import { tables } from '../../bindings/index.ts';
import type { Recipe, RecipeVersion, Run } from '../../bindings/types.ts';
import { type NotationTag, readRecipe, recipeSchema } from '../../hub/recipes/language/read.ts';
import { type ClientOptions, runOnHub } from '../lib/client-command.ts';
import { confirm } from '../lib/confirm.ts';
import { Failure } from '../lib/failure.ts';
import { call, type Hub, type HubOptions, subscribe } from '../lib/hub.ts';
import { untilAborted } from '../lib/interruption.ts';
import { lineDiff } from '../lib/line-diff.ts';
import { jsonOf, plainRow } from '../lib/plain-row.ts';
import { approvalLine, findRun, isOver, stepLine } from '../lib/runs.ts';
import { findTenant } from '../lib/tenants.ts';
import { oneLine } from '../lib/terminal.ts';
import { textTable } from '../lib/text-table.ts';

export async function recipesList(options: ClientOptions): Promise<void> {
  await runOnHub(options, async (hub) => {
    const tenantId = await findTenant(hub);
    await subscribe(hub, [tables.recipes.where((recipe) => recipe.tenantId.eq(tenantId))]);
    const recipes = [...hub.connection.db.recipes.iter()].sort((a, b) => (a.name < b.name ? -1 : 1));
    if (options.json) return console.log(jsonOf(recipes));
    if (recipes.length === 0)
      return console.log('There is no recipe: `helix recipes save --help` says how to make one.');
    const lines = recipes.map(({ name, version, updatedAt, startedAt, description }) => [
      name,
      `${version}`,
      shortTime(updatedAt.toISOString()),
      startedAt ? shortTime(startedAt.toISOString()) : '',
      oneLine(description),
    ]);
    console.log(textTable(['recipe', 'version', 'saved (UTC)', 'run last (UTC)', ''], lines));
  });
}

/** Checks a file without a hub: recipes that it has as steps are looked for when it is saved. */
export async function recipesCheck(path: string, options: { readonly json?: boolean }): Promise<void> {
  const { text, notation } = await readText(path);
  if (options.json) {
    const read = readRecipe(text, notation);
    console.log(JSON.stringify(read.ok ? [] : read.problems, undefined, 2));
    if (!read.ok) process.exitCode = 1;
    return;
  }
  const plan = requireWhole(path, text, notation);
  console.log(`${path}: ${plan.name} has ${plan.nodes.length} steps, and nothing is wrong with it.`);
}

export async function recipesSave(path: string, options: HubOptions): Promise<void> {
  const { text, notation } = await readText(path);
  const { name } = requireWhole(path, text, notation);
  await runOnHub(options, async (hub) => {
    const tenantId = await findTenant(hub);
    await subscribe(hub, [tables.recipes.where((recipe) => recipe.tenantId.eq(tenantId))]);
    await call(hub, hub.connection.reducers.saveRecipe({ tenantId, text, notation: { tag: notation } }));
    console.log(`${name} is saved as version ${pickRecipe(hub, name).version}.`);
  });
}

export interface RecipeRunOptions extends HubOptions {
  readonly input: string;
  readonly wait?: boolean;
  readonly json?: boolean;
}

/** Starts a recipe; with `wait` tells its steps as they change, and ends as the run does. */
export async function recipesRun(name: string, options: RecipeRunOptions): Promise<void> {
  await runOnHub(options, async (hub, signal) => {
    const tenantId = await findTenant(hub);
    const reference = randomUUID();
    await subscribe(hub, [tables.runs.where((run) => run.reference.eq(reference))]);
    const args = { tenantId, recipe: name, payload: options.input, reference };
    await call(hub, hub.connection.reducers.startRecipe(args));
    const id = [...hub.connection.db.runs.iter()].find((run) => run.reference === reference)?.id ?? 0n;
    if (!options.wait) {
      if (options.json) return console.log(JSON.stringify({ run: `${id}` }));
      return console.log(`Run ${id} has started: helix runs show ${id}`);
    }
    const ended = await untilAborted(watch(hub, tenantId, id, options.json !== true), signal);
    report(hub, ended, options.json === true);
  });
}

async function watch(hub: Hub, tenantId: bigint, id: bigint, isTold: boolean): Promise<Run> {
  const { approvals, steps, runs } = hub.connection.db;
  if (isTold) {
    approvals.onInsert((_, approval) => {
      if (approval.state.tag === 'Open') console.log(approvalLine(approval));
    });
    steps.onInsert((_, step) => console.log(stepLine(step)));
    steps.onUpdate((_, before, step) => {
      if (before.state.tag !== step.state.tag) console.log(stepLine(step));
    });
  }
  const ended = new Promise<Run>((resolve) => {
    runs.onUpdate((_, _before, run) => {
      if (run.id === id && isOver(run)) resolve(run);
    });
  });
  const run = await findRun(hub, tenantId, id);
  return isOver(run) ? run : Promise.race([ended, hub.lost.then(() => run)]);
}

function report(hub: Hub, run: Run, isJson: boolean): void {
  const output = [...hub.connection.db.runDetails.iter()].find((data) => data.runId === run.id)?.output ?? '';
  if (isJson) console.log(JSON.stringify({ ...plainRow(run), output: parsed(output) }, undefined, 2));
  else if (run.state.tag === 'Done') console.log(outputText(output));
  if (run.state.tag !== 'Done') {
    throw new Failure(`Run ${run.id} ${run.state.tag.toLowerCase()}${run.error === '' ? '' : `: ${run.error}`}`);
  }
}

export async function recipesShow(name: string, options: ClientOptions & { readonly at?: number }): Promise<void> {
  await runOnHub(options, async (hub) => {
    const version = pickVersion(await versionsOf(hub, name), options.at);
    console.log(options.json ? JSON.stringify(plainRow(version), undefined, 2) : version.text.trimEnd());
  });
}

export async function recipesVersions(name: string, options: ClientOptions): Promise<void> {
  await runOnHub(options, async (hub) => {
    const versions = await versionsOf(hub, name);
    if (options.json) return console.log(jsonOf(versions));
    const lines = versions.map((row) => [
      `${row.version}`,
      shortTime(row.savedAt.toISOString()),
      row.notation.tag.toLowerCase(),
      `${row.text.split('\n').length} lines`,
    ]);
    console.log(textTable(['version', 'saved (UTC)', 'as', ''], lines));
  });
}

/** What the newest version, or another one, has otherwise than the one before it, or another one. */
export async function recipesDiff(
  name: string,
  options: HubOptions & { readonly from?: number; readonly to?: number },
): Promise<void> {
  await runOnHub(options, async (hub) => {
    const versions = await versionsOf(hub, name);
    const to = pickVersion(versions, options.to);
    if (to.version === 1 && options.from === undefined) {
      throw new Failure(`Version 1 of ${name} is its first: there is none to compare it with`);
    }
    const from = pickVersion(versions, options.from ?? to.version - 1);
    console.log(pc.bold(`${name}: version ${from.version} → ${to.version}`));
    for (const line of lineDiff(from.text, to.text)) {
      console.log(line.startsWith('+') ? pc.green(line) : line.startsWith('-') ? pc.red(line) : line);
    }
  });
}

export async function recipesDelete(name: string, options: HubOptions & { readonly yes?: boolean }): Promise<void> {
  await runOnHub(options, async (hub) => {
    const { length } = await versionsOf(hub, name);
    const question = `Delete ${oneLine(name)} with ${length === 1 ? 'its version' : `all of its ${length} versions`}?`;
    if (!options.yes && !(await confirm(question, '--yes'))) throw new Failure('Nothing was deleted');
    await call(hub, hub.connection.reducers.deleteRecipe({ tenantId: await findTenant(hub), name }));
    console.log(`${name} is deleted; its runs are kept.`);
  });
}

export function recipesSchema(): void {
  console.log(JSON.stringify(recipeSchema(), undefined, 2));
}

async function versionsOf(hub: Hub, name: string): Promise<RecipeVersion[]> {
  const tenantId = await findTenant(hub);
  await subscribe(hub, [tables.recipes.where((recipe) => recipe.tenantId.eq(tenantId))]);
  const { id } = pickRecipe(hub, name);
  await subscribe(hub, [tables.recipeVersions.where((version) => version.recipeId.eq(id))]);
  return [...hub.connection.db.recipeVersions.iter()].sort((a, b) => b.version - a.version);
}

function pickRecipe(hub: Hub, name: string): Recipe {
  const recipe = [...hub.connection.db.recipes.iter()].find((row) => row.name === name);
  if (!recipe) throw new Failure(`There is no recipe ${name}: helix recipes list shows those there are`);
  return recipe;
}

function pickVersion(versions: readonly RecipeVersion[], number?: number): RecipeVersion {
  const found = number === undefined ? versions[0] : versions.find(({ version }) => version === number);
  if (!found) throw new Failure(`There is no version ${number}: the newest is ${versions[0]?.version}`);
  return found;
}

const notations: Readonly<Record<string, NotationTag>> = {
  '.yaml': 'Yaml',
  '.yml': 'Yaml',
  '.toml': 'Toml',
  '.json': 'Json',
};

async function readText(path: string): Promise<{ readonly text: string; readonly notation: NotationTag }> {
  const notation = notations[extname(path).toLowerCase()];
  if (!notation) throw new Failure(`${path} is no recipe by its name: expected .yaml, .toml or .json`);
  try {
    return { text: await readFile(path, 'utf8'), notation };
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT';
    if (isMissing) throw new Failure(`There is no file ${path}`);
    throw error;
  }
}

/** The plan of a text, or a failure that shows each mistake under its line. */
function requireWhole(path: string, text: string, notation: NotationTag) {
  const read = readRecipe(text, notation);
  if (read.ok) return read.plan;
  const lines = text.split('\n');
  const shown = read.problems.map(({ line, column, message, hint }) => {
    const pointer = `${' '.repeat(Math.max(0, column - 1))}^ ${message}${hint === '' ? '' : `; ${hint}`}`;
    return `${path}:${line}:${column}\n  ${lines[line - 1] ?? ''}\n  ${pointer}`;
  });
  throw new Failure(`${path} is not a recipe that can be run:\n${shown.join('\n')}`);
}

function outputText(output: string): string {
  const value = parsed(output);
  if (value === undefined || value === null) return 'done';
  return typeof value === 'string' ? value : JSON.stringify(value, undefined, 2);
}

function parsed(output: string): unknown {
  return output === '' ? undefined : JSON.parse(output);
}

function shortTime(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ');
}
