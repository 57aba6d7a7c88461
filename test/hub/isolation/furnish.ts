import type { Identity } from 'spacetimedb';
import { announce, inviteTo, type Mesh, type MeshClient, summary, task, terms, told } from '../mesh.ts';

const dayMs = 86_400_000;

export interface Home {
  readonly tenantId: bigint;
  readonly owner: Identity;
  readonly limb: MeshClient;
}

/** Makes something of every kind that members and limbs can see in each tenant. */
export function furnish(mesh: Mesh, homes: readonly Home[]): void {
  // What is old enough to be counted by the day.
  for (const home of homes) {
    const call = callsOf(mesh, home);
    mesh.call(home.owner, 'setRetention', { tenantId: home.tenantId, keepDays: 1 });
    const days = { eventsMax: 0, eventBytesMax: 0n, eventDays: 1 };
    mesh.call(home.owner, 'setEventRetention', { tenantId: home.tenantId, ...days });
    call.emit('old');
    mesh.call(home.owner, 'cancelTask', { taskId: call.submit('old', {}) });
  }
  mesh.jump(2 * dayMs);
  mesh.advance(61_000);
  for (const home of homes) fill(mesh, home);
}

function fill(mesh: Mesh, home: Home): void {
  const { tenantId, owner, limb } = home;
  const { emit, submit } = callsOf(mesh, home);
  announce(limb, { capacity: 2, skills: ['reason', 'fill'] });
  limb.call('reportMemory', {
    ...{ tenantId, documentCount: 1, chunkCount: 1, byteCount: 1n, changedAt: undefined, engine: `of ${tenantId}` },
  });
  const tunnel = { name: `way-${tenantId}`, kind: 'ssh', state: { tag: 'Up' as const }, address: '', lastError: '' };
  limb.call('reportTunnels', { tunnels: [tunnel] });
  inviteTo(mesh, { tenantId, owner });
  const tags = { scope: { tag: 'Tenant' }, unit: { tag: 'Micros' }, period: { tag: 'Day' } } as const;
  mesh.call(owner, 'setBudget', { tenantId, subject: '', ...tags, bound: 5n });
  const secret = `whsec_${'s'.repeat(32)}`;
  const style = { tag: 'Standard' } as const;
  mesh.call(owner, 'createHook', { tenantId, name: `hook of ${tenantId}`, kind: 'k', style, secret });
  const timing = { tag: 'EveryMs', value: 3_600_000n } as const;
  const tick = { kind: 'tick', subject: '', payload: '{}' };
  mesh.call(owner, 'createSchedule', { tenantId, name: `schedule of ${tenantId}`, timing, ...tick });

  const text = `name: of ${tenantId}\non: new\nthen: { notify: { title: "of ${tenantId}" } }`;
  mesh.call(owner, 'saveRule', { tenantId, text });
  const rule = mesh.rows('rule').find((row) => row.tenantId === tenantId);
  mesh.call(owner, 'activateRule', { ruleId: rule?.id ?? 0n, version: 0 });
  emit('new');
  mesh.call(owner, 'readNotifications', { tenantId, all: true, ids: [] });

  const recipe = `name: dish\nsteps: [{ id: a, output: "of ${tenantId}" }, { id: ask, approve: "of ${tenantId}" }]`;
  mesh.call(owner, 'saveRecipe', { tenantId, text: recipe, notation: { tag: 'Yaml' } });
  mesh.call(owner, 'startRecipe', { tenantId, recipe: 'dish', payload: '{}', reference: 'r' });

  const taskId = submit('done', {});
  limb.call('claimTask', { taskId });
  limb.call('reportProgress', { taskId, attempt: 1, ...told(`of ${tenantId}`) });
  limb.call('completeTask', { taskId, attempt: 1, summary: summary({ text: `of ${tenantId}` }) });
  mesh.call(owner, 'giveFeedback', { taskId, verdict: { tag: 'Good' }, text: `of ${tenantId}` });
  const follow = { title: 'And?', input: `"of ${tenantId}"`, terms: undefined, reference: 'f' };
  mesh.call(owner, 'followUp', { follows: taskId, ...follow });
  const [next] = mesh.rows('offer').filter((offer) => offer.limb.isEqual(limb.identity));
  limb.call('claimTask', { taskId: next?.taskId ?? 0n });
  submit('offered', {});
  submit('waits', { terms: terms({ labels: ['nobody'] }) });
}

function callsOf(mesh: Mesh, { tenantId, owner }: Home) {
  return {
    emit: (kind: string) => {
      const event = { kind, source: 's', subject: `of ${tenantId}`, payload: '{}', dedupeKey: '', dedupeMs: 0 };
      mesh.call(owner, 'emit', { tenantId, ...event });
    },
    submit: (reference: string, changes: Parameters<typeof task>[0]): bigint => {
      mesh.call(owner, 'submitTask', task({ tenantId, reference, input: `"of ${tenantId}"`, ...changes }));
      const found = mesh.rows('task').find((row) => row.tenantId === tenantId && row.reference === reference);
      return found?.id ?? 0n;
    },
  };
}
