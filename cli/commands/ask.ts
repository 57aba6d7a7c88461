import { type ClientOptions, withHub } from '../lib/client-command.ts';
import { Failure } from '../lib/failure.ts';
import { formatSummary, summaryJson } from '../lib/summary.ts';
import { runTask } from '../lib/task.ts';
import { findTenant } from '../lib/tenants.ts';
import { watchLinesOn, watchOn } from '../lib/watcher.ts';

export async function ask(words: readonly string[], options: ClientOptions): Promise<void> {
  const question = words.join(' ').trim();
  if (question === '') throw new Failure('The question is empty: expected one such as `helix ask "What is a limb?"`');
  await withHub(options, async (hub, signal) => {
    const task = { tenantId: await findTenant(hub), skill: 'reason', title: question, input: { question } };
    const watcher = options.json ? watchLinesOn(process.stderr) : watchOn(process.stderr);
    const summary = await runTask(hub, task, signal, watcher);
    console.log(options.json ? summaryJson(summary) : formatSummary(summary.body));
  });
}
