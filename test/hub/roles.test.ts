import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CallError, type Mark } from '../../engine/testing/index.ts';
import {
  announce,
  handleOf,
  inviteTo,
  joinLimb,
  joinMember,
  type Mesh,
  type MeshClient,
  type MeshModule,
  newTenant,
  sha256,
  startMesh,
  submit,
  summary,
  task,
  terms,
  told,
} from './mesh.ts';
import { save, start } from './recipes/kitchen.ts';

/** Everybody there is, as seen from the tenant that all the calls are about. */
const everybody = [
  'owner',
  'operator',
  'viewer',
  'limb',
  'owner of another tenant',
  'operator of another tenant',
  'limb of another tenant',
  'stranger',
] as const;
type Who = (typeof everybody)[number];

/** `ok`: something happens. `nothing`: no error, and nothing happens. Otherwise the code of the rejection. */
type Outcome = 'ok' | 'nothing' | (string & {});

interface Rule {
  readonly call: (client: MeshClient) => void;
  readonly outcomes: Record<Who, Outcome>;
}

const hookSecret = `whsec_${'s'.repeat(32)}`;
const amounts = { tokens: 1n, micros: 1n, seconds: 1n };

let mesh: Mesh;
let mark: Mark<MeshModule>;
let queued: bigint;
let claimed: bigint;
let dead: bigint;
let answered: bigint;
let code: string;
let idle: bigint;
let active: bigint;
let runs: { readonly asking: bigint; readonly paused: bigint; readonly ended: bigint };
const clients = new Map<Who, MeshClient>();

beforeAll(async () => {
  mesh = await startMesh({ callMsMax: Number.POSITIVE_INFINITY });
  const other = newTenant(mesh, 'other');
  const connect = (who: Who, identity = mesh.identity(who)) => clients.set(who, mesh.connect(identity));
  connect('owner', joinMember(mesh, 'owner', { role: 'Owner' }));
  // The last one could not leave.
  joinMember(mesh, 'second owner', { role: 'Owner' });
  connect('operator', joinMember(mesh, 'operator', { role: 'Operator' }));
  connect('viewer', joinMember(mesh, 'viewer', { role: 'Viewer' }));
  connect('owner of another tenant', other.owner);
  connect('operator of another tenant', joinMember(mesh, 'operator of another tenant', other));
  connect('stranger');
  const limb = joinLimb(mesh, 'limb', { capacity: 2 });
  clients.set('limb', limb);
  clients.set('limb of another tenant', joinLimb(mesh, 'limb of another tenant', other));
  queued = submit(mesh);
  claimed = submit(mesh);
  limb.call('claimTask', { taskId: claimed });
  limb.call('reserveBudget', { taskId: claimed, attempt: 1, number: 1, ...amounts, hasCheaper: false });
  dead = submit(mesh, { skill: 'fail', terms: terms({ attemptsMax: 1 }) });
  announce(limb, { skills: ['fail', 'reason'], capacity: 3 });
  limb.call('claimTask', { taskId: dead });
  limb.call('failTask', { taskId: dead, attempt: 1, error: 'no', isRetryable: true });
  answered = submit(mesh, { skill: 'fail' });
  limb.call('claimTask', { taskId: answered });
  limb.call('completeTask', { taskId: answered, attempt: 1, summary: summary() });
  code = inviteTo(mesh, { role: 'Viewer' });
  save(mesh, 'name: dish\nsteps: [{ id: ask, approve: Now? }]');
  save(mesh, 'name: unused\nsteps: [{ id: end, output: 1 }]');
  runs = { asking: start(mesh, 'dish'), paused: start(mesh, 'dish'), ended: start(mesh, 'dish') };
  mesh.call(mesh.owner, 'pauseRun', { runId: runs.paused });
  mesh.call(mesh.owner, 'cancelRun', { runId: runs.ended });
  const timing = { tag: 'EveryMs', value: 3_600_000n } as const;
  const event = { kind: 'tick', subject: '', payload: '{}' };
  mesh.call(mesh.owner, 'createSchedule', { tenantId: 1n, name: 'hourly', timing, ...event });
  const style = { tag: 'Standard' } as const;
  mesh.call(mesh.owner, 'createHook', { tenantId: 1n, name: 'shop', kind: 'order.paid', style, secret: hookSecret });
  for (const name of ['idle', 'active']) mesh.call(mesh.owner, 'saveRule', { tenantId: 1n, text: ruleText(name) });
  [idle = 0n, active = 0n] = mesh.rows('rule').map(({ id }) => id);
  mesh.call(mesh.owner, 'activateRule', { ruleId: active, version: 0 });
  mark = await mesh.snapshot();
});

