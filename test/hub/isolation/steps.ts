import fc from 'fast-check';
import type { RoleTag } from '../../../hub/schema.ts';
import { announce, inviteTo, summary, task, terms, told } from '../mesh.ts';
import { step } from '../step.ts';
import { skills, type World } from './people.ts';

// Numbers choose among what there is, modulo how many there are; much of what is tried is not allowed.
const number = fc.nat({ max: 1000 });
const attempt = fc.integer({ min: 1, max: 3 });
const pick = <T>(list: readonly T[], at: number): T => list[at % list.length] as T;
const pickTask = ({ mesh }: World, at: number) => BigInt((at % (mesh.rows('task').length + 1)) + 1);

const submitting = step<World, readonly [number, number, string, number | undefined, number]>(
  'submit',
  fc.tuple(number, number, fc.constantFrom(...skills), fc.option(number, { nil: undefined }), number),
  (world, [who, tenant, skill, target, key]) => {
    const tenantId = pick(world.tenants, tenant);
    const aim = target === undefined ? {} : { terms: terms({ target: pick(world.limbs, target).identity }) };
    const args = { tenantId, skill, title: `of ${tenantId}`, input: `"of ${tenantId}"`, reference: `r${key}`, ...aim };
    pick([...world.people, ...world.limbs], who).client.call('submitTask', task(args));
  },
);

const claiming = step<World, readonly [number, number]>('claim', fc.tuple(number, number), (world, [who, id]) => {
  pick(world.limbs, who).client.call('claimTask', { taskId: pickTask(world, id) });
});

const reporting = step<World, readonly [number, number, number, 'progress' | 'stream' | 'done' | 'retry' | 'failed']>(
  'report',
  fc.tuple(number, number, attempt, fc.constantFrom('progress', 'stream', 'done', 'retry', 'failed')),
  (world, [who, id, at, how]) => {
    const { client } = pick(world.limbs, who);
    const report = { taskId: pickTask(world, id), attempt: at };
    if (how === 'progress') client.call('reportProgress', { ...report, ...told(`${id}`) });
    else if (how === 'stream') client.call('streamProgress', { ...report, ...told(`${id}`) });
    else if (how === 'done') client.call('completeTask', { ...report, summary: summary({ text: `${id}` }) });
    else client.call('failTask', { ...report, error: `${id}`, isRetryable: how === 'retry' });
  },
);

const following = step<World, readonly [number, number, number]>(
  'follow up',
  fc.tuple(number, number, number),
  (world, [who, id, key]) => {
    const { title, input } = task();
    const args = { follows: pickTask(world, id), title, input, reference: `f${key}` };
    pick([...world.people, ...world.limbs], who).client.call('followUp', args);
  },
);

const judging = step<World, readonly [number, number, 'Good' | 'Corrected']>(
  'judge',
  fc.tuple(number, number, fc.constantFrom('Good', 'Corrected')),
  (world, [who, id, tag]) => {
    const args = { taskId: pickTask(world, id), verdict: { tag }, text: `${id}` };
    pick([...world.people, ...world.limbs], who).client.call('giveFeedback', args);
  },
);

const remembering = step<World, readonly [number, number, number]>(
  'remember',
  fc.tuple(number, number, number),
  (world, [who, tenant, documentCount]) => {
    const facts = { documentCount, chunkCount: 1, byteCount: 1n, changedAt: undefined, engine: 'words' };
    pick(world.limbs, who).client.call('reportMemory', { tenantId: pick(world.tenants, tenant), ...facts });
  },
);

const tunnelling = step<World, readonly [number, number]>('tunnel', fc.tuple(number, number), (world, [who, count]) => {
  const tunnels = Array.from({ length: count % 3 }, (_, at) => ({
    name: `way-${at}`,
    kind: 'ssh',
    state: { tag: 'Up' as const },
    address: `https://hub.example.org:${count}`,
    lastError: '',
  }));
  pick(world.limbs, who).client.call('reportTunnels', { tunnels });
});

const emitting = step<World, readonly [number, number, number]>(
  'emit',
  fc.tuple(number, number, number),
  (world, [who, tenant, key]) => {
    const tenantId = pick(world.tenants, tenant);
    const event = { kind: 'order.paid', source: 'shop', subject: `of ${tenantId}`, payload: `"of ${tenantId}"` };
    const args = { tenantId, ...event, dedupeKey: `e${key}`, dedupeMs: 0 };
    pick([...world.people, ...world.limbs], who).client.call('emit', args);
  },
);

