import { beforeEach, describe, expect, it } from 'vitest';
import {
  announce,
  joinLimb,
  type Mesh,
  type MeshClient,
  startMesh,
  stateOf,
  submit,
  taskOf,
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
    });
    expect(mesh.rows('limb')).toMatchObject([
      {
        skills: ['reason', 'recall'],
        capacity: 3,
        version: '2',
        sandbox: 's',
        model: 'm',
        online: true,
        connection: limb.connectionId,
        seenAt: mesh.now,
      },
    ]);
  });

  it('opens the lanes of its skills and closes those of the skills that are gone', () => {
    const offers = limb.subscribe('SELECT * FROM offers');
    const [reason, recall] = [submit(mesh), submit(mesh, { skill: 'recall' })];
    const seen = () => offers.rows('offers').map(({ taskId }) => taskId);
    expect(seen()).toEqual([reason]);
    announce(limb, { skills: ['recall'] });
    expect(seen()).toEqual([recall]);
    announce(limb, { skills: [] });
    expect(seen()).toEqual([]);
    expect(mesh.rows('laneAccess')).toEqual([]);
  });

  it('cannot open the lane that another limb has for itself', () => {
    const other = joinLimb(mesh, 'other');
    submit(mesh, { target: other.identity });
    expect(() => announce(limb, { skills: [`reason/${other.identity.toHexString()}`] })).toThrow(/^invalid-skill: /);
    expect(limb.query('SELECT * FROM offers')).toEqual([]);
  });

  it.each([
    ['no capacity', { capacity: 0 }, 'invalid-capacity: 0 is not between 1 and 256'],
    ['too much capacity', { capacity: limits.capacityMax + 1 }, 'invalid-capacity: 257 is not'],
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
    limb.call('announceLimb', { skills: [], capacity: 1, version: long, sandbox: long, model: long });
    const [row] = mesh.rows('limb');
    for (const text of [row?.version, row?.sandbox, row?.model]) expect(text).toHaveLength(limits.nameCharsMax);
  });

  it('is refused to who is no limb', () => {
    expect(() => announce(mesh.connect(mesh.owner))).toThrow(/^not-a-limb: /);
  });
});

describe('report_memory', () => {
  it('tells how much the limb remembers', () => {
    limb.call('reportMemory', { documentCount: 3, chunkCount: 40 });
    expect(mesh.rows('limb')).toMatchObject([{ documentCount: 3, chunkCount: 40, online: true }]);
    expect(() => mesh.call(mesh.owner, 'reportMemory', { documentCount: 3, chunkCount: 40 })).toThrow(/^not-a-limb: /);
  });
});

describe('a limb that goes away', () => {
  it('is offline, and its tasks are back in the queue for others', () => {
    announce(limb, { capacity: 3 });
    const ids = [submit(mesh), submit(mesh), submit(mesh)];
    for (const taskId of ids.slice(0, 2)) limb.call('claimTask', { taskId });
    limb.call('reportProgress', { taskId: ids[1] ?? 0n, attempt: 1, line: 'on it' });
    mesh.advance(5);
    limb.disconnect();
    expect(mesh.rows('limb')).toMatchObject([{ online: false, connection: undefined, seenAt: mesh.now }]);
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
    for (let attempt = 1; attempt <= limits.attemptsMax; attempt++) {
      const connection = mesh.connect(limb.identity);
      announce(connection);
      connection.call('claimTask', { taskId: id });
      connection.disconnect();
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
    expect(stateOf(mesh, id)).toEqual(['Queued', 1]);
  });

  it('is found missing after a crash of the hub, whose queue has its tasks again', async () => {
    const id = submit(mesh);
    limb.call('claimTask', { taskId: id });
    await mesh.settle();
    await mesh.crash();
    expect(mesh.rows('limb')).toMatchObject([{ online: false, connection: undefined }]);
    expect(stateOf(mesh, id)).toEqual(['Queued', 1]);
    const again = mesh.connect(limb.identity);
    announce(again);
    again.call('claimTask', { taskId: id });
    expect(stateOf(mesh, id)).toEqual(['Claimed', 2]);
  });
});
