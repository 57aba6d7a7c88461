import { createHash } from 'node:crypto';
import type { Identity } from 'spacetimedb';
import {
  createTestHub,
  type TableRow,
  type TestClient,
  type TestHub,
  type TestHubOptions,
} from '../../engine/testing/index.ts';
import type { Piece, RoleTag, SummaryBody, TaskRow, TaskTerms } from '../../hub/schema.ts';

export type MeshModule = typeof import('../../hub/index.ts');
export type Mesh = TestHub<MeshModule>;
export type MeshClient = TestClient<MeshModule>;

/** The tenant that a hub is made with, owned by `mesh.owner`. */
export const localTenant = 1n;

const entry = new URL('../../hub/index.ts', import.meta.url);

/** The hub of the mesh in this process. Its pulse makes many calls, so none has a time limit of its own. */
export function startMesh(options?: TestHubOptions): Promise<Mesh> {
  return createTestHub<MeshModule>(entry, { callMsMax: Number.POSITIVE_INFINITY, ...options });
}

export function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

export function handleOf(code: string): string {
  return code.split('-', 1)[0] ?? '';
}

let lastCode = 0;

/** Opens an invite and returns its code. */
export function inviteTo(
  mesh: Mesh,
  { tenantId = localTenant, owner = mesh.owner, kind = 'Member', role = 'Operator', lifeMs = 0 }: InviteOptions = {},
): string {
  lastCode += 1;
  const code = `code${lastCode}-secret`;
  mesh.call(owner, 'createInvite', {
    tenantId,
    kind: { tag: kind },
    role: { tag: role },
    handle: handleOf(code),
    codeHash: sha256(code),
    lifeMs,
  });
  return code;
}

export interface InviteOptions {
  readonly tenantId?: bigint;
  readonly owner?: Identity;
  readonly kind?: 'Member' | 'Limb';
  readonly role?: RoleTag;
  readonly lifeMs?: number;
}

/** Makes somebody a member, by an invite. */
export function joinMember(mesh: Mesh, name: string, options: Omit<InviteOptions, 'kind'> = {}): Identity {
  const identity = mesh.identity(name);
  mesh.call(identity, 'redeemInvite', { code: inviteTo(mesh, { ...options, kind: 'Member' }), name });
  return identity;
}

export interface LimbOptions extends Omit<InviteOptions, 'kind' | 'role'> {
  readonly skills?: readonly string[];
  readonly capacity?: number;
  /** One run of its process. */
  readonly session?: string;
  readonly lacks?: string;
}

/** Makes somebody a limb by an invite, and connects and announces it. */
export function joinLimb(mesh: Mesh, name: string, options: LimbOptions = {}): MeshClient {
  const identity = mesh.identity(name);
  mesh.call(identity, 'redeemInvite', { code: inviteTo(mesh, { ...options, kind: 'Limb' }), name });
  const client = mesh.connect(identity);
  announce(client, options);
  return client;
}

export function announce(
  limb: MeshClient,
  { skills = ['reason'], capacity = 1, session = 'first run', lacks = '' }: LimbOptions = {},
): void {
  limb.call('announceLimb', {
    skills: [...skills],
    capacity,
    version: '1',
    sandbox: '',
    model: '',
    session,
    lacks,
  });
}

/** Another tenant, owned by somebody of its own. */
export function newTenant(mesh: Mesh, name: string): { readonly tenantId: bigint; readonly owner: Identity } {
  mesh.call(mesh.owner, 'createTenant', { name });
  const tenantId = mesh.rows('tenant').find((tenant) => tenant.name === name)?.id;
  if (tenantId === undefined) throw new Error(`the tenant ${name} is not there`);
  const owner = joinMember(mesh, `owner of ${name}`, { tenantId, role: 'Owner' });
  return { tenantId, owner };
}

type SubmitArgs = Parameters<MeshModule['submitTask']>[1];

export function task(changes: Partial<SubmitArgs> = {}): SubmitArgs {
  return { tenantId: localTenant, skill: 'reason', title: 'What?', input: '{}', reference: 'r1', ...changes };
}

/** What a limb reports that tells lines. */
export function told(...lines: readonly string[]): { pieces: Piece[] } {
  return { pieces: lines.map((text, part) => ({ part, start: 0, kind: { tag: 'Line' }, text })) };
}

let lastReference = 0;

/** Terms that ask for nothing but what is given. */
export function terms(changes: Partial<TaskTerms> = {}): TaskTerms {
  return {
    target: undefined,
    priority: 5,
    runAfter: undefined,
    deadline: undefined,
    attemptsMax: 0,
    dedupeKey: '',
    concurrencyKey: '',
    concurrencyMax: 0,
    labels: [],
    parent: undefined,
    needs: undefined,
    treeBudget: undefined,
    ...changes,
  };
}

/** Submits a task and returns its number. */
export function submit(mesh: Mesh, changes: Partial<SubmitArgs> = {}, submitter = mesh.owner): bigint {
  lastReference += 1;
  const args = task({ reference: `ref-${lastReference}`, ...changes });
  mesh.call(submitter, 'submitTask', args);
  const found = mesh.rows('task').find((row) => row.reference === args.reference && row.tenantId === args.tenantId);
  if (!found) throw new Error(`the task ${args.reference} is not there`);
  return found.id;
}

export function taskOf(mesh: Mesh, id: bigint): TableRow<MeshModule, 'task'> {
  const found = mesh.rows('task').find((row) => row.id === id);
  if (!found) throw new Error(`there is no task ${id}`);
  return found;
}

/** `state` and `attempt`, which is what most tests ask for. */
export function stateOf(mesh: Mesh, id: bigint): readonly [TaskRow['state']['tag'], number] {
  const { state, attempt } = taskOf(mesh, id);
  return [state.tag, attempt];
}

export function summary(changes: Partial<SummaryBody> = {}): SummaryBody {
  return {
    text: 'Because.',
    citations: [],
    engine: 'extractive',
    note: '',
    exitCode: undefined,
    artefacts: [],
    tokensIn: 0,
    tokensOut: 0,
    costMicros: 0n,
    durationMs: 1,
    timings: [],
    ...changes,
  };
}

/** Lets the longest pause before the next attempt of a task pass, while the limbs answer pings. */
export function waitOut(mesh: Mesh, failures: number, ...limbs: readonly MeshClient[]): void {
  for (let waitedMs = 0; waitedMs < 5000 * 2 ** (failures - 1) * 1.2; waitedMs += 1000) {
    mesh.advance(1000);
    for (const limb of limbs) limb.call('pong');
  }
}