beforeEach(async () => {
  await mesh.rewind(mark);
});

const ofOtherTenants = (outcome: Outcome) => ({
  'owner of another tenant': outcome,
  'operator of another tenant': outcome,
  'limb of another tenant': outcome,
  stranger: outcome,
});

const forMembers = (owner: Outcome, operator: Outcome, viewer: Outcome, others: Outcome): Record<Who, Outcome> => ({
  owner,
  operator,
  viewer,
  limb: others,
  ...ofOtherTenants(others),
});

const tunnel = { name: 'home', kind: 'ssh', state: { tag: 'Up' as const }, address: '', lastError: '' };

const forLimbs = (limb: Outcome, foreignLimb: Outcome): Record<Who, Outcome> => ({
  ...forMembers('not-a-limb', 'not-a-limb', 'not-a-limb', 'not-a-limb'),
  limb,
  'limb of another tenant': foreignLimb,
});

const rules: Record<string, Rule> = {
  activate_rule: {
    call: (client) => client.call('activateRule', { ruleId: idle, version: 0 }),
    outcomes: forMembers('ok', 'ok', 'forbidden', 'no-such-rule'),
  },
  announce_limb: {
    call: (client) => announce(client, { skills: ['recall'] }),
    outcomes: forLimbs('ok', 'ok'),
  },
  cancel_task: {
    call: (client) => client.call('cancelTask', { taskId: queued }),
    outcomes: forMembers('ok', 'ok', 'forbidden', 'no-such-task'),
  },
  claim_task: {
    call: (client) => client.call('claimTask', { taskId: queued }),
    outcomes: forLimbs('ok', 'nothing'),
  },
  complete_task: {
    call: (client) => client.call('completeTask', { taskId: claimed, attempt: 1, summary: summary() }),
    outcomes: forLimbs('ok', 'stale-attempt'),
  },
  create_hook: {
    call: (client) =>
      client.call('createHook', {
        tenantId: 1n,
        name: 'another',
        kind: 'push',
        style: { tag: 'GitHub' },
        secret: hookSecret,
      }),
    outcomes: forMembers('ok', 'forbidden', 'forbidden', 'no-such-tenant'),
  },
  create_invite: {
    call: (client) =>
      client.call('createInvite', {
        tenantId: 1n,
        kind: { tag: 'Member' },
        role: { tag: 'Owner' },
        handle: 'another',
        codeHash: sha256('another'),
        lifeMs: 0,
      }),
    outcomes: forMembers('ok', 'forbidden', 'forbidden', 'no-such-tenant'),
  },
  create_schedule: {
    call: (client) =>
      client.call('createSchedule', {
        tenantId: 1n,
        name: 'another',
        timing: { tag: 'EveryMs', value: 60_000n },
        kind: 'tick',
        subject: '',
        payload: '{}',
      }),
    outcomes: forMembers('ok', 'ok', 'forbidden', 'no-such-tenant'),
  },
  create_tenant: {
    call: (client) => client.call('createTenant', { name: 'a third' }),
    outcomes: { ...forMembers('ok', 'forbidden', 'forbidden', 'forbidden'), 'owner of another tenant': 'ok' },
  },
  delete_hook: {
    call: (client) => client.call('deleteHook', { hookId: 1n }),
    outcomes: forMembers('ok', 'forbidden', 'forbidden', 'no-such-hook'),
  },
  delete_schedule: {
    call: (client) => client.call('deleteSchedule', { scheduleId: 1n }),
    outcomes: forMembers('ok', 'ok', 'forbidden', 'no-such-schedule'),
  },
  pause_schedule: {
    call: (client) => client.call('pauseSchedule', { scheduleId: 1n, isPaused: true }),
    outcomes: forMembers('ok', 'ok', 'forbidden', 'no-such-schedule'),
  },
  deactivate_rule: {
    call: (client) => client.call('deactivateRule', { ruleId: active }),
    outcomes: forMembers('ok', 'ok', 'forbidden', 'no-such-rule'),
  },
  delete_rule: {
    call: (client) => client.call('deleteRule', { ruleId: active }),
    outcomes: forMembers('ok', 'ok', 'forbidden', 'no-such-rule'),
  },
  save_rule: {
    call: (client) => client.call('saveRule', { tenantId: 1n, text: ruleText('another') }),
    outcomes: forMembers('ok', 'ok', 'forbidden', 'no-such-tenant'),
  },
  drain_limb: {
    call: (client) => client.call('drainLimb', { tenantId: 1n, limb: mesh.identity('limb'), isDraining: true }),
    outcomes: forMembers('ok', 'forbidden', 'forbidden', 'no-such-tenant'),
  },
  emit: {
    call: (client) =>
      client.call('emit', {
        tenantId: 1n,
        kind: 'order.paid',
        source: 'shop',
        subject: '',
        payload: '{}',
        dedupeKey: '',
        dedupeMs: 0,
      }),
    outcomes: forMembers('ok', 'ok', 'forbidden', 'no-such-tenant'),
  },
  fail_task: {
    call: (client) => client.call('failTask', { taskId: claimed, attempt: 1, error: 'no', isRetryable: true }),
    outcomes: forLimbs('ok', 'stale-attempt'),
  },
  leave_tenant: {
    call: (client) => client.call('leaveTenant', { tenantId: 1n }),
    outcomes: forMembers('ok', 'ok', 'ok', 'no-such-tenant'),
  },
  notify_members: {
    call: (client) => client.call('notifyMembers', { tenantId: 1n, level: { tag: 'Info' }, title: 'Look', text: '' }),
    outcomes: forMembers('ok', 'ok', 'forbidden', 'no-such-tenant'),
  },
  read_notifications: {
    call: (client) => client.call('readNotifications', { tenantId: 1n, all: true, ids: [] }),
    outcomes: forMembers('ok', 'ok', 'ok', 'no-such-tenant'),
  },
  remove_member: {
    call: (client) => client.call('removeMember', { tenantId: 1n, identity: mesh.identity('viewer') }),
    outcomes: forMembers('ok', 'forbidden', 'forbidden', 'no-such-tenant'),
  },
  reserve_budget: {
    call: (client) =>
      client.call('reserveBudget', { taskId: claimed, attempt: 1, number: 2, ...amounts, hasCheaper: false }),
    outcomes: forLimbs('ok', 'stale-attempt'),
  },
  revoke_limb: {
    call: (client) => client.call('revokeLimb', { tenantId: 1n, limb: mesh.identity('limb') }),
    outcomes: forMembers('ok', 'forbidden', 'forbidden', 'no-such-tenant'),
  },
  rotate_hook: {
    call: (client) => client.call('rotateHook', { hookId: 1n, secret: hookSecret }),
    outcomes: forMembers('ok', 'forbidden', 'forbidden', 'no-such-hook'),
  },
  set_budget: {
    call: (client) =>
      client.call('setBudget', {
        tenantId: 1n,
        scope: { tag: 'Tenant' },
        subject: '',
        unit: { tag: 'Micros' },
        period: { tag: 'Day' },
        bound: 1n,
      }),
    outcomes: forMembers('ok', 'forbidden', 'forbidden', 'no-such-tenant'),
  },
  set_event_retention: {
    call: (client) => client.call('setEventRetention', { tenantId: 1n, eventsMax: 5, eventBytesMax: 0n, eventDays: 0 }),
    outcomes: forMembers('ok', 'forbidden', 'forbidden', 'no-such-tenant'),
  },
  set_exhaustion: {
    call: (client) => client.call('setExhaustion', { tenantId: 1n, onExhausted: { tag: 'Downgrade' } }),
    outcomes: forMembers('ok', 'forbidden', 'forbidden', 'no-such-tenant'),
  },
  set_quotas: {
    call: (client) =>
      client.call('setQuotas', { tenantId: 1n, unfinishedTasksMax: 50, rowsMax: 1000n, bytesMax: 1_000_000n }),
    outcomes: forMembers('ok', 'forbidden', 'forbidden', 'no-such-tenant'),
  },
  set_retention: {
    call: (client) => client.call('setRetention', { tenantId: 1n, keepDays: 7 }),
    outcomes: forMembers('ok', 'forbidden', 'forbidden', 'no-such-tenant'),
  },
  set_time_zone: {
    call: (client) => client.call('setTimeZone', { tenantId: 1n, timeZone: 'Europe/Berlin' }),
    outcomes: forMembers('ok', 'forbidden', 'forbidden', 'no-such-tenant'),
  },
  set_limb: {
    call: (client) =>
      client.call('setLimb', {
        tenantId: 1n,
        limb: mesh.identity('limb'),
        labels: ['gpu'],
        allowedSkills: [],
        capacityMax: 0,
      }),
    outcomes: forMembers('ok', 'forbidden', 'forbidden', 'no-such-tenant'),
  },
  set_role: {
    call: (client) =>
      client.call('setRole', { tenantId: 1n, identity: mesh.identity('viewer'), role: { tag: 'Operator' } }),
    outcomes: forMembers('ok', 'forbidden', 'forbidden', 'no-such-tenant'),
  },
  settle_budget: {
    call: (client) => client.call('settleBudget', { taskId: claimed, attempt: 1, number: 1, ...amounts }),
    outcomes: forLimbs('ok', 'stale-attempt'),
  },
  redeem_invite: {
    // The code alone gives the right: a tenant's invite is for whoever it was told.
    call: (client) => client.call('redeemInvite', { code, name: 'somebody' }),
    outcomes: forMembers('ok', 'ok', 'ok', 'ok'),
  },
  withdraw_invite: {
    call: (client) => client.call('withdrawInvite', { tenantId: 1n, handle: handleOf(code) }),
    outcomes: forMembers('ok', 'forbidden', 'forbidden', 'no-such-tenant'),
  },
  report_memory: {
    call: (client) =>
      client.call('reportMemory', {
        tenantId: 1n,
        documentCount: 1,
        chunkCount: 1,
        byteCount: 1n,
        changedAt: undefined,
        engine: 'e',
      }),
    outcomes: forLimbs('ok', 'no-such-limb'),
  },
  report_tunnels: {
    call: (client) => client.call('reportTunnels', { tunnels: [{ ...tunnel }] }),
    outcomes: forLimbs('ok', 'ok'),
  },
  report_progress: {
    call: (client) => client.call('reportProgress', { taskId: claimed, attempt: 1, ...told('on it') }),
    outcomes: forLimbs('ok', 'stale-attempt'),
  },
  stream_progress: {
    call: (client) => client.call('streamProgress', { taskId: claimed, attempt: 1, ...told('on it') }),
    outcomes: forLimbs('ok', 'stale-attempt'),
  },
  pong: {
    call: (client) => client.call('pong'),
    outcomes: forLimbs('nothing', 'nothing'),
  },
  save_recipe: {
    call: (client) => {
      const text = 'name: another\nsteps: [{ id: end, output: 1 }]';
      client.call('saveRecipe', { tenantId: 1n, text, notation: { tag: 'Yaml' } });
    },
    outcomes: forMembers('ok', 'ok', 'forbidden', 'no-such-tenant'),
  },
  delete_recipe: {
    call: (client) => client.call('deleteRecipe', { tenantId: 1n, name: 'unused' }),
    outcomes: forMembers('ok', 'ok', 'forbidden', 'no-such-tenant'),
  },
  start_recipe: {
    call: (client) => client.call('startRecipe', { tenantId: 1n, recipe: 'dish', payload: '{}', reference: 'mine' }),
    outcomes: forMembers('ok', 'ok', 'forbidden', 'no-such-tenant'),
  },
  pause_run: {
    call: (client) => client.call('pauseRun', { runId: runs.asking }),
    outcomes: forMembers('ok', 'ok', 'forbidden', 'no-such-run'),
  },
  resume_run: {
    call: (client) => client.call('resumeRun', { runId: runs.paused }),
    outcomes: forMembers('ok', 'ok', 'forbidden', 'no-such-run'),
  },
  cancel_run: {
    call: (client) => client.call('cancelRun', { runId: runs.asking }),
    outcomes: forMembers('ok', 'ok', 'forbidden', 'no-such-run'),
  },
  retry_run: {
    call: (client) => client.call('retryRun', { runId: runs.ended, stepId: 0n, input: '' }),
    outcomes: forMembers('ok', 'ok', 'forbidden', 'no-such-run'),
  },
  decide_approval: {
    call: (client) => {
      const approvalId = mesh.rows('approval').find(({ runId }) => runId === runs.asking)?.id ?? 0n;
      client.call('decideApproval', { approvalId, isApproved: true, note: '', inputs: '' });
    },
    outcomes: forMembers('ok', 'ok', 'forbidden', 'no-such-approval'),
  },
  redrive_all: {
    call: (client) => client.call('redriveAll', { tenantId: 1n }),
    outcomes: forMembers('ok', 'ok', 'forbidden', 'no-such-tenant'),
  },
  redrive_task: {
    call: (client) => client.call('redriveTask', { taskId: dead }),
    outcomes: forMembers('ok', 'ok', 'forbidden', 'no-such-task'),
  },
  follow_up: {
    call: (client) => {
      const { title, input, reference } = task();
      client.call('followUp', { follows: answered, title, input, reference });
    },
    outcomes: forMembers('ok', 'ok', 'forbidden', 'no-such-task'),
  },
  give_feedback: {
    call: (client) => client.call('giveFeedback', { taskId: answered, verdict: { tag: 'Good' }, text: '' }),
    outcomes: forMembers('ok', 'ok', 'forbidden', 'no-such-task'),
  },
  submit_task: {
    call: (client) => client.call('submitTask', task()),
    outcomes: forMembers('ok', 'ok', 'forbidden', 'no-such-tenant'),
  },
};

