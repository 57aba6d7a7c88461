import { beforeEach, describe, expect, it } from 'vitest';
import { inviteTo, type Mesh, sha256, startMesh } from '../../test/hub/mesh.ts';

let mesh: Mesh;
beforeEach(async () => {
  mesh = await startMesh();
});

describe('the sweep', () => {
  it('takes expired invites away within a minute and leaves the others', () => {
    inviteTo(mesh, { lifeMs: 30_000 });
    const late = inviteTo(mesh, { lifeMs: 90_000 });
    mesh.advance(59_999);
    expect(mesh.rows('invite')).toHaveLength(2);
    mesh.advance(1);
    expect(mesh.rows('invite').map(({ codeHash }) => codeHash)).toEqual([sha256(late)]);
    mesh.advance(60_000);
    expect(mesh.rows('invite')).toEqual([]);
  });

  it('goes on after a crash', async () => {
    inviteTo(mesh, { lifeMs: 30_000 });
    await mesh.settle();
    await mesh.crash();
    mesh.advance(60_000);
    expect(mesh.rows('invite')).toEqual([]);
  });

  it('cannot be run by anybody', () => {
    const client = mesh.connect(mesh.owner);
    expect(() => client.call('sweep', { row: { id: 1n, scheduledAt: { tag: 'Time', value: mesh.now } } })).toThrow(
      'there is no reducer sweep',
    );
  });
});
