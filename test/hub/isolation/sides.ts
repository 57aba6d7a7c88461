import type { Identity } from 'spacetimedb';
import type { TableRow, UntypedRow } from '../../../engine/testing/index.ts';
import {
  announce,
  inviteTo,
  joinLimb,
  joinMember,
  type Mesh,
  type MeshClient,
  type MeshModule,
  newTenant,
} from '../mesh.ts';
import { visible } from './sights.ts';

/** One of two tenants that share a person and a limb. */
export interface Side {
  readonly tenantId: bigint;
  readonly owner: Identity;
  readonly operator: Identity;
  readonly viewer: Identity;
  /** An owner of both tenants. */
  readonly both: Identity;
  /** Serves this tenant alone. */
  own: MeshClient;
  /** Seconds for which it will not answer. */
  silentFor: number;
  /** How many codes it has made. */
  codes: number;
}

export interface Sides {
  readonly mesh: Mesh;
  readonly one: Side;
  /** The one that is watched. */
  readonly other: Side;
  /** The limb that serves both, with more slots than there are tasks. */
  shared: MeshClient;
}

export const ownSkills = ['reason', 'fill'] as const;
/** Only the shared limb does it: whether it is idle is no tenant's own affair. */
export const sharedSkill = 'recall';
const sharedSlots = 200;

export function settle(mesh: Mesh): Sides {
  const tenants = [newTenant(mesh, 'one'), newTenant(mesh, 'other')] as const;
  const both = mesh.identity('both');
  const side = (i: 0 | 1): Side => {
    const home = tenants[i];
    const join = (name: string, role: 'Owner' | 'Operator' | 'Viewer') => joinMember(mesh, name, { ...home, role });
    return {
      ...home,
      operator: join(`operator ${i}`, 'Operator'),
      viewer: join(`viewer ${i}`, 'Viewer'),
      both: join('both', 'Owner'),
      own: joinLimb(mesh, `own ${i}`, { ...home, capacity: 2, skills: ownSkills }),
      silentFor: 0,
      codes: 0,
    };
  };
  const [one, other] = [side(0), side(1)];
  const shared = joinLimb(mesh, 'shared', { ...one, capacity: sharedSlots, skills: [sharedSkill] });
  mesh.call(shared.identity, 'redeemInvite', { code: inviteTo(mesh, { ...other, kind: 'Limb' }), name: 'shared' });
  mesh.call(both, 'readNotifications', { tenantId: other.tenantId, all: true, ids: [] });
  return { mesh, one, other, shared };
}

/** The shared limb comes over a new connection, as the run of its process that it was or as another one. */
export function reconnect(sides: Sides, run: string): void {
  sides.shared.disconnect();
  sides.shared = sides.mesh.connect(sides.shared.identity);
  announce(sides.shared, { capacity: sharedSlots, skills: [sharedSkill], session: run });
}

type Owned<K extends keyof TablesOfTenants> = TablesOfTenants[K];
interface TablesOfTenants {
  readonly task: TableRow<MeshModule, 'task'>;
  readonly offer: TableRow<MeshModule, 'offer'>;
  readonly lease: TableRow<MeshModule, 'lease'>;
  readonly limb: TableRow<MeshModule, 'limb'>;
  readonly rule: TableRow<MeshModule, 'rule'>;
  readonly recipe: TableRow<MeshModule, 'recipe'>;
  readonly run: TableRow<MeshModule, 'run'>;
  readonly step: TableRow<MeshModule, 'step'>;
  readonly approval: TableRow<MeshModule, 'approval'>;
  readonly schedule: TableRow<MeshModule, 'schedule'>;
  readonly hook: TableRow<MeshModule, 'hook'>;
  readonly member: TableRow<MeshModule, 'member'>;
  readonly invite: TableRow<MeshModule, 'invite'>;
  readonly notification: TableRow<MeshModule, 'notification'>;
}

/** The rows of a table that are a tenant's, in the order in which they were made. */
export function rowsOf<K extends keyof TablesOfTenants>({ mesh }: Sides, { tenantId }: Side, table: K): Owned<K>[] {
  const rows = (mesh.rows(table) as Owned<K>[]).filter((row) => row.tenantId === tenantId);
  return rows.sort((a, b) => (padded(textOf(a as UntypedRow)) < padded(textOf(b as UntypedRow)) ? -1 : 1));
}

/** What the members of a tenant and its limbs see of it, view by view, in the order of the numbers of rows. */
export function sightOf({ mesh, shared }: Sides, side: Side): string[] {
  const { tenantId, owner, operator, both, own } = side;
  const found: string[] = [];
  for (const view of Object.keys(visible)) {
    if (view === 'ping' || view === 'stream') continue;
    const viewers = view === 'readings' ? [owner, operator, both] : view === 'visible_history' ? [] : [owner];
    const isOfLimbs = limbViews.includes(view);
    const rows = (isOfLimbs ? [own.identity, shared.identity] : viewers).flatMap(
      (viewer) => mesh.seenBy(viewer, view as 'tasks') as UntypedRow[],
    );
    const texts = rows.filter((row) => row['tenantId'] === undefined || row['tenantId'] === tenantId).map(textOf);
    found.push(...sorted(texts).map((text) => `${view} ${text}`));
  }
  return found;
}

const limbViews = ['self', 'offers', 'leases', 'lease_inputs'];

/** The numbers of a tenant's rows, table by table. */
export function numbersOf({ mesh }: Sides, { tenantId }: Side): Map<string, bigint[]> {
  const found = new Map<string, bigint[]>();
  for (const { name } of mesh.database.def.tables) {
    const rows = mesh.rows(name as 'task') as { readonly id?: unknown; readonly tenantId?: bigint }[];
    const ids = rows.flatMap((row) => (row.tenantId === tenantId && typeof row.id === 'bigint' ? [row.id] : []));
    found.set(
      name,
      ids.sort((a, b) => (a < b ? -1 : 1)),
    );
  }
  return found;
}

export function textOf(row: UntypedRow): string {
  return JSON.stringify(row, (key, value) => {
    if (key === 'connection' || key === '__connection_id__') return value ? 'connected' : 'none';
    return typeof value === 'bigint' ? `${value}` : value;
  });
}

/** Texts in an order in which numbers are numbers. */
export function sorted(texts: readonly string[]): string[] {
  return [...texts].sort((a, b) => (padded(a) < padded(b) ? -1 : 1));
}

function padded(text: string): string {
  return text.replaceAll(/\d+/g, (digits) => digits.padStart(20, '0'));
}
