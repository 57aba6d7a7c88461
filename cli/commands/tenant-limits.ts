import { tables } from '../../bindings/index.ts';
import type { Policy } from '../../bindings/types.ts';
import { runOnHub } from '../lib/client-command.ts';
import { call, type Hub, type HubOptions, subscribe } from '../lib/hub.ts';
import { findTenant } from '../lib/tenants.ts';
import { textTable } from '../lib/text-table.ts';

export interface TenantLimitsOptions extends HubOptions {
  readonly tasks?: number;
  readonly rows?: number;
  readonly bytes?: number;
  readonly keepDays?: number;
  readonly json?: boolean;
}

/** Sets those limits of a tenant that are given, and shows all of them beside what it has. */
export async function tenantLimits(options: TenantLimitsOptions): Promise<void> {
  await runOnHub(options, async (hub) => {
    const tenantId = await findTenant(hub);
    await subscribe(hub, [tables.policies, tables.usages]);
    await setQuotas(hub, tenantId, options);
    const { keepDays } = options;
    if (keepDays !== undefined) await call(hub, hub.connection.reducers.setRetention({ tenantId, keepDays }));
    show(hub, tenantId, options.json === true);
  });
}

/** The reducer sets all three: what is not given stays. */
async function setQuotas(hub: Hub, tenantId: bigint, { tasks, rows, bytes }: TenantLimitsOptions): Promise<void> {
  if (tasks === undefined && rows === undefined && bytes === undefined) return;
  const policy = policyOf(hub, tenantId);
  await call(
    hub,
    hub.connection.reducers.setQuotas({
      tenantId,
      unfinishedTasksMax: tasks ?? policy?.unfinishedTasksMax ?? 0,
      rowsMax: rows === undefined ? (policy?.rowsMax ?? 0n) : BigInt(rows),
      bytesMax: bytes === undefined ? (policy?.bytesMax ?? 0n) : BigInt(bytes),
    }),
  );
}

function show(hub: Hub, tenantId: bigint, isJson: boolean): void {
  const policy = policyOf(hub, tenantId);
  const usage = [...hub.connection.db.usages.iter()].find((row) => row.tenantId === tenantId);
  const limits = [
    { what: 'unfinished tasks', now: usage?.unfinishedTasks ?? 0, most: policy?.unfinishedTasksMax ?? 0 },
    { what: 'rows', now: usage?.rows ?? 0n, most: policy?.rowsMax ?? 0n },
    { what: 'bytes', now: usage?.bytes ?? 0n, most: policy?.bytesMax ?? 0n },
    { what: 'days that finished tasks are kept', now: undefined, most: policy?.keepDays ?? 0 },
  ];
  if (isJson) {
    const plain = limits.map(({ what, now, most }) => ({
      what,
      now: now === undefined ? null : `${now}`,
      most: Number(most) === 0 ? null : `${most}`,
    }));
    console.log(JSON.stringify(plain, undefined, 2));
    return;
  }
  const lines = limits.map(({ what, now, most }) => [
    what,
    now === undefined ? '' : `${now}`,
    Number(most) === 0 ? "the hub's default" : `${most}`,
  ]);
  console.log(textTable(['', 'now', 'at most'], lines));
}

function policyOf(hub: Hub, tenantId: bigint): Policy | undefined {
  return [...hub.connection.db.policies.iter()].find((policy) => policy.tenantId === tenantId);
}
