import { type ClientOptions, tell, withHub } from '../lib/client-command.ts';
import { Failure } from '../lib/failure.ts';
import { findTenant } from '../lib/hub.ts';
import { formatSummary, summaryJson } from '../lib/summary.ts';
import { runTask } from '../lib/task.ts';

export async function ask(words: readonly string[], options: ClientOptions): Promise<void> {
  const question = words.join(' ').trim();
  if (question === '') throw new Failure('The question is empty: expected one such as `helix ask "What is a limb?"`');
  await withHub(options, async (hub, signal) => {
    const task = { tenantId: await findTenant(hub), skill: 'reason', title: question, input: { question } };
    const summary = await runTask(hub, task, signal, tell);
    console.log(options.json ? summaryJson(summary) : formatSummary(summary.body));
  });
}
