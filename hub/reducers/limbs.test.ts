import type { Identity } from 'spacetimedb';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  announce,
  inviteTo,
  joinLimb,
  localTenant,
  type Mesh,
  type MeshClient,
  newTenant,
  startMesh,
  stateOf,
  submit,
  summary,
  task,
  taskOf,
  terms,
  told,
  waitOut,
} from '../../test/hub/mesh.ts';
import { limits } from '../lib/limits.ts';

let mesh: Mesh;
let limb: MeshClient;
beforeEach(async () => {
  mesh = await startMesh();
  limb = joinLimb(mesh, 'bot');
});

describe('announce_limb', () => {
  it('tells what the limb can do and that it is here', () => {
    mesh.advance(5);
    limb.call('announceLimb', {
      skills: [' recall', 'reason', 'recall'],
      capacity: 3,
      version: '2',
      sandbox: 's',
      model: 'm',
      session: 'first run',
      lacks: 'No recall yet: the server is away',
    });
    expect(mesh.rows('limb')).toMatchObject([
      {
        skills: ['reason', 'recall'],
        capacity: 3,
        version: '2',
        sandbox: 's',
        model: 'm',
        lacks: 'No recall yet: the server is away',
        online: true,
        connection: limb.connectionId,
        seenAt: mesh.now,
      },
    ]);
  });

  it('has offers of its skills, and none of skills that are gone', () => {
    const offers = limb.subscribe('SELECT * FROM offers');
    const [reason, recall] = [submit(mesh), submit(mesh, { skill: 'recall' })];
    const seen = () => offers.rows('offers').map(({ taskId }) => taskId);
    expect(seen()).toEqual([reason]);
    announce(limb, { skills: ['recall'] });
    expect(seen()).toEqual([recall]);
    announce(limb, { skills: [] });
    expect(seen()).toEqual([]);
    expect(mesh.rows('station')).toEqual([]);
  });

  it('has no further offers with a capacity of 0, and keeps what it holds', () => {
    announce(limb, { capacity: 2 });
    const ids = [submit(mesh), submit(mesh)];
    limb.call('claimTask', { taskId: ids[0] ?? 0n });
    announce(limb, { capacity: 0 });
    expect([mesh.rows('offer'), mesh.rows('lease')]).toMatchObject([[], [{ taskId: ids[0] }]]);
  });

  it('cannot have what another limb has for itself', () => {
    const other = joinLimb(mesh, 'other');
    submit(mesh, { terms: terms({ target: other.identity }) });
    expect(() => announce(limb, { skills: [`reason/${other.identity.toHexString()}`] })).toThrow(/^invalid-skill: /);
    expect(limb.query('SELECT * FROM offers')).toEqual([]);
  });

  it.each([
    [
      'too much capacity',
      { capacity: limits.capacityMax + 1 },
      'invalid-capacity: 257 tasks at once, at most 256 are allowed',
    ],
    ['no session', { session: ' ' }, 'invalid-session: the session is empty'],
    [
      'too many skills',
      { skills: Array.from({ length: limits.skillsMax + 1 }, (_, i) => `s${i}`) },
      'too-many-skills: 65 skills',
    ],
    ['a skill without a name', { skills: [''] }, 'invalid-skill: the skill is empty'],
    ['a skill with a long name', { skills: ['x'.repeat(limits.nameCharsMax + 1)] }, 'invalid-skill: the skill has 81'],
  ])('refuses %s', (_what, options, message) => {
    expect(() => announce(limb, options)).toThrow(message);
    expect(mesh.rows('limb')).toMatchObject([{ skills: ['reason'], capacity: 1 }]);
  });

  it('clips what is only shown', () => {
    const long = 'x'.repeat(1000);
    const shown = { version: long, sandbox: long, model: long, lacks: long };
    limb.call('announceLimb', { skills: [], capacity: 1, session: 's', ...shown });
    const [row] = mesh.rows('limb');
    expect(row?.lacks).toHaveLength(limits.lacksCharsMax);
    for (const text of [row?.version, row?.sandbox, row?.model]) expect(text).toHaveLength(limits.nameCharsMax);
  });

  it('is refused to who is no limb', () => {
    expect(() => announce(mesh.connect(mesh.owner))).toThrow(/^not-a-limb: /);
  });
});

