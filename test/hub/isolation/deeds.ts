import { Timestamp } from 'spacetimedb';
import type { RoleTag, TaskTerms } from '../../../hub/schema.ts';
import { secret, standard } from '../../events/signed.ts';
import { announce, handleOf, sha256, summary, task, terms, told } from '../mesh.ts';
import { ownSkills, reconnect, rowsOf, type Side, type Sides, sharedSkill } from './sides.ts';

// What a tenant's people and limbs may do, each by two numbers that choose among what is the tenant's.

type Deed = (sides: Sides, side: Side, a: number, b: number) => unknown;

const pick = <T>(list: readonly T[], at: number): T => list[at % list.length] as T;
/** One of the rows, or a number that none has. */
const idAmong = (rows: readonly { readonly id: bigint }[], at: number) => rows[at % (rows.length + 1)]?.id ?? 0n;
const person = ({ owner, operator, viewer, both }: Side, at: number) =>
  pick([owner, owner, operator, both, operator, viewer], at);
const limbOf = ({ shared }: Sides, { own }: Side, at: number) => (at % 2 === 0 ? own : shared);

const scopes = ['Tenant', 'Member', 'Tree'] as const;
const units = ['Tokens', 'Micros', 'Seconds'] as const;
const periods = ['Day', 'Month', 'Total'] as const;

const ruleTexts = [
  'name: work\non: k1\nthen: [{ submit: { skill: fill, title: "for {{event.subject}}" } }, { notify: { title: seen } }]',
  'name: echo\non: k1\nthen: { emit: { kind: k2 } }',
  'name: many\non: k2\nby: subject\ncount: { atLeast: 2, within: 10s }\nthen: { notify: { title: "{{key}}" } }',
  'name: unseen\non: k1\nabsence: { of: { on: k2 }, within: 5s }\nthen: { emit: { kind: k3 } }',
  'name: failed\non: task.failed\nthen: [{ notify: { title: failed } }, { emit: { kind: k2 } }]',
  'name: begin\non: k3\ncooldown: 4s\nthen: { recipe: { name: dish } }',
  'name: rest\non: "*"\ndebounce: 3s\nthrottle: { most: 2, within: 1m }\nthen: { notify: { title: quiet } }',
];

const recipeTexts = [
  'name: dish\nsteps:\n  - { id: a, skill: reason, compensate: { skill: fill } }\n  - { id: b, skill: recall, onFailure: continue }\n  - { id: c, approve: "well?", timeout: 20s }\n  - { id: d, output: x }',
  'name: dish\nsteps:\n  - { id: a, map: 3, limit: 2, steps: [{ id: b, skill: recall }] }\n  - { id: w, wait: 4s }',
  'name: menu\nsteps:\n  - { id: a, recipe: dish }\n  - { id: e, wait: { event: k2 }, timeout: 30s }\n  - { id: f, skill: fill }',
];

