import type { EventContext } from '../../bindings/index.ts';
import { tables } from '../../bindings/index.ts';
import type { Task } from '../../bindings/types.ts';
import { runOnHub } from '../lib/client-command.ts';
import { type Hub, type HubOptions, subscribe } from '../lib/hub.ts';
import { untilAborted } from '../lib/interruption.ts';
import { formatTask, formatTasks } from '../lib/task-table.ts';
import { findTenant } from '../lib/tenants.ts';

export interface TasksOptions extends HubOptions {
  readonly follow?: boolean;
  readonly json?: boolean;
  readonly limit: number;
}

export async function tasks(options: TasksOptions): Promise<void> {
  await runOnHub(options, async (hub, signal) => {
    const tenantId = await untilAborted(findTenant(hub), signal);
    const ofTenant = tables.tasks.where((task) => task.tenantId.eq(tenantId));
    await untilAborted(subscribe(hub, [ofTenant, tables.limbs]), signal);
    if (options.json) return console.log(JSON.stringify(newest(hub, options.limit).map(plain), undefined, 2));
    if (options.follow && process.stdout.isTTY) redraw(hub, options.limit);
    else console.log(formatTasks(newest(hub, options.limit), limbNames(hub), Date.now()));
    if (!options.follow) return;
    if (!process.stdout.isTTY) printChanges(hub);
    await untilAborted(hub.lost, signal);
  });
}

/** A task as JSON can hold it. */
function plain({ state, limb, submittedBy, submittedAt, claimedAt, finishedAt, ...task }: Task): object {
  return {
    ...Object.fromEntries(
      Object.entries(task).map(([key, value]) => [key, typeof value === 'bigint' ? `${value}` : value]),
    ),
    state: state.tag,
    limb: limb?.toHexString() ?? null,
    submittedBy: submittedBy.toHexString(),
    submittedAt: submittedAt.toISOString(),
    claimedAt: claimedAt?.toISOString() ?? null,
    finishedAt: finishedAt?.toISOString() ?? null,
  };
}

function newest(hub: Hub, limit: number): Task[] {
  return [...hub.connection.db.tasks.iter()].sort((a, b) => Number(b.id - a.id)).slice(0, limit);
}

function limbNames(hub: Hub): Map<string, string> {
  return new Map([...hub.connection.db.limbs.iter()].map((limb) => [limb.identity.toHexString(), limb.name]));
}

/** Draws the table anew, over the earlier one, after each transaction that changed it and as time passes. */
function redraw(hub: Hub, limit: number): void {
  let shownLines = 0;
  let isDue = false;
  const draw = (): void => {
    isDue = false;
    const rows = Math.max(1, Math.min(limit, (process.stdout.rows || 24) - 2));
    const table = formatTasks(newest(hub, rows), limbNames(hub), Date.now(), process.stdout.columns || undefined);
    const up = shownLines === 0 ? '' : `\x1b[${shownLines}A`;
    process.stdout.write(`${up}\x1b[0J${table}\n`);
    shownLines = table.split('\n').length;
  };
  // One transaction may change many rows: they are drawn once.
  const schedule = (): void => {
    if (isDue) return;
    isDue = true;
    setImmediate(draw);
  };
  const { tasks, limbs } = hub.connection.db;
  tasks.onInsert(schedule);
  tasks.onUpdate(schedule);
  tasks.onDelete(schedule);
  limbs.onUpdate(schedule);
  setInterval(draw, 1000).unref();
  draw();
}

function printChanges(hub: Hub): void {
  const print = (task: Task): void => console.log(formatTask(task, limbNames(hub), Date.now()));
  hub.connection.db.tasks.onInsert((_: EventContext, task) => print(task));
  hub.connection.db.tasks.onUpdate((_: EventContext, _before, task) => print(task));
}
