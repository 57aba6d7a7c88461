import { beforeEach, describe, expect, it } from 'vitest';
import {
  joinLimb,
  joinMember,
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

describe('a clock that is set back by an hour', () => {
  it('gives no limb a longer grace', () => {
    const id = submit(mesh);
    limb.call('claimTask', { taskId: id });
    mesh.jump(-3_600_000);
    limb.disconnect();
    mesh.advance(limits.graceMs);
    expect(stateOf(mesh, id)).toEqual(['Queued', 1]);
  });

  it('hides no silent limb, and takes nothing from one that answers', () => {
    const [silent, answering] = [submit(mesh), submit(mesh)];
    limb.call('claimTask', { taskId: silent });
    const other = joinLimb(mesh, 'other', { skills: ['reason'] });
    other.call('claimTask', { taskId: answering });
    mesh.jump(-3_600_000);
    for (let second = 0; second < 5; second++) {
      mesh.advance(1000);
      other.call('pong');
    }
    expect([stateOf(mesh, silent), stateOf(mesh, answering)]).toEqual([
      ['Queued', 1],
      ['Claimed', 1],
    ]);
  });
});

describe('a limb that falls silent', () => {
  it('loses its tasks within five seconds, and no sooner than three unanswered pings', () => {
    const id = submit(mesh);
    limb.call('claimTask', { taskId: id });
    const other = joinLimb(mesh, 'other');
    mesh.advance(3000);
    expect(stateOf(mesh, id)).toEqual(['Claimed', 1]);
    mesh.advance(1999);
    expect(stateOf(mesh, id)).toEqual(['Queued', 1]);
    expect(taskOf(mesh, id).error).toBe('the limb bot fell silent');
    expect(mesh.rows('offer')).toMatchObject([{ taskId: id, limb: other.identity }]);
    expect(mesh.rows('limb').filter(({ online }) => online)).toMatchObject([{ name: 'other' }]);
  });

  it('keeps its tasks while it answers pings, and no answer is a commit', () => {
    const pings = limb.subscribe('SELECT * FROM ping');
    const id = submit(mesh);
    limb.call('claimTask', { taskId: id });
    const { offset } = mesh.database.engine;
    for (let second = 0; second < 20; second++) {
      mesh.advance(1000);
      limb.call('pong');
    }
    expect(stateOf(mesh, id)).toEqual(['Claimed', 1]);
    expect(pings.deltas).toHaveLength(20);
    expect(mesh.database.engine.offset).toBe(offset);
  });

  it('is the only one that sees its pings', () => {
    const other = joinLimb(mesh, 'other');
    const [own, foreign] = [limb, other].map((client) => client.subscribe('SELECT * FROM ping'));
    const watching = mesh.connect(joinMember(mesh, 'alice')).subscribe('SELECT * FROM ping');
    limb.call('claimTask', { taskId: submit(mesh) });
    mesh.advance(2000);
    expect([own, foreign, watching].map((replica) => replica?.deltas.length)).toEqual([2, 0, 0]);
  });

  it('is not asked while it holds nothing', () => {
    const pings = limb.subscribe('SELECT * FROM ping');
    mesh.advance(60_000);
    expect(pings.deltas).toEqual([]);
    expect(mesh.rows('limb')).toMatchObject([{ online: true }]);
  });

  it('is live again as soon as it answers', () => {
    limb.call('claimTask', { taskId: submit(mesh) });
    mesh.advance(10_000);
    expect(mesh.rows('limb')).toMatchObject([{ online: false }]);
    const next = submit(mesh);
    expect(mesh.rows('offer')).toEqual([]);
    limb.call('pong');
    expect(mesh.rows('limb')).toMatchObject([{ online: true }]);
    expect(mesh.rows('offer').map(({ taskId }) => taskId)).not.toContain(next);
    expect(mesh.rows('offer')).toHaveLength(1);
  });
});

describe('an offer', () => {
  it('goes to another limb when its limb does not take it', () => {
    const id = submit(mesh);
    const other = joinLimb(mesh, 'other');
    for (let second = 0; second < 5; second++) {
      mesh.advance(1000);
      limb.call('pong');
      other.call('pong');
    }
    expect(mesh.rows('offer')).toMatchObject([{ taskId: id, limb: other.identity }]);
  });
});
