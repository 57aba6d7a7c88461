import { beforeEach, describe, expect, it } from 'vitest';
import { joinLimb, type Mesh, type MeshClient, startMesh } from '../../test/hub/mesh.ts';
import { limits } from '../lib/limits.ts';

let mesh: Mesh;
let limb: MeshClient;
beforeEach(async () => {
  mesh = await startMesh();
  limb = joinLimb(mesh, 'bot');
});

const home = {
  name: 'home',
  kind: 'ssh',
  state: { tag: 'Up' as const },
  address: 'https://hub.example.org',
  lastError: '',
};
const rows = () => mesh.rows('tunnel').map(({ id: _, ...row }) => row);
const told = { tenantId: 1n };

describe('report_tunnels', () => {
  it('tells the tunnels of a limb, and since when each is in its state', () => {
    limb.call('reportTunnels', { tunnels: [home] });
    const since = mesh.now;
    mesh.advance(60);
    limb.call('reportTunnels', { tunnels: [{ ...home, address: 'https://other.example.org' }] });
    expect(rows()).toEqual([
      { ...home, ...told, limb: limb.identity, address: 'https://other.example.org', changedAt: since },
    ]);
    mesh.advance(60);
    limb.call('reportTunnels', { tunnels: [{ ...home, state: { tag: 'Waiting' }, lastError: 'cut' }] });
    expect(rows()).toMatchObject([{ state: { tag: 'Waiting' }, lastError: 'cut', changedAt: mesh.now }]);
  });

  it('forgets those that are not told again, and all with the limb', () => {
    limb.call('reportTunnels', { tunnels: [home, { ...home, name: 'work' }] });
    limb.call('reportTunnels', { tunnels: [{ ...home, name: 'work' }] });
    expect(rows()).toMatchObject([{ name: 'work' }]);
    mesh.call(mesh.owner, 'revokeLimb', { tenantId: 1n, limb: limb.identity });
    expect(rows()).toEqual([]);
  });

  it('is clipped, and bounded', () => {
    limb.call('reportTunnels', { tunnels: [{ ...home, address: 'x'.repeat(5000), lastError: 'x'.repeat(5000) }] });
    expect(rows()[0]?.address).toHaveLength(limits.addressCharsMax);
    expect(rows()[0]?.lastError).toHaveLength(limits.errorCharsMax);
    const many = Array.from({ length: limits.tunnelsMax + 1 }, (_, at) => ({ ...home, name: `${at}` }));
    expect(() => limb.call('reportTunnels', { tunnels: many })).toThrow(/^too-many-tunnels: 17 tunnels, at most 16/);
    expect(() => limb.call('reportTunnels', { tunnels: [home, home] })).toThrow(/^invalid-tunnels: /);
    expect(() => limb.call('reportTunnels', { tunnels: [{ ...home, name: '' }] })).toThrow(
      /^invalid-tunnel-name: the tunnel name is empty/,
    );
  });
});
