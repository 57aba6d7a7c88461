import { beforeAll, describe, expect, it } from 'vitest';
import { joinLimb, joinMember, localTenant, type Mesh, type MeshClient, newTenant, startMesh } from './mesh.ts';
import { save, start } from './recipes/kitchen.ts';

/** Everybody there is, as seen from the tenant that all the calls are about. */
const everybody = ['owner', 'operator', 'viewer', 'limb', 'owner of another tenant', 'stranger'] as const;
type Who = (typeof everybody)[number];

interface Rule {
  readonly call: (client: MeshClient) => Promise<unknown>;
  /** `ok`: there is an answer. Otherwise the code of the rejection. */
  readonly outcomes: Record<Who, string>;
}

const ruleText = 'name: a\non: k\nthen: { notify: { title: t } }';
const recipeText = 'name: a\nsteps: [{ id: end, output: 1 }]';

let mesh: Mesh;
const clients = new Map<Who, MeshClient>();
/** Events of this tenant and of another one. */
let own: bigint;
let foreign: bigint;
let ended: bigint;

beforeAll(async () => {
  mesh = await startMesh();
  const other = newTenant(mesh, 'other');
  clients.set('owner', mesh.connect(joinMember(mesh, 'owner', { role: 'Owner' })));
  clients.set('operator', mesh.connect(joinMember(mesh, 'operator', { role: 'Operator' })));
  clients.set('viewer', mesh.connect(joinMember(mesh, 'viewer', { role: 'Viewer' })));
  clients.set('limb', joinLimb(mesh, 'limb'));
  clients.set('owner of another tenant', mesh.connect(other.owner));
  clients.set('stranger', mesh.connect(mesh.identity('stranger')));
  const event = { kind: 'k', source: 's', subject: '', payload: '{}', dedupeKey: '', dedupeMs: 0 };
  mesh.call(mesh.owner, 'emit', { tenantId: localTenant, ...event });
  mesh.call(other.owner, 'emit', { tenantId: other.tenantId, ...event });
  [own = 0n, foreign = 0n] = mesh.rows('event').map(({ id }) => id);
  save(mesh, 'name: dish\nsteps: [{ id: ask, approve: Now? }]');
  ended = start(mesh, 'dish');
  mesh.call(mesh.owner, 'cancelRun', { runId: ended });
});

const forOthers = (outcome: string) => ({ limb: outcome, 'owner of another tenant': outcome, stranger: outcome });

const forMembers = (operator: string, viewer: string): Record<Who, string> => ({
  owner: 'ok',
  operator,
  viewer,
  ...forOthers('no-such-tenant'),
});

const rules: Record<string, Rule> = {
  check_recipe: {
    call: (client) =>
      client.callProcedure('checkRecipe', { tenantId: localTenant, text: recipeText, notation: { tag: 'Yaml' } }),
    outcomes: forMembers('ok', 'ok'),
  },
  check_rule: {
    call: (client) => client.callProcedure('checkRule', { tenantId: localTenant, text: ruleText }),
    outcomes: forMembers('ok', 'ok'),
  },
  foresee_retry: {
    call: (client) => client.callProcedure('foreseeRetry', { runId: ended, stepId: 0n }),
    outcomes: { ...forMembers('ok', 'forbidden'), ...forOthers('no-such-run') },
  },
  rehearse: {
    call: (client) => client.callProcedure('rehearse', { tenantId: localTenant, text: ruleText, eventsMax: 0 }),
    outcomes: forMembers('ok', 'forbidden'),
  },
  why: {
    call: (client) => client.callProcedure('why', { tenantId: localTenant, eventId: own, rules: [] }),
    outcomes: forMembers('ok', 'ok'),
  },
};

describe('who may ask what', () => {
  it('is written down here for every procedure, and for every address that takes requests', () => {
    const { procedures, httpHandlers } = mesh.database.def;
    expect(Object.keys(rules).sort()).toEqual(procedures.map(({ name }) => name).sort());
    // It goes by the signature of its secret: hub/hooks.
    expect(httpHandlers).toEqual(['post_hook']);
  });

  const cells = Object.entries(rules).flatMap(([procedure, { call, outcomes }]) =>
    everybody.map((who) => ({ procedure, who, call, expected: outcomes[who] })),
  );

  it.each(cells)('$procedure by the $who: $expected', async ({ who, call, expected }) => {
    const client = clients.get(who);
    if (!client) throw new Error(`nobody is the ${who}`);
    const { offset } = mesh.database;
    const outcome = await call(client).then(
      () => 'ok',
      (error: Error) => /[a-z]+(?:-[a-z]+)*(?=:)/.exec(error.message)?.[0] ?? error.message,
    );
    expect(outcome).toBe(expected);
    expect(mesh.database.offset).toBe(offset);
  });

  it('an event of another tenant is as one that is not there', async () => {
    const ask = (eventId: bigint) =>
      mesh.callProcedure(mesh.identity('owner'), 'why', { tenantId: 1n, eventId, rules: [] });
    const [there, notThere] = await Promise.allSettled([ask(foreign), ask(99n)]);
    expect(String(there.status === 'rejected' && there.reason)).toMatch(
      `no-such-event: there is no event ${foreign} in`,
    );
    expect(String(notThere.status === 'rejected' && notThere.reason)).toMatch('no-such-event: there is no event 99 in');
  });
});