describe('report_memory', () => {
  const facts = {
    tenantId: 1n,
    documentCount: 3,
    chunkCount: 40,
    byteCount: 9000n,
    changedAt: undefined,
    engine: 'PGlite, words',
  };

  it('tells how much the limb remembers of a tenant, in one row', () => {
    limb.call('reportMemory', facts);
    limb.call('reportMemory', { ...facts, chunkCount: 41, changedAt: mesh.now });
    expect(mesh.rows('limb')).toMatchObject([{ documentCount: 3, chunkCount: 41, online: true }]);
    expect(mesh.rows('memory')).toMatchObject([
      { ...facts, limb: limb.identity, chunkCount: 41, changedAt: mesh.now, reportedAt: mesh.now },
    ]);
  });

  it('is refused to who is no limb, and for a tenant that the limb does not serve', () => {
    expect(() => mesh.call(mesh.owner, 'reportMemory', facts)).toThrow(/^not-a-limb: /);
    expect(() => limb.call('reportMemory', { ...facts, tenantId: 2n })).toThrow(/^no-such-limb: /);
  });

  it('is forgotten with the limb', () => {
    limb.call('reportMemory', facts);
    mesh.call(mesh.owner, 'revokeLimb', { tenantId: 1n, limb: limb.identity });
    expect(mesh.rows('memory')).toEqual([]);
  });
});

describe('a limb that goes away', () => {
  it('is offline, and its tasks are back in the queue for others', () => {
    announce(limb, { capacity: 3 });
    const ids = [submit(mesh), submit(mesh), submit(mesh)];
    for (const taskId of ids.slice(0, 2)) limb.call('claimTask', { taskId });
    limb.call('reportProgress', { taskId: ids[1] ?? 0n, attempt: 1, ...told('on it') });
    mesh.advance(5);
    limb.disconnect();
    expect(mesh.rows('limb')).toMatchObject([{ online: false, connection: undefined, seenAt: mesh.now }]);
    expect(mesh.rows('lease')).toHaveLength(2);
    mesh.advance(limits.graceMs);
    expect(mesh.rows('lease')).toHaveLength(0);
    expect(ids.map((id) => stateOf(mesh, id))).toEqual([
      ['Queued', 1],
      ['Queued', 1],
      ['Queued', 0],
    ]);
    expect(ids.map((id) => taskOf(mesh, id).error)).toEqual(['the limb bot went away', 'the limb bot went away', '']);
    const other = joinLimb(mesh, 'other', { capacity: 3 });
    for (const taskId of ids) other.call('claimTask', { taskId });
    expect(mesh.rows('lease')).toMatchObject(ids.map(() => ({ limb: other.identity })));
  });

  it('loses its tasks for good after as many times as there are attempts', () => {
    const id = submit(mesh);
    for (let attempt = 1; attempt <= limits.attemptsDefault; attempt++) {
      const connection = mesh.connect(limb.identity);
      announce(connection);
      connection.call('claimTask', { taskId: id });
      connection.disconnect();
      mesh.advance(limits.graceMs);
      if (attempt > 1) waitOut(mesh, attempt - 1);
    }
    expect(stateOf(mesh, id)).toEqual(['Dead', 5]);
  });

  it('stays online when a connection ends that is not the one it was announced on', () => {
    const id = submit(mesh);
    limb.call('claimTask', { taskId: id });
    mesh.connect(limb.identity).disconnect();
    expect(mesh.rows('limb')).toMatchObject([{ online: true }]);
    const second = mesh.connect(limb.identity);
    announce(second);
    limb.disconnect();
    expect(mesh.rows('limb')).toMatchObject([{ online: true, connection: second.connectionId }]);
    expect(stateOf(mesh, id)).toEqual(['Claimed', 1]);
    second.disconnect();
    mesh.advance(limits.graceMs);
    expect(stateOf(mesh, id)).toEqual(['Queued', 1]);
  });

  it('keeps its tasks when it comes back in time', () => {
    const id = submit(mesh);
    limb.call('claimTask', { taskId: id });
    limb.disconnect();
    mesh.advance(limits.graceMs - 1);
    const again = mesh.connect(limb.identity);
    announce(again);
    mesh.advance(limits.graceMs);
    expect(stateOf(mesh, id)).toEqual(['Claimed', 1]);
    again.call('completeTask', { taskId: id, attempt: 1, summary: summary() });
    expect(stateOf(mesh, id)).toEqual(['Done', 1]);
  });

  it('has a whole grace each time that it goes away', () => {
    const id = submit(mesh);
    limb.call('claimTask', { taskId: id });
    limb.disconnect();
    mesh.advance(limits.graceMs / 2);
    const again = mesh.connect(limb.identity);
    announce(again);
    again.disconnect();
    mesh.advance(limits.graceMs - 1);
    expect(stateOf(mesh, id)).toEqual(['Claimed', 1]);
    mesh.advance(1);
    expect(stateOf(mesh, id)).toEqual(['Queued', 1]);
  });

  it('loses its tasks at once to another run of its process, which knows nothing of them', () => {
    const id = submit(mesh);
    limb.call('claimTask', { taskId: id });
    const restarted = mesh.connect(limb.identity);
    announce(restarted, { session: 'second run' });
    expect(stateOf(mesh, id)).toEqual(['Queued', 1]);
    expect(taskOf(mesh, id).error).toBe('the limb bot was started anew');
    expect(() => limb.call('completeTask', { taskId: id, attempt: 1, summary: summary() })).toThrow(/^stale-attempt: /);
    restarted.call('claimTask', { taskId: id });
    expect(stateOf(mesh, id)).toEqual(['Claimed', 2]);
  });

  it('is found missing after a crash of the hub, whose queue has its tasks again', async () => {
    const id = submit(mesh);
    limb.call('claimTask', { taskId: id });
    await mesh.settle();
    await mesh.crash();
    mesh.advance(limits.graceMs);
    expect(mesh.rows('limb')).toMatchObject([{ online: false, connection: undefined }]);
    expect(stateOf(mesh, id)).toEqual(['Queued', 1]);
    const again = mesh.connect(limb.identity);
    announce(again);
    again.call('claimTask', { taskId: id });
    expect(stateOf(mesh, id)).toEqual(['Claimed', 2]);
  });
});

