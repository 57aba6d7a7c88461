import { tables } from '../../bindings/index.ts';
import type { Task } from '../../bindings/types.ts';
import { type ClientOptions, runOnHub } from '../lib/client-command.ts';
import { Failure } from '../lib/failure.ts';
import { type Hub, subscribe } from '../lib/hub.ts';
import { formatSummary, summaryJson } from '../lib/summary.ts';
import { runTask } from '../lib/task.ts';
import { findTenant } from '../lib/tenants.ts';
import { watchLinesOn, watchOn } from '../lib/watcher.ts';

export interface AskOptions extends ClientOptions {
  /** Go on with the caller's newest answered question. */
  readonly continue?: boolean;
  /** Go on with this task. */
  readonly follow?: number;
  readonly label?: readonly string[];
  /** Tools that scripts may call; default all. */
  readonly grant?: readonly string[];
  /** False: scripts may call no tool. */
  readonly grants: boolean;
}

export async function ask(words: readonly string[], options: AskOptions): Promise<void> {
  const question = words.join(' ').trim();
  if (question === '') throw new Failure('The question is empty: expected one such as `helix ask "What is a limb?"`');
  await runOnHub(options, async (hub, signal) => {
    const tenantId = await findTenant(hub);
    const grants = options.grants ? options.grant : [];
    const follows = options.follow === undefined ? undefined : BigInt(options.follow);
    const task = {
      tenantId,
      skill: 'reason',
      title: question,
      input: { question, labels: options.label ?? [], ...(grants ? { grants } : {}) },
      follows: options.continue ? await newestAnswered(hub, tenantId) : follows,
    };
    const watcher = options.json ? watchLinesOn(process.stderr) : watchOn(process.stderr);
    const summary = await runTask(hub, task, signal, watcher);
    if (options.json) return console.log(summaryJson(summary));
    console.log(formatSummary(summary.body));
    if (process.stderr.isTTY) console.error(`Task ${summary.taskId}: go on with \`helix ask -c "…"\``);
  });
}

/** The caller's newest question that has an answer. */
async function newestAnswered(hub: Hub, tenantId: bigint): Promise<bigint> {
  const { db, identity } = hub.connection;
  await subscribe(hub, [tables.tasks.where((task) => task.tenantId.eq(tenantId).and(task.skill.eq('reason')))]);
  let newest: Task | undefined;
  for (const task of db.tasks.iter()) {
    const isOwn = identity !== undefined && task.submittedBy.isEqual(identity);
    if (isOwn && task.state.tag === 'Done' && (!newest || task.id > newest.id)) newest = task;
  }
  if (newest) return newest.id;
  throw new Failure('There is no answered question of yours to go on with: ask one without --continue first');
}