/** Rules of a tenant that make tasks and events of the events above. */
const ruling = step<World, readonly [number, number, number]>(
  'rule',
  fc.tuple(number, number, number),
  ({ people, tenants, mesh }, [who, tenant, turn]) => {
    const tenantId = pick(tenants, tenant);
    const { client } = pick(people, who);
    const text = `{ name: r, on: order.paid, then: [{ submit: { skill: reason } }, { emit: { kind: seen } }] }`;
    const known = mesh.rows('rule').find((rule) => rule.tenantId === tenantId);
    if (!known) client.call('saveRule', { tenantId, text });
    else if (turn % 4 === 0) client.call('deactivateRule', { ruleId: known.id });
    else client.call('activateRule', { ruleId: known.id, version: 0 });
  },
);

const notifying = step<World, readonly [number, number, boolean]>(
  'notify',
  fc.tuple(number, number, fc.boolean()),
  ({ people, tenants }, [who, tenant, isReading]) => {
    const tenantId = pick(tenants, tenant);
    const { client } = pick(people, who);
    if (isReading) client.call('readNotifications', { tenantId, all: true, ids: [] });
    else client.call('notifyMembers', { tenantId, level: { tag: 'Info' }, title: `of ${tenantId}`, text: '' });
  },
);

const cancelling = step<World, readonly [number, number]>('cancel', fc.tuple(number, number), (world, [who, id]) => {
  pick(world.people, who).client.call('cancelTask', { taskId: pickTask(world, id) });
});

const announcing = step<World, readonly [number, string[]]>(
  'announce',
  fc.tuple(number, fc.subarray([...skills])),
  (world, [who, some]) => announce(pick(world.limbs, who).client, { skills: some, capacity: 2 }),
);

const inviting = step<World, readonly [number, number, RoleTag, number]>(
  'invite',
  fc.tuple(number, number, fc.constantFrom('Owner', 'Operator', 'Viewer'), number),
  (world, [who, owner, role, tenant]) => {
    const invite = { tenantId: pick(world.tenants, tenant), owner: pick(world.people, owner).identity, role };
    const code = inviteTo(world.mesh, invite);
    // Some stay open.
    if (tenant % 3 === 0) return;
    pick([...world.people, ...world.limbs], who).client.call('redeemInvite', { code, name: 'somebody' });
  },
);

const founding = step<World, number>('found', number, ({ mesh, people, tenants }, who) => {
  pick(people, who).client.call('createTenant', { name: 'one more' });
  tenants.splice(0, tenants.length, ...mesh.rows('tenant').map(({ id }) => id));
});

const leaving = step<World, number>('leave', number, (world, who) => {
  pick([...world.limbs, ...world.people], who).leave();
});

const comingBack = step<World, number>('come back', number, (world, who) => {
  pick([...world.limbs, ...world.people], who).comeBack();
});

const recipeText = `name: dish
steps:
  - { id: work, skill: recall, input: "{{trigger.payload}}", onFailure: continue }
  - { id: ask, approve: "{{trigger.payload}}" }
  - { id: end, output: "{{trigger.payload}}" }`;

const saving = step<World, readonly [number, number]>('save', fc.tuple(number, number), (world, [who, tenant]) => {
  const tenantId = pick(world.tenants, tenant);
  const text = `${recipeText}\ndescription: of ${tenantId}`;
  pick(world.people, who).client.call('saveRecipe', { tenantId, text, notation: { tag: 'Yaml' } });
});

const cooking = step<World, readonly [number, number, number]>(
  'cook',
  fc.tuple(number, number, number),
  (world, [who, which, key]) => {
    const recipes = world.mesh.rows('recipe');
    const tenantId = recipes.length > 0 ? pick(recipes, which).tenantId : 0n;
    const args = { tenantId, recipe: 'dish', payload: `"of ${tenantId}"`, reference: `k${key}` };
    pick(world.people, who).client.call('startRecipe', args);
  },
);

const deciding = step<World, readonly [number, number, boolean]>(
  'decide',
  fc.tuple(number, number, fc.boolean()),
  (world, [who, which, isApproved]) => {
    const approvals = world.mesh.rows('approval');
    const approvalId = BigInt((which % (approvals.length + 1)) + 1);
    const { client } = pick([...world.people, ...world.limbs], who);
    client.call('decideApproval', { approvalId, isApproved, note: `${which}`, inputs: '' });
  },
);

const waiting = step<World, number>('wait', number, ({ mesh }, seconds) => mesh.advance(seconds * 100));

export const history = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: submitting },
    { weight: 4, arbitrary: claiming },
    { weight: 4, arbitrary: reporting },
    remembering,
    tunnelling,
    following,
    judging,
    { weight: 2, arbitrary: emitting },
    ruling,
    notifying,
    cancelling,
    announcing,
    inviting,
    founding,
    leaving,
    comingBack,
    waiting,
    saving,
    { weight: 2, arbitrary: cooking },
    deciding,
  ),
  { maxLength: 40, size: 'max' },
);