describe('drain_limb', () => {
  const drain = (isDraining: boolean): void =>
    mesh.call(mesh.owner, 'drainLimb', { tenantId: 1n, limb: limb.identity, isDraining });

  it('lets the limb finish what it holds, and takes back what it was only offered', () => {
    announce(limb, { skills: ['reason'], capacity: 2 });
    const [held, offered] = [submit(mesh), submit(mesh)];
    limb.call('claimTask', { taskId: held });
    const offers = limb.subscribe('SELECT * FROM offers');
    drain(true);
    expect(offers.rows('offers')).toEqual([]);
    limb.call('completeTask', { taskId: held, attempt: 1, summary: summary() });
    expect([stateOf(mesh, held)[0], stateOf(mesh, offered)[0]]).toEqual(['Done', 'Queued']);
    expect(mesh.rows('offer')).toEqual([]);
  });

  it('is undone, and survives that the limb connects anew', () => {
    drain(true);
    announce(limb, { skills: ['reason'], capacity: 2 });
    const queued = submit(mesh);
    expect(mesh.rows('offer')).toEqual([]);
    drain(false);
    expect(mesh.rows('offer')).toMatchObject([{ taskId: queued, limb: limb.identity }]);
  });

  it('is named as the reason why a task waits', () => {
    announce(limb, { skills: ['reason'], capacity: 2 });
    drain(true);
    submit(mesh);
    const [reason] = mesh.connect(mesh.owner).subscribe('SELECT * FROM wait_reasons').rows('waitReasons');
    expect(reason).toMatchObject({ code: 'draining', text: expect.stringContaining('bot takes no further tasks') });
  });
});

const ofTenant = (tenantId: bigint) => mesh.rows('limb').find((row) => row.tenantId === tenantId);

