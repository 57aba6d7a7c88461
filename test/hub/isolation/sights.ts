import type { Identity } from 'spacetimedb';
import type { TableRow, UntypedRow } from '../../../engine/testing/index.ts';
import { audited } from '../../../hub/lib/audited.ts';
import { reasonOf } from '../../../hub/lib/reason.ts';
import type { Mesh, MeshModule } from '../mesh.ts';

// What the private tables say that somebody may see.

/** Every row of the private tables at one moment. */
export type Rows = { readonly [K in (typeof hidden)[number]]: readonly TableRow<MeshModule, K>[] };

const hidden = [
  'tenant',
  'member',
  'invite',
  'limb',
  'memory',
  'tunnel',
  'task',
  'taskInput',
  'attempt',
  'progressPiece',
  'summary',
  'threadTurn',
  'feedback',
  'offer',
  'lease',
  'queueEntry',
  'lane',
  'band',
  'budget',
  'policy',
  'usage',
  'dayTotal',
  'spending',
  'recipe',
  'recipeVersion',
  'run',
  'runData',
  'step',
  'stepOutput',
  'approval',
  'event',
  'hook',
  'notification',
  'reading',
  'schedule',
  'eventTotal',
  'rule',
  'ruleVersion',
  'ruleActivation',
  'ruleCount',
  'firing',
] as const;

export function allRows(mesh: Mesh): Rows {
  return Object.fromEntries(hidden.map((table) => [table, mesh.rows(table)])) as unknown as Rows;
}

/** Everything that goes to clients, and which rows of it somebody may have. */
export const visible: Record<string, (rows: Rows, viewer: Identity) => readonly UntypedRow[]> = {
  tenants: (rows, viewer) => rows.tenant.filter(({ id }) => tenantsOf(rows, viewer).has(id)),
  members: (rows, viewer) => ofTenants(rows, viewer, rows.member),
  open_invites: (rows, viewer) => {
    const owned = ownedBy(rows, viewer);
    return rows.invite.filter(({ tenantId }) => owned.has(tenantId)).map(({ codeHash: _, ...invite }) => invite);
  },
  limbs: (rows, viewer) => ofTenants(rows, viewer, rows.limb),
  memories: (rows, viewer) => ofTenants(rows, viewer, rows.memory),
  tunnels: (rows, viewer) => ofTenants(rows, viewer, rows.tunnel),
  tasks: (rows, viewer) => ofTenants(rows, viewer, rows.task),
  task_inputs: (rows, viewer) => ofTenants(rows, viewer, rows.taskInput),
  attempts: (rows, viewer) => ofTenants(rows, viewer, rows.attempt),
  progress: (rows, viewer) => ofTenants(rows, viewer, rows.progressPiece),
  summaries: (rows, viewer) => ofTenants(rows, viewer, rows.summary),
  thread_turns: (rows, viewer) => ofTenants(rows, viewer, rows.threadTurn),
  feedbacks: (rows, viewer) => ofTenants(rows, viewer, rows.feedback),
  budgets: (rows, viewer) => ofTenants(rows, viewer, rows.budget),
  policies: (rows, viewer) => ofTenants(rows, viewer, rows.policy),
  usages: (rows, viewer) => ofTenants(rows, viewer, rows.usage),
  spendings: (rows, viewer) => ofTenants(rows, viewer, rows.spending),
  day_totals: (rows, viewer) => ofTenants(rows, viewer, rows.dayTotal),
  events: (rows, viewer) => ofTenants(rows, viewer, rows.event),
  event_totals: (rows, viewer) => ofTenants(rows, viewer, rows.eventTotal),
  rules: (rows, viewer) => ofTenants(rows, viewer, rows.rule),
  rule_versions: (rows, viewer) => ofTenants(rows, viewer, rows.ruleVersion),
  rule_activations: (rows, viewer) => ofTenants(rows, viewer, rows.ruleActivation),
  rule_counts: (rows, viewer) => ofTenants(rows, viewer, rows.ruleCount),
  firings: (rows, viewer) => ofTenants(rows, viewer, rows.firing),
  hooks: (rows, viewer) => ofTenants(rows, viewer, rows.hook),
  schedules: (rows, viewer) => ofTenants(rows, viewer, rows.schedule),
  notifications: (rows, viewer) => ofTenants(rows, viewer, rows.notification),
  readings: (rows, viewer) => rows.reading.filter(({ identity }) => identity.isEqual(viewer)),
  recipes: (rows, viewer) => ofTenants(rows, viewer, rows.recipe),
  recipe_versions: (rows, viewer) => ofTenants(rows, viewer, rows.recipeVersion),
  runs: (rows, viewer) => ofTenants(rows, viewer, rows.run),
  run_details: (rows, viewer) => ofTenants(rows, viewer, rows.runData),
  steps: (rows, viewer) => ofTenants(rows, viewer, rows.step),
  step_outputs: (rows, viewer) => ofTenants(rows, viewer, rows.stepOutput),
  approvals: (rows, viewer) => ofTenants(rows, viewer, rows.approval),
  queue: (rows, viewer) => ofTenants(rows, viewer, rows.queueEntry),
  wait_reasons: (rows, viewer) => ofTenants(rows, viewer, rows.band).map((band) => reasonFor(rows, band)),
  visible_history: (rows, viewer) =>
    [...ownedBy(rows, viewer)].flatMap((tenantId) =>
      Object.entries(audited).map(([table, { tenant, columns }]) => {
        return { table, column: tenant, value: `${tenantId}`, columns: [...columns] };
      }),
    ),
  ping: () => [],
  stream: () => [],
  self: (rows, viewer) => rows.limb.filter(({ identity }) => identity.isEqual(viewer)),
  // An offer or a lease in a tenant that the limb does not serve would be one too many here.
  offers: (rows, viewer) =>
    rows.offer.filter(({ limb, tenantId, skill }) => {
      const served = limbsOf(rows, viewer).find((own) => own.tenantId === tenantId);
      return limb.isEqual(viewer) && served?.skills.includes(skill);
    }),
  leases: heldBy,
  lease_inputs: (rows, viewer) => {
    const held = heldBy(rows, viewer);
    return rows.taskInput.filter(({ taskId }) => held.some((lease) => lease.taskId === taskId));
  },
  lease_history: (rows, viewer) => heldBy(rows, viewer).flatMap((lease) => historyOf(rows, lease)),
};

