import type { Identity } from 'spacetimedb';
import type { TableRow } from '../../../engine/testing/index.ts';
import type { SummaryBody } from '../../../hub/schema.ts';
import { localTenant, type Mesh, type MeshClient, type MeshModule, summary } from '../mesh.ts';

// What tests of recipes do again and again.

export type StepOf = TableRow<MeshModule, 'step'>;

export function save(mesh: Mesh, text: string, who: Identity = mesh.owner, tenantId = localTenant): void {
  mesh.call(who, 'saveRecipe', { tenantId, text, notation: { tag: 'Yaml' } });
}

let lastReference = 0;

/** Starts a recipe and returns the number of its run. */
export function start(mesh: Mesh, recipe: string, payload: unknown = {}, who: Identity = mesh.owner): bigint {
  lastReference += 1;
  const reference = `start ${lastReference}`;
  mesh.call(who, 'startRecipe', { tenantId: localTenant, recipe, payload: JSON.stringify(payload), reference });
  const run = mesh.rows('run').find((row) => row.reference === reference);
  if (!run) throw new Error(`the run of ${recipe} is not there`);
  return run.id;
}

/** Saves a recipe of these steps and starts it. */
export function cook(mesh: Mesh, steps: string, payload: unknown = {}): bigint {
  save(mesh, `name: dish\nsteps:\n${steps}`);
  return start(mesh, 'dish', payload);
}

export function runOf(mesh: Mesh, id: bigint): TableRow<MeshModule, 'run'> {
  const run = mesh.rows('run').find((row) => row.id === id);
  if (!run) throw new Error(`there is no run ${id}`);
  return run;
}

export function outputOf(mesh: Mesh, id: bigint): unknown {
  const output = mesh.rows('runData').find(({ runId }) => runId === id)?.output ?? '';
  return output === '' ? undefined : JSON.parse(output);
}

/** The steps of a run that count, by path. */
export function stepsOf(mesh: Mesh, runId: bigint): ReadonlyMap<string, StepOf> {
  const rows = mesh.rows('step').filter((row) => row.runId === runId && !row.isReplaced);
  return new Map(rows.sort((a, b) => (a.id < b.id ? -1 : 1)).map((row) => [row.path, row]));
}

/** `{ path: state }` of a run's steps. */
export function statesOf(mesh: Mesh, runId: bigint): Record<string, string> {
  return Object.fromEntries([...stepsOf(mesh, runId)].map(([path, { state }]) => [path, state.tag]));
}

export function stepAt(mesh: Mesh, runId: bigint, path: string): StepOf {
  const step = stepsOf(mesh, runId).get(path);
  if (!step) throw new Error(`run ${runId} has no step ${path}, only ${[...stepsOf(mesh, runId).keys()].join(', ')}`);
  return step;
}

/** What a limb makes of a task's input: a summary, or a failure for good. */
export type Cooking = (
  input: Record<string, unknown>,
  title: string,
) => Partial<SummaryBody> | { readonly fails: string };

export const echo: Cooking = (input) => ({
  text: typeof input['say'] === 'string' ? input['say'] : JSON.stringify(input),
});

/** The limb does all that it is offered until nothing is left. @returns the inputs in the order of the work */
export function serve(mesh: Mesh, limb: MeshClient, cooking: Cooking = echo): Record<string, unknown>[] {
  const done: Record<string, unknown>[] = [];
  for (;;) {
    const offers = mesh.rows('offer').filter((offer) => offer.limb.isEqual(limb.identity));
    if (offers.length === 0) return done;
    for (const { taskId } of offers.sort((a, b) => (a.taskId < b.taskId ? -1 : 1))) {
      limb.call('claimTask', { taskId });
      const attempt = mesh.rows('lease').find((lease) => lease.taskId === taskId)?.attempt ?? 0;
      const input = JSON.parse(mesh.rows('taskInput').find((row) => row.taskId === taskId)?.input ?? '{}');
      const title = mesh.rows('task').find(({ id }) => id === taskId)?.title ?? '';
      done.push(input);
      const made = cooking(input, title);
      if ('fails' in made) limb.call('failTask', { taskId, attempt, error: made.fails, isRetryable: false });
      else limb.call('completeTask', { taskId, attempt, summary: summary(made) });
    }
  }
}
