import { tables } from '../../bindings/index.ts';
import { type ClientOptions, runOnHub } from '../lib/client-command.ts';
import { Failure } from '../lib/failure.ts';
import { call, type HubOptions, subscribe } from '../lib/hub.ts';
import { jsonOf, plainRow } from '../lib/plain-row.ts';
import { approvalLine, findRun, stepLine, stepsOf } from '../lib/runs.ts';
import { findTenant } from '../lib/tenants.ts';
import { oneLine } from '../lib/terminal.ts';
import { textTable } from '../lib/text-table.ts';

export async function runsList(
  options: ClientOptions & { readonly limit: number; readonly recipe?: string },
): Promise<void> {
  await runOnHub(options, async (hub) => {
    const tenantId = await findTenant(hub);
    await subscribe(hub, [tables.runs.where((run) => run.tenantId.eq(tenantId))]);
    const runs = [...hub.connection.db.runs.iter()]
      .filter(({ recipe }) => options.recipe === undefined || recipe === options.recipe)
      .sort((a, b) => (a.id > b.id ? -1 : 1))
      .slice(0, options.limit);
    if (options.json) return console.log(jsonOf(runs));
    if (runs.length === 0) return console.log('There is no run: `helix recipes run <name>` starts one.');
    const lines = runs.map(({ id, recipe, version, state, startedAt, endedCount, stepCount, error }) => [
      `${id}`,
      `${recipe} v${version}`,
      state.tag.toLowerCase(),
      startedAt.toISOString().slice(0, 19).replace('T', ' '),
      `${endedCount} of ${stepCount}`,
      oneLine(error),
    ]);
    console.log(textTable(['run', 'recipe', 'state', 'started (UTC)', 'steps ended', ''], lines));
  });
}

export async function runsShow(id: bigint, options: ClientOptions): Promise<void> {
  await runOnHub(options, async (hub) => {
    const run = await findRun(hub, await findTenant(hub), id);
    const steps = stepsOf(hub, id);
    const data = [...hub.connection.db.runDetails.iter()].find(({ runId }) => runId === id);
    if (options.json) {
      const outputs = new Map([...hub.connection.db.stepOutputs.iter()].map((row) => [row.stepId, row.value]));
      const whole = steps.map((step) => ({ ...plainRow(step), output: JSON.parse(outputs.get(step.id) ?? 'null') }));
      const [trigger, output] = [data?.trigger ?? 'null', data?.output || 'null'];
      const told = { ...plainRow(run), trigger: JSON.parse(trigger), output: JSON.parse(output), steps: whole };
      return console.log(JSON.stringify(told, undefined, 2));
    }
    console.log(`Run ${id} of ${run.recipe}, version ${run.version}: ${run.state.tag.toLowerCase()}`);
    if (run.error !== '') console.log(run.error);
    for (const step of steps) console.log(`  ${stepLine(step)}`);
    for (const approval of hub.connection.db.approvals.iter()) {
      if (approval.state.tag === 'Open') console.log(`  ${approvalLine(approval)}`);
    }
    console.log(`${run.tokensIn + run.tokensOut} tokens, ${Number(run.costMicros) / 1e6} spent`);
    if (data && data.output !== '') console.log(data.output);
  });
}

export async function runsChange(how: 'pause' | 'resume' | 'cancel', id: bigint, options: HubOptions): Promise<void> {
  await runOnHub(options, async (hub) => {
    const { reducers } = hub.connection;
    const changes = { pause: reducers.pauseRun, resume: reducers.resumeRun, cancel: reducers.cancelRun };
    await call(hub, changes[how]({ runId: id }));
    console.log(`Run ${id} is ${{ pause: 'paused', resume: 'resumed', cancel: 'cancelled' }[how]}.`);
  });
}

/** Takes a run up again, from a step that is named by its path, or where it failed. */
export async function runsRetry(
  id: bigint,
  options: HubOptions & { readonly from?: string; readonly input?: string },
): Promise<void> {
  await runOnHub(options, async (hub) => {
    await findRun(hub, await findTenant(hub), id);
    const step = options.from === undefined ? undefined : stepsOf(hub, id).find(({ path }) => path === options.from);
    if (options.from !== undefined && !step) {
      throw new Failure(`Run ${id} has no step ${options.from}: helix runs show ${id} lists them`);
    }
    const args = { runId: id, stepId: step?.id ?? 0n, input: options.input ?? '' };
    await call(hub, hub.connection.reducers.retryRun(args));
    console.log(`Run ${id} goes on ${step ? `from ${step.path}` : 'where it failed'}.`);
  });
}
