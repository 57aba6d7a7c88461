import { tables } from '../../bindings/index.ts';
import { runOnHub } from '../lib/client-command.ts';
import { Failure } from '../lib/failure.ts';
import { call, type Hub, type HubOptions, subscribe } from '../lib/hub.ts';
import { findTenant } from '../lib/tenants.ts';

/** Queues failed and dead tasks again. */
export async function tasksRedrive(
  ids: readonly bigint[],
  options: HubOptions & { readonly all?: boolean },
): Promise<void> {
  if (ids.length > 0 === Boolean(options.all)) {
    throw new Failure('Which tasks? Name some by their numbers, or all dead ones of the tenant with --all');
  }
  await runOnHub(options, async (hub) => {
    if (ids.length > 0) {
      return each(hub, ids, 'queued again', (taskId) => hub.connection.reducers.redriveTask({ taskId }));
    }
    const tenantId = await findTenant(hub);
    await subscribe(hub, [tables.tasks.where((task) => task.tenantId.eq(tenantId))]);
    const dead = () => [...hub.connection.db.tasks.iter()].filter(({ state }) => state.tag === 'Dead').length;
    const all = dead();
    // The hub takes a bounded number at once.
    let refusal = '';
    for (let left = all; left > 0 && refusal === ''; ) {
      await call(hub, hub.connection.reducers.redriveAll({ tenantId })).catch((error) => {
        if (!(error instanceof Failure)) throw error;
        refusal = error.message;
      });
      const now = dead();
      if (now >= left) break;
      left = now;
    }
    console.log(all === 0 ? 'There are no dead tasks.' : `${counted(all - dead())} queued again.`);
    if (refusal !== '') throw new Failure(`${counted(dead())} still dead. ${refusal}`);
  });
}

/** Cancels tasks, and their parts with them. */
export async function tasksCancel(ids: readonly bigint[], options: HubOptions): Promise<void> {
  await runOnHub(options, async (hub) => {
    await each(hub, ids, 'cancelled', async (taskId) => {
      await subscribe(hub, [tables.tasks.where((task) => task.id.eq(taskId))]);
      const state = hub.connection.db.tasks.id.find(taskId)?.state.tag;
      if (state && ['Done', 'Failed', 'Dead', 'Cancelled'].includes(state)) {
        throw new Failure(`Task ${taskId} has ended already: it is ${state.toLowerCase()}`);
      }
      await hub.connection.reducers.cancelTask({ taskId });
    });
  });
}

/** Does the same to each; one that is refused does not keep the others from it. @throws Failure when any was */
async function each(
  hub: Hub,
  ids: readonly bigint[],
  done: string,
  act: (taskId: bigint) => Promise<void>,
): Promise<void> {
  const refusals: string[] = [];
  for (const id of new Set(ids)) {
    try {
      await call(hub, act(id));
      console.log(`Task ${id} is ${done}.`);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      refusals.push(error.message);
    }
  }
  if (refusals.length > 0) throw new Failure(refusals.join('; '));
}

function counted(count: number): string {
  return count === 1 ? '1 task is' : `${count} tasks are`;
}
