import { basename } from 'node:path';
import { text } from 'node:stream/consumers';
import { type ClientOptions, runOnHub } from '../lib/client-command.ts';
import { Failure } from '../lib/failure.ts';
import { readText } from '../lib/files.ts';
import { formatSummary, summaryJson } from '../lib/summary.ts';
import { runTask } from '../lib/task.ts';
import { findTenant } from '../lib/tenants.ts';
import { watchLinesOn } from '../lib/watcher.ts';

export async function runScript(script: string, options: ClientOptions): Promise<void> {
  const code = script === '-' ? await text(process.stdin) : await readText(script);
  if (code === undefined)
    throw new Failure(`There is no file ${script}: name a Python script, or - for standard input`);
  if (code.trim() === '') throw new Failure(`${script === '-' ? 'Standard input' : script} is empty: expected Python`);
  await runOnHub(options, async (hub, signal) => {
    const title = script === '-' ? (code.trim().split('\n', 1)[0] ?? '') : basename(script);
    const task = { tenantId: await findTenant(hub), skill: 'run_python', title, input: { code } };
    const summary = await runTask(hub, task, signal, watchLinesOn(process.stderr));
    console.log(options.json ? summaryJson(summary) : formatSummary(summary.body));
    const { exitCode, note } = summary.body;
    // A program that was stopped has no exit status of its own.
    if (exitCode === undefined) throw new Failure(note === '' ? 'The script was stopped' : note);
    if (exitCode !== 0) throw new Failure(`The script ended with exit status ${exitCode}`);
  });
}
