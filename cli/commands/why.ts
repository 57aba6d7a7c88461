import { tables } from '../../bindings/index.ts';
import { type ClientOptions, runOnHub } from '../lib/client-command.ts';
import { Failure } from '../lib/failure.ts';
import { subscribe } from '../lib/hub.ts';
import { untilAborted } from '../lib/interruption.ts';
import { plainRow } from '../lib/plain-row.ts';
import { explain } from '../lib/why.ts';

/** Prints why a task is not running, or what became of its attempts. */
export async function why(taskId: bigint, options: ClientOptions): Promise<void> {
  await runOnHub(options, async (hub, signal) => {
    const { db } = hub.connection;
    const rows = subscribe(hub, [
      tables.tasks.where((row) => row.id.eq(taskId)),
      tables.queue.where((row) => row.taskId.eq(taskId)),
      tables.attempts.where((row) => row.taskId.eq(taskId)),
      tables.waitReasons,
    ]);
    await untilAborted(rows, signal);
    const task = db.tasks.id.find(taskId);
    if (!task) throw new Failure(`There is no task ${taskId} in your tenants: \`helix tasks\` lists the newest`);
    const entry = db.queue.taskId.find(taskId) ?? undefined;
    const reasonOf = (key: string) => db.waitReasons.key.find(key) ?? undefined;
    const reason = entry && (reasonOf(`lane/${entry.laneId}`) ?? reasonOf(`band/${entry.bandId}`));
    const attempts = [...db.attempts.iter()].sort((a, b) => a.number - b.number);
    const lines = explain({ task, entry, reason, attempts });
    if (!options.json) return console.log(lines.join('\n'));
    const told = { ...plainRow(task), why: lines[0], attempts: attempts.map(plainRow) };
    console.log(JSON.stringify(told, undefined, 2));
  });
}
