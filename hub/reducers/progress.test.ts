import { beforeEach, describe, expect, it } from 'vitest';
import {
  announce,
  joinLimb,
  joinMember,
  type Mesh,
  type MeshClient,
  newTenant,
  startMesh,
  stateOf,
  submit,
  told,
} from '../../test/hub/mesh.ts';
import { limits } from '../lib/limits.ts';
import type { Piece } from '../schema.ts';

let mesh: Mesh;
let limb: MeshClient;
let id: bigint;
beforeEach(async () => {
  mesh = await startMesh();
  limb = joinLimb(mesh, 'bot');
  id = submit(mesh);
  limb.call('claimTask', { taskId: id });
});

const spoken = (start: number, text: string): { pieces: Piece[] } => ({
  pieces: [{ part: 0, start, kind: { tag: 'Text' }, text }],
});

describe('stream_progress', () => {
  it('shows the members of the tenant what passes by, and nobody else', () => {
    const other = newTenant(mesh, 'other');
    const viewer = mesh.connect(joinMember(mesh, 'viewer', { role: 'Viewer' }));
    const [seen, bySubmitter, foreign, byStranger, byLimb] = [
      viewer,
      mesh.connect(mesh.owner),
      mesh.connect(joinMember(mesh, 'foreign', other)),
      mesh.connect(mesh.identity('stranger')),
      limb,
    ].map((client) => client.subscribe(`SELECT * FROM stream WHERE task_id = ${id}`));
    limb.call('streamProgress', { taskId: id, attempt: 1, ...spoken(7, 'Because') });
    const piece = { taskId: id, tenantId: 1n, attempt: 1, part: 0, start: 7, kind: { tag: 'Text' }, text: 'Because' };
    for (const replica of [seen, bySubmitter]) {
      expect(replica?.deltas.map(({ table, inserts }) => [table, inserts])).toEqual([
        ['stream', [{ ...piece, at: mesh.now }]],
      ]);
    }
    for (const replica of [foreign, byStranger, byLimb]) expect(replica?.deltas).toEqual([]);
  });

  it('shows nothing to whoever is not a member any more', () => {
    const viewer = mesh.connect(joinMember(mesh, 'viewer', { role: 'Viewer' }));
    const replica = viewer.subscribe('SELECT * FROM stream');
    mesh.call(mesh.owner, 'removeMember', { tenantId: 1n, identity: viewer.identity });
    limb.call('streamProgress', { taskId: id, attempt: 1, ...spoken(0, 'Because') });
    expect(replica.deltas).toEqual([]);
  });

  it('starts the task and keeps nothing', () => {
    limb.call('streamProgress', { taskId: id, attempt: 1, ...spoken(0, 'Because') });
    expect(stateOf(mesh, id)).toEqual(['Running', 1]);
    expect(mesh.rows('progressPiece')).toEqual([]);
    expect(mesh.connect(mesh.owner).query('SELECT * FROM stream')).toEqual([]);
  });

  it('is refused above a rate, task by task, until the next second', () => {
    announce(limb, { capacity: 2 });
    const other = submit(mesh);
    limb.call('claimTask', { taskId: other });
    mesh.advance(1000);
    const stream = (taskId: bigint) => limb.call('streamProgress', { taskId, attempt: 1, ...told('on it') });
    for (let i = 0; i < limits.reportsPerSecondMax; i++) stream(id);
    expect(() => stream(id)).toThrow(/^too-fast: /);
    expect(() => limb.call('reportProgress', { taskId: id, attempt: 1, ...told('on it') })).toThrow(/^too-fast: /);
    stream(other);
    // The second passes whatever becomes of the clock on the wall.
    mesh.jump(-3_600_000);
    mesh.advance(1000);
    stream(id);
  });
});

describe('report_progress', () => {
  it('starts the task and keeps its pieces', () => {
    limb.call('reportProgress', { taskId: id, attempt: 1, ...told('one', 'two') });
    expect(stateOf(mesh, id)).toEqual(['Running', 1]);
    expect(mesh.rows('progressPiece')).toMatchObject([
      { taskId: id, tenantId: 1n, attempt: 1, part: 0, start: 0, kind: { tag: 'Line' }, text: 'one', at: mesh.now },
      { taskId: id, part: 1, text: 'two' },
    ]);
  });

  it('keeps a piece once, however often it comes', () => {
    for (let i = 0; i < 2; i++) limb.call('reportProgress', { taskId: id, attempt: 1, ...spoken(0, 'one') });
    limb.call('reportProgress', { taskId: id, attempt: 1, ...spoken(3, ' two') });
    expect(mesh.rows('progressPiece').map(({ text }) => text)).toEqual(['one', ' two']);
  });

  it('keeps the newest pieces of each task, bounded by their number', () => {
    announce(limb, { capacity: 2 });
    const other = submit(mesh);
    limb.call('claimTask', { taskId: other });
    limb.call('reportProgress', { taskId: other, attempt: 1, ...told('other') });
    const lines = Array.from({ length: limits.keptPiecesMax + 9 }, (_, i) => `line ${i}`);
    for (let at = 0; at < lines.length; at += limits.piecesMax) {
      const pieces = told(...lines).pieces.slice(at, at + limits.piecesMax);
      limb.call('reportProgress', { taskId: id, attempt: 1, pieces });
    }
    const kept = mesh.rows('progressPiece').filter(({ taskId }) => taskId === id);
    expect(kept.map(({ text }) => text).sort()).toEqual(lines.slice(9).sort());
    expect(mesh.rows('progressPiece')).toHaveLength(limits.keptPiecesMax + 1);
  });

  it('keeps the newest pieces, bounded by their characters', () => {
    const text = 'x'.repeat(limits.pieceCharsMax);
    const count = Math.floor(limits.keptCharsMax / text.length) + 2;
    for (let i = 0; i < count; i++) {
      mesh.advance(100);
      limb.call('pong');
      limb.call('reportProgress', { taskId: id, attempt: 1, ...spoken(i * text.length, text) });
    }
    const kept = mesh.rows('progressPiece').map(({ start }) => start / text.length);
    expect(kept.sort((a, b) => a - b)).toEqual(Array.from({ length: count - 2 }, (_, i) => i + 2));
  });

  it.each<[string, { pieces: Piece[] }]>([
    ['a piece that is too long', told('x'.repeat(limits.pieceCharsMax + 1))],
    ['too many pieces', told(...Array.from({ length: limits.piecesMax + 1 }, () => 'x'))],
    ['too much in all', told(...Array.from({ length: 5 }, () => 'x'.repeat(limits.reportCharsMax / 4)))],
  ])('refuses %s', (_, report) => {
    expect(() => limb.call('reportProgress', { taskId: id, attempt: 1, ...report })).toThrow(/^report-too-large: /);
    expect(stateOf(mesh, id)).toEqual(['Claimed', 1]);
  });
});
