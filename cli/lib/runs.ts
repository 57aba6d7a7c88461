import pc from 'picocolors';
import { tables } from '../../bindings/index.ts';
import type { Approval, Run, Step } from '../../bindings/types.ts';
import { Failure } from './failure.ts';
import { type Hub, subscribe } from './hub.ts';
import { oneLine } from './terminal.ts';

/** A run of the tenant, with its steps. */
export async function findRun(hub: Hub, tenantId: bigint, id: bigint): Promise<Run> {
  await subscribe(hub, [
    tables.runs.where((run) => run.id.eq(id)),
    tables.steps.where((step) => step.runId.eq(id)),
    tables.stepOutputs.where((output) => output.runId.eq(id)),
    tables.runDetails.where((data) => data.runId.eq(id)),
    tables.approvals.where((approval) => approval.runId.eq(id)),
  ]);
  const run = [...hub.connection.db.runs.iter()].find((row) => row.id === id && row.tenantId === tenantId);
  if (!run) throw new Failure(`There is no run ${id} in this tenant: helix runs list shows those there are`);
  return run;
}

/** The steps of a run in the order in which they began; those that a later try replaced are left out. */
export function stepsOf(hub: Hub, runId: bigint): Step[] {
  return [...hub.connection.db.steps.iter()]
    .filter((step) => step.runId === runId && !step.isReplaced)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** What a run waits for, and who can help. */
export function approvalLine({ id, path, prompt, asks }: Approval): string {
  const inputs = asks === '[]' ? '' : " --input '{…}'";
  return `? ${path} waits for approval ${id}: ${oneLine(prompt)} (helix approvals approve ${id}${inputs}, or reject ${id})`;
}

export function isOver({ state }: Run): boolean {
  return state.tag === 'Done' || state.tag === 'Failed' || state.tag === 'Cancelled';
}

const signs: Readonly<Record<Step['state']['tag'], string>> = {
  Waiting: '…',
  Running: '▸',
  Recovering: '↻',
  Done: '✓',
  Failed: '✗',
  Skipped: '–',
  Cancelled: '⊘',
  Undone: '↩',
};

/** `✓ each[0].summarise  done  task 12` */
export function stepLine(step: Step): string {
  const { state, path, taskId, error, total, closed } = step;
  const parts = [
    `${signs[state.tag]} ${path}`,
    state.tag.toLowerCase(),
    total > 0 ? `${closed} of ${total}` : '',
    taskId > 0n ? `task ${taskId}` : '',
    error === '' ? '' : oneLine(error),
  ];
  const line = parts.filter((part) => part !== '').join('  ');
  return state.tag === 'Failed' ? pc.red(line) : line;
}