describe('who may call what', () => {
  it('is written down here for every reducer that can be called', () => {
    const callable = mesh.database.def.reducers.filter(({ isCallable }) => isCallable);
    expect(Object.keys(rules).sort()).toEqual(callable.map(({ name }) => name).sort());
  });

  const cells = Object.entries(rules).flatMap(([reducer, { call, outcomes }]) =>
    everybody.map((who) => ({ reducer, who, call, expected: outcomes[who] })),
  );

  it.each(cells)('$reducer by the $who: $expected', ({ who, call, expected }) => {
    const client = clients.get(who);
    if (!client) throw new Error(`nobody is the ${who}`);
    const before = everything();
    expect(outcomeOf(() => call(client))).toBe(expected === 'nothing' ? 'ok' : expected);
    if (expected === 'ok') expect(everything()).not.toEqual(before);
    else expect(everything()).toEqual(before);
  });
});

function ruleText(name: string): string {
  return `name: ${name}\non: k\nthen: { notify: { title: t } }`;
}

function outcomeOf(act: () => void): Outcome {
  try {
    act();
    return 'ok';
  } catch (error) {
    if (!(error instanceof CallError) || error.kind !== 'rejected') throw error;
    return error.message.split(':', 1)[0] ?? '';
  }
}

/** Every row of every table. */
function everything(): unknown {
  return Object.fromEntries(
    mesh.database.def.tables.map(({ sourceName }) => [sourceName, mesh.rows(sourceName as 'task')]),
  );
}