export const deeds: Readonly<Record<string, Deed>> = {
  submit: (sides, side, a, b) => {
    const { mesh, shared } = sides;
    const given: Partial<TaskTerms>[] = [
      {},
      { priority: a % 10 },
      { concurrencyKey: `key ${a % 2}`, concurrencyMax: 1 + (a % 2) },
      { dedupeKey: `dedupe ${a % 2}` },
      { labels: [pick(['eu', 'gpu'], a)] },
      { runAfter: after(mesh.now.microsSinceUnixEpoch, a % 9) },
      { deadline: after(mesh.now.microsSinceUnixEpoch, 1 + (a % 9)) },
      { attemptsMax: 1 },
      { needs: { tokens: BigInt(a % 40), micros: 0n, seconds: 0n } },
      { treeBudget: { tokens: 20n, micros: 0n, seconds: 9n } },
      { target: pick([side.own, shared], a).identity },
      { parent: idAmong(rowsOf(sides, side, 'task'), a) },
    ];
    const skill = pick([...ownSkills, sharedSkill, sharedSkill], a);
    const own = { tenantId: side.tenantId, skill, reference: `r${a}`, terms: terms(pick(given, b)) };
    mesh.call(person(side, a), 'submitTask', task(own));
  },
  claim: (sides, side, a, b) => {
    const limb = limbOf(sides, side, b);
    const offers = rowsOf(sides, side, 'offer').filter((offer) => offer.limb.isEqual(limb.identity));
    limb.call('claimTask', { taskId: offers[a % Math.max(1, offers.length)]?.taskId ?? 0n });
  },
  report: (sides, side, a, b) => {
    const limb = limbOf(sides, side, b);
    const leases = rowsOf(sides, side, 'lease').filter((lease) => lease.limb.isEqual(limb.identity));
    const { taskId = 0n, attempt = 1 } = leases[a % Math.max(1, leases.length)] ?? {};
    const report = { taskId, attempt };
    const costs = { tokensIn: a % 9, costMicros: BigInt(b % 7), engine: pick(['one', 'two'], a) };
    const amounts = { tokens: BigInt(a % 30), micros: BigInt(b % 3), seconds: 1n };
    switch (b % 8) {
      case 0:
        return limb.call('reportProgress', { ...report, ...told(`line ${a}`) });
      case 1:
        return limb.call('failTask', { ...report, error: 'no', isRetryable: false });
      case 2:
        return limb.call('reserveBudget', { ...report, number: a % 3, ...amounts, hasCheaper: true });
      case 3:
        return limb.call('settleBudget', { ...report, number: a % 3, tokens: 1n, micros: 0n, seconds: 0n });
      default:
        return limb.call('completeTask', { ...report, summary: summary(costs) });
    }
  },
  'end tasks': (sides, side, a, b) => {
    const { mesh } = sides;
    const taskId = idAmong(rowsOf(sides, side, 'task'), a);
    if (b % 3 === 0) mesh.call(person(side, a), 'cancelTask', { taskId });
    else if (b % 3 === 1) mesh.call(person(side, a), 'redriveTask', { taskId });
    else mesh.call(person(side, a), 'redriveAll', { tenantId: side.tenantId });
  },
  converse: (sides, side, a, b) => {
    const done = rowsOf(sides, side, 'task').filter(({ state }) => state.tag === 'Done');
    const { id = 0n } = done[a % Math.max(1, done.length)] ?? {};
    const { title, input } = task();
    if (b % 2 === 0)
      sides.mesh.call(person(side, a), 'followUp', { follows: id, title, input, reference: `f${a}`, terms: undefined });
    else
      sides.mesh.call(person(side, a), 'giveFeedback', {
        taskId: id,
        verdict: pick([{ tag: 'Good' as const }, { tag: 'Corrected' as const }, undefined], b),
        text: `words ${a}`,
      });
  },
  budget: (sides, side, a, b) => {
    const { mesh } = sides;
    const { tenantId } = side;
    if (b % 7 === 6) {
      mesh.call(person(side, a), 'setExhaustion', { tenantId, onExhausted: { tag: pick(['Reject', 'Downgrade'], b) } });
      return;
    }
    const scope = pick(scopes, a);
    const [first] = rowsOf(sides, side, 'task');
    const subject = { Tenant: '', Member: side.operator.toHexString(), Tree: `${first?.id ?? 0n}` }[scope];
    const bound = b % 5 === 4 ? undefined : BigInt((b % 5) * 15);
    const tags = { scope: { tag: scope }, unit: { tag: pick(units, b) }, period: { tag: pick(periods, a) } };
    mesh.call(side.owner, 'setBudget', { tenantId, subject, ...tags, bound });
  },
  emit: ({ mesh }, side, a, b) => {
    const event = { kind: pick(['k1', 'k2', 'k3'], a), source: 's', subject: `subject ${b % 2}`, payload: `${b}` };
    const key = b % 3 === 0 ? { dedupeKey: `d${a % 2}`, dedupeMs: 5000 } : { dedupeKey: '', dedupeMs: 0 };
    mesh.call(person(side, a), 'emit', { tenantId: side.tenantId, ...event, ...key });
  },
  rule: (sides, side, a, b) => {
    const { mesh } = sides;
    const ruleId = idAmong(rowsOf(sides, side, 'rule'), a);
    const who = person(side, b);
    if (b % 8 < 3) mesh.call(who, 'saveRule', { tenantId: side.tenantId, text: pick(ruleTexts, a) });
    else if (b % 8 === 3) mesh.call(who, 'deactivateRule', { ruleId });
    else if (b % 16 === 4) mesh.call(who, 'deleteRule', { ruleId });
    else mesh.call(who, 'activateRule', { ruleId, version: 0 });
  },
  recipe: (sides, side, a, b) => {
    const { mesh } = sides;
    const { tenantId } = side;
    const who = person(side, a);
    const recipe = pick(['dish', 'menu'], b);
    if (b % 5 < 2) mesh.call(who, 'saveRecipe', { tenantId, text: pick(recipeTexts, a), notation: { tag: 'Yaml' } });
    else if (b % 15 === 4) mesh.call(who, 'deleteRecipe', { tenantId, name: recipe });
    else mesh.call(who, 'startRecipe', { tenantId, recipe, payload: `${a}`, reference: `run ${a}` });
  },
  run: (sides, side, a, b) => {
    const { mesh } = sides;
    const runs = rowsOf(sides, side, 'run');
    const runId = idAmong(runs, a);
    const who = person(side, b);
    const steps = rowsOf(sides, side, 'step').filter((row) => row.runId === runId);
    switch (b % 6) {
      case 0:
        return mesh.call(who, 'pauseRun', { runId });
      case 1:
        return mesh.call(who, 'resumeRun', { runId });
      case 2:
        return mesh.call(who, 'cancelRun', { runId });
      case 3:
        return mesh.call(who, 'retryRun', { runId, stepId: idAmong(steps, b), input: '' });
      default: {
        const approvalId = idAmong(rowsOf(sides, side, 'approval'), a);
        return mesh.call(who, 'decideApproval', { approvalId, isApproved: a % 2 === 0, note: '', inputs: '' });
      }
    }
  },
  schedule: (sides, side, a, b) => {
    const { mesh } = sides;
    const { tenantId } = side;
    const scheduleId = idAmong(rowsOf(sides, side, 'schedule'), a);
    const who = person(side, b);
    const everyMs = { tag: 'EveryMs', value: BigInt(1000 * (1 + (a % 5))) } as const;
    const cron = { tag: 'Cron', value: { pattern: '* * * * *', timeZone: '' } } as const;
    const event = { name: `schedule ${a % 3}`, kind: pick(['k1', 'k2'], a), subject: '', payload: '{}' };
    if (b % 4 < 2) mesh.call(who, 'createSchedule', { tenantId, timing: pick([everyMs, cron], b), ...event });
    else if (b % 4 === 2) mesh.call(who, 'pauseSchedule', { scheduleId, isPaused: a % 2 === 0 });
    else mesh.call(who, 'deleteSchedule', { scheduleId });
  },
  hook: async (sides, side, a, b) => {
    const { mesh } = sides;
    const { tenantId } = side;
    const hookId = idAmong(rowsOf(sides, side, 'hook'), a);
    const hook = { name: `hook ${a % 2}`, kind: 'k1', style: { tag: 'Standard' }, secret } as const;
    if (b % 4 === 0) mesh.call(side.owner, 'createHook', { tenantId, ...hook });
    else if (b % 8 === 1) mesh.call(side.owner, 'deleteHook', { hookId });
    else if (b % 8 === 5) mesh.call(side.owner, 'rotateHook', { hookId, secret });
    else {
      const delivery = standard('{}', { id: `msg ${a}`, atMs: mesh.now.toDate().getTime() });
      const answer = await mesh.fetch(`/hooks?id=${hookId}`, delivery);
      return `${answer.status} ${await answer.text()}`;
    }
  },
  members: (sides, side, a, b) => {
    const { mesh } = sides;
    const { tenantId, operator, owner, both } = side;
    const guest = mesh.identity(`guest ${a % 2} of ${tenantId}`);
    const role = { tag: pick(['Owner', 'Operator', 'Viewer'] as const, a) };
    switch (b % 8) {
      case 0:
      case 1: {
        const code = invite(sides, side, 'Member', role);
        if (b % 8 === 0) mesh.call(guest, 'redeemInvite', { code, name: 'guest' });
        return;
      }
      case 2: {
        const [open] = rowsOf(sides, side, 'invite');
        return mesh.call(owner, 'withdrawInvite', { tenantId, handle: open?.handle ?? '' });
      }
      case 3:
        return mesh.call(owner, 'setRole', { tenantId, identity: operator, role });
      case 4:
        return mesh.call(owner, 'removeMember', { tenantId, identity: guest });
      case 5:
        return mesh.call(guest, 'leaveTenant', { tenantId });
      case 6:
        return mesh.call(both, 'setRole', { tenantId, identity: guest, role });
      default: {
        const code = invite(sides, side, 'Member', { tag: 'Operator' });
        return mesh.call(operator, 'redeemInvite', { code, name: 'back' });
      }
    }
  },
  limb: (sides, side, a, b) => {
    const { mesh } = sides;
    const { tenantId, owner } = side;
    const client = limbOf(sides, side, a);
    const limb = client.identity;
    switch (b % 8) {
      case 0:
      case 1: {
        const allowedSkills = pick([[], ['fill'], ['recall', 'reason']], a);
        const labels = pick([[], ['eu'], ['eu', 'gpu']], b + a);
        return mesh.call(owner, 'setLimb', { tenantId, limb, labels, allowedSkills, capacityMax: a % 3 });
      }
      case 2:
        return mesh.call(owner, 'drainLimb', { tenantId, limb, isDraining: a % 4 < 2 });
      case 3:
        return mesh.call(owner, 'revokeLimb', { tenantId, limb });
      case 4:
      case 5:
        return mesh.call(limb, 'redeemInvite', { code: invite(sides, side, 'Limb'), name: 'limb' });
      default: {
        const facts = { documentCount: a, chunkCount: b, byteCount: 1n, changedAt: undefined, engine: 'words' };
        return client.call('reportMemory', { tenantId, ...facts });
      }
    }
  },
  'own limb': (sides, side, a, b) => {
    const { mesh } = sides;
    const how = { capacity: 1 + (a % 3), skills: pick([ownSkills, ['reason'], []], a), session: `run ${b % 2}` };
    switch (b % 5) {
      case 0:
        return side.own.disconnect();
      case 1:
        side.silentFor = 3 + (a % 6);
        return;
      case 2:
        return side.own.call('reportTunnels', { tunnels: tunnels(a) });
      default:
        side.own.disconnect();
        side.own = mesh.connect(side.own.identity);
        return announce(side.own, how);
    }
  },
  tell: ({ mesh }, side, a, b) => {
    const { tenantId } = side;
    if (b % 2 === 0) mesh.call(person(side, a), 'readNotifications', { tenantId, all: a % 2 === 0, ids: [BigInt(a)] });
    else mesh.call(person(side, a), 'notifyMembers', { tenantId, level: { tag: 'Info' }, title: `t ${a}`, text: '' });
  },
  keep: ({ mesh }, side, a, b) => {
    const { tenantId, owner } = side;
    switch (b % 5) {
      case 0:
        return mesh.call(owner, 'setRetention', { tenantId, keepDays: 1 + (a % 3) });
      case 1:
        return mesh.call(owner, 'setEventRetention', {
          ...{ tenantId, eventsMax: 1 + (a % 4), eventBytesMax: 0n, eventDays: a % 3 },
        });
      case 2: {
        const quotas = { unfinishedTasksMax: a % 12, rowsMax: BigInt(a % 60), bytesMax: 0n };
        return mesh.call(owner, 'setQuotas', { tenantId, ...quotas });
      }
      default:
        return mesh.call(owner, 'setTimeZone', { tenantId, timeZone: pick(['Europe/Berlin', ''], a) });
    }
  },
  /** Of what is not this tenant's. */
  trespass: (sides, side, a, b) => {
    const { mesh, one, other } = sides;
    const them = side === one ? other : one;
    const task = idAmong(rowsOf(sides, them, 'task'), a);
    const { tenantId } = them;
    const limb = sides.shared.identity;
    switch (b % 8) {
      case 0:
        return mesh.call(side.owner, 'cancelTask', { taskId: task });
      case 1:
        return mesh.call(side.owner, 'revokeLimb', { tenantId, limb });
      case 2:
        return mesh.call(side.owner, 'deactivateRule', { ruleId: idAmong(rowsOf(sides, them, 'rule'), a) });
      case 3:
        return mesh.call(side.owner, 'cancelRun', { runId: idAmong(rowsOf(sides, them, 'run'), a) });
      case 4:
        return side.own.call('claimTask', { taskId: task });
      case 5:
        return mesh.call(side.operator, 'submitTask', { ...taskUnder(side.tenantId, task), reference: `t${a}` });
      case 6:
        return mesh.call(side.both, 'createTenant', { name: `tenant ${a}` });
      default:
        return mesh.call(side.owner, 'deleteSchedule', { scheduleId: idAmong(rowsOf(sides, them, 'schedule'), a) });
    }
  },
};

