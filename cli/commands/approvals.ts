import { tables } from '../../bindings/index.ts';
import { type ClientOptions, runOnHub } from '../lib/client-command.ts';
import { call, type HubOptions, subscribe } from '../lib/hub.ts';
import { jsonOf } from '../lib/plain-row.ts';
import { findTenant } from '../lib/tenants.ts';
import { oneLine } from '../lib/terminal.ts';
import { textTable } from '../lib/text-table.ts';

/** The questions that wait for an answer, or all of them. */
export async function approvalsList(options: ClientOptions & { readonly all?: boolean }): Promise<void> {
  await runOnHub(options, async (hub) => {
    const tenantId = await findTenant(hub);
    await subscribe(hub, [tables.approvals.where((approval) => approval.tenantId.eq(tenantId))]);
    const approvals = [...hub.connection.db.approvals.iter()]
      .filter(({ state }) => options.all === true || state.tag === 'Open')
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    if (options.json) return console.log(jsonOf(approvals));
    if (approvals.length === 0) return console.log('Nothing waits for an approval.');
    const lines = approvals.map(({ id, runId, recipe, path, state, role, asks, prompt }) => [
      `${id}`,
      `${runId}`,
      `${recipe}/${path}`,
      state.tag.toLowerCase(),
      role.tag.toLowerCase(),
      (JSON.parse(asks) as { name: string; type: string }[]).map(({ name, type }) => `${name}: ${type}`).join(', '),
      oneLine(prompt),
    ]);
    console.log(textTable(['approval', 'run', 'step', 'state', 'by', 'inputs', 'question'], lines));
  });
}

export async function approvalsDecide(
  isApproved: boolean,
  id: bigint,
  options: HubOptions & { readonly note: string; readonly input?: string },
): Promise<void> {
  await runOnHub(options, async (hub) => {
    const args = { approvalId: id, isApproved, note: options.note, inputs: options.input ?? '' };
    await call(hub, hub.connection.reducers.decideApproval(args));
    console.log(`Approval ${id} is ${isApproved ? 'given' : 'refused'}.`);
  });
}
