import { beforeEach, describe, expect, it } from 'vitest';
import { joinMember, type Mesh, newTenant, startMesh } from '../../test/hub/mesh.ts';
import { limits } from '../lib/limits.ts';

let mesh: Mesh;
beforeEach(async () => {
  mesh = await startMesh();
});

describe('the first tenant', () => {
  it('belongs to whoever published the hub', () => {
    expect(mesh.rows('tenant')).toMatchObject([{ id: 1n, name: 'local' }]);
    expect(mesh.rows('member')).toMatchObject([{ tenantId: 1n, identity: mesh.owner, role: { tag: 'Owner' } }]);
  });
});

describe('create_tenant', () => {
  it('makes its caller the owner', () => {
    mesh.call(mesh.owner, 'createTenant', { name: ' north ' });
    const tenant = mesh.rows('tenant').find(({ name }) => name === 'north');
    expect(tenant).toMatchObject({ createdAt: mesh.now });
    const owners = mesh.rows('member').filter(({ tenantId }) => tenantId === tenant?.id);
    expect(owners).toMatchObject([{ identity: mesh.owner, role: { tag: 'Owner' }, name: 'local owner' }]);
  });

  it('is open to whoever owns any tenant', () => {
    const { owner } = newTenant(mesh, 'north');
    mesh.call(owner, 'createTenant', { name: 'south' });
    expect(mesh.query(owner, 'SELECT * FROM tenants').map(({ name }) => name)).toEqual(['north', 'south']);
  });

  it.each(['Operator', 'Viewer'] as const)('is refused to who is %s only', (role) => {
    const member = joinMember(mesh, 'somebody', { role });
    expect(() => mesh.call(member, 'createTenant', { name: 'north' })).toThrow(/^forbidden: /);
  });

  it('is refused to strangers', () => {
    expect(() => mesh.call(mesh.identity('stranger'), 'createTenant', { name: 'north' })).toThrow(/^forbidden: /);
  });

  it.each(['', '  ', 'x'.repeat(limits.nameCharsMax + 1)])('refuses the name %j', (name) => {
    expect(() => mesh.call(mesh.owner, 'createTenant', { name })).toThrow(/^invalid-name: /);
  });

  it('has an end', () => {
    for (let i = 1; i < limits.ownedTenantsMax; i++) mesh.call(mesh.owner, 'createTenant', { name: `tenant ${i}` });
    expect(() => mesh.call(mesh.owner, 'createTenant', { name: 'one more' })).toThrow(/^too-many-tenants: you own 64/);
  });
});