/** What passes over both of them. */
export const doings: Readonly<Record<string, (sides: Sides, a: number) => unknown>> = {
  wait: (sides, a) => wait(sides, 1 + (a % 12)),
  days: (sides, a) => {
    sides.mesh.jump(86_400_000 * (1 + (a % 3)));
    wait(sides, 62);
  },
  'shared limb': (sides, a) => {
    if (a % 3 === 0) sides.shared.disconnect();
    else if (a % 3 === 1) reconnect(sides, `run ${a % 4}`);
    else sides.shared.call('reportTunnels', { tunnels: tunnels(a) });
  },
};

function wait(sides: Sides, seconds: number): void {
  for (let second = 0; second < seconds; second++) {
    const { mesh, one, other, shared } = sides;
    mesh.advance(1000);
    const awake = [one.silentFor > 0 ? undefined : one.own, other.silentFor > 0 ? undefined : other.own, shared];
    const held = [...mesh.rows('lease'), ...mesh.rows('offer')];
    for (const limb of awake) {
      if (limb?.isConnected && held.some((row) => row.limb.isEqual(limb.identity))) limb.call('pong');
    }
    // Only one of them at a time, because what is random follows from the moment.
    if (other.silentFor > 0) other.silentFor -= 1;
    else if (one.silentFor > 0) one.silentFor -= 1;
  }
}

function taskUnder(tenantId: bigint, parent: bigint) {
  return task({ tenantId, terms: terms({ parent }) });
}

function after(micros: bigint, seconds: number): NonNullable<TaskTerms['deadline']> {
  return new Timestamp(micros + BigInt(seconds) * 1_000_000n);
}

function tunnels(count: number) {
  return Array.from({ length: count % 3 }, (_, at) => {
    const state = { tag: 'Up' as const };
    return { name: `way ${at}`, kind: 'ssh', state, address: `https://hub.example.org:${count}`, lastError: '' };
  });
}

/** Codes are their makers': the same ones whoever else makes some. */
function invite(sides: Sides, side: Side, kind: 'Member' | 'Limb', role = { tag: 'Operator' as RoleTag }): string {
  side.codes += 1;
  const code = `of${side.tenantId}n${side.codes}-secret`;
  sides.mesh.call(side.owner, 'createInvite', {
    ...{
      tenantId: side.tenantId,
      kind: { tag: kind },
      role,
      handle: handleOf(code),
      codeHash: sha256(code),
      lifeMs: 0,
    },
  });
  return code;
}