function historyOf(rows: Rows, { taskId }: Rows['lease'][number]): UntypedRow[] {
  const turn = rows.threadTurn.find((one) => one.taskId === taskId);
  const earlier = rows.threadTurn.filter((one) => one.thread === turn?.thread && one.taskId < taskId);
  return earlier.flatMap(({ taskId: earlierTaskId }) => {
    const input = rows.taskInput.find((one) => one.taskId === earlierTaskId)?.input;
    const given = rows.summary.find((one) => one.taskId === earlierTaskId)?.body.text;
    const feedback = rows.feedback.find((one) => one.taskId === earlierTaskId);
    const answer = feedback?.verdict.tag === 'Corrected' ? feedback.text : given;
    return input === undefined || answer === undefined ? [] : [{ taskId, earlierTaskId, input, answer }];
  });
}

function heldBy(rows: Rows, viewer: Identity): Rows['lease'] {
  const homes = limbsOf(rows, viewer).map(({ tenantId }) => tenantId);
  return rows.lease.filter(({ limb, tenantId }) => limb.isEqual(viewer) && homes.includes(tenantId));
}

function reasonFor(rows: Rows, band: Rows['band'][number]): UntypedRow {
  const slots = [...rows.lease, ...rows.offer];
  const limbs = rows.limb
    .filter(({ tenantId }) => tenantId === band.tenantId)
    .map((limb) => ({ limb, taken: slots.filter((slot) => slot.limb.isEqual(limb.identity)).length }));
  return { key: `band/${band.id}`, tenantId: band.tenantId, ...reasonOf({ band, limbs }) };
}

/** The tenants that somebody owns. */
export function ownedBy(rows: Rows, viewer: Identity): ReadonlySet<bigint> {
  const own = rows.member.filter(({ identity, role }) => identity.isEqual(viewer) && role.tag === 'Owner');
  return new Set(own.map(({ tenantId }) => tenantId));
}

function limbsOf(rows: Rows, viewer: Identity): Rows['limb'] {
  return rows.limb.filter(({ identity }) => identity.isEqual(viewer));
}

export function tenantsOf(rows: Rows, viewer: Identity): ReadonlySet<bigint> {
  const own = rows.member.filter(({ identity }) => identity.isEqual(viewer));
  return new Set(own.map(({ tenantId }) => tenantId));
}

function ofTenants<Row extends { readonly tenantId: bigint }>(
  rows: Rows,
  viewer: Identity,
  all: readonly Row[],
): Row[] {
  const tenants = tenantsOf(rows, viewer);
  return all.filter(({ tenantId }) => tenants.has(tenantId));
}