describe('a limb that serves two tenants', () => {
  let other: { tenantId: bigint; owner: Identity };
  beforeEach(() => {
    other = newTenant(mesh, 'second');
    const code = inviteTo(mesh, { ...other, kind: 'Limb' });
    mesh.call(limb.identity, 'redeemInvite', { code, name: 'bot' });
    announce(limb, { skills: ['reason'], capacity: 2 });
  });

  it('stays what it is for one of them, with its offers, whatever the other one says of it', () => {
    mesh.call(other.owner, 'submitTask', task({ tenantId: other.tenantId }));
    const seen = () => [ofTenant(other.tenantId), mesh.rows('offer'), mesh.rows('queueEntry')];
    const before = seen();
    mesh.advance(1000);
    const { identity } = limb;
    const terms = { labels: ['eu'], allowedSkills: [], capacityMax: 1 };
    mesh.call(mesh.owner, 'setLimb', { tenantId: localTenant, limb: identity, ...terms });
    expect(seen()).toEqual(before);
    mesh.call(mesh.owner, 'drainLimb', { tenantId: localTenant, limb: identity, isDraining: true });
    expect(seen()).toEqual(before);
    mesh.call(mesh.owner, 'revokeLimb', { tenantId: localTenant, limb: identity });
    expect(seen()).toEqual(before);
    mesh.call(identity, 'redeemInvite', { code: inviteTo(mesh, { kind: 'Limb' }), name: 'bot' });
    expect(seen()).toEqual(before);
  });

  it('has room for one of them when the other one revokes it, and is not offered what it held there', () => {
    const own = [submit(mesh), submit(mesh)];
    for (const taskId of own) limb.call('claimTask', { taskId });
    mesh.call(other.owner, 'submitTask', task({ tenantId: other.tenantId }));
    expect(mesh.rows('offer')).toEqual([]);
    mesh.call(mesh.owner, 'revokeLimb', { tenantId: localTenant, limb: limb.identity });
    expect(mesh.rows('offer')).toMatchObject([{ tenantId: other.tenantId, limb: limb.identity }]);
    expect(own.map((id) => stateOf(mesh, id))).toEqual([
      ['Queued', 1],
      ['Queued', 1],
    ]);
  });

  it('is offered the tasks of both in turn, and neither sees how often the other one had its turn', () => {
    announce(limb, { skills: ['reason'], capacity: 0 });
    for (let i = 0; i < 3; i++) {
      submit(mesh);
      mesh.call(other.owner, 'submitTask', task({ tenantId: other.tenantId, reference: `r${i}` }));
    }
    const turns: bigint[] = [];
    announce(limb, { skills: ['reason'], capacity: 1 });
    for (let [offer] = mesh.rows('offer'); offer; [offer] = mesh.rows('offer')) {
      const { taskId, tenantId } = offer;
      turns.push(tenantId);
      limb.call('claimTask', { taskId });
      limb.call('completeTask', { taskId, attempt: 1, summary: summary() });
    }
    expect(turns).toEqual([localTenant, other.tenantId, localTenant, other.tenantId, localTenant, other.tenantId]);
    expect(mesh.seenBy(other.owner, 'usages')).toMatchObject([{ tenantId: other.tenantId, turn: 0n }]);
  });
});

describe('a limb that is away', () => {
  it('shows at once what it can do in a tenant that it is enrolled in, and what it may', () => {
    const { tenantId, owner } = newTenant(mesh, 'second');
    announce(limb, { skills: ['reason', 'recall'], capacity: 3 });
    limb.disconnect();
    mesh.advance(1000);
    mesh.call(limb.identity, 'redeemInvite', { code: inviteTo(mesh, { tenantId, owner, kind: 'Limb' }), name: 'bot' });
    expect(ofTenant(tenantId)).toMatchObject({ skills: ['reason', 'recall'], capacity: 3, online: false });
    const { seenAt } = ofTenant(tenantId) ?? {};
    mesh.advance(1000);
    mesh.call(owner, 'setLimb', {
      tenantId,
      limb: limb.identity,
      labels: [],
      allowedSkills: ['recall'],
      capacityMax: 2,
    });
    expect(ofTenant(tenantId)).toMatchObject({ skills: ['recall'], capacity: 2, online: false, seenAt });
  });

  it('stays what it was for one tenant when another revokes it', () => {
    const { tenantId, owner } = newTenant(mesh, 'second');
    limb.disconnect();
    mesh.call(limb.identity, 'redeemInvite', { code: inviteTo(mesh, { tenantId, owner, kind: 'Limb' }), name: 'bot' });
    const before = ofTenant(tenantId);
    mesh.advance(1000);
    mesh.call(mesh.owner, 'revokeLimb', { tenantId: 1n, limb: limb.identity });
    expect(mesh.rows('limb')).toEqual([before]);
  });
});
