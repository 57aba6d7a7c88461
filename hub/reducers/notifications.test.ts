import type { Identity } from 'spacetimedb';
import { beforeEach, describe, expect, it } from 'vitest';
import { joinMember, localTenant, type Mesh, startMesh } from '../../test/hub/mesh.ts';

let mesh: Mesh;
let ada: Identity;
beforeEach(async () => {
  mesh = await startMesh();
  ada = joinMember(mesh, 'Ada');
});

function notify(title: string, text = ''): void {
  mesh.call(mesh.owner, 'notifyMembers', { tenantId: localTenant, level: { tag: 'Warning' }, title, text });
}

function read(ids: bigint[] | 'all', who = ada): void {
  const what = ids === 'all' ? { all: true, ids: [] } : { all: false, ids };
  mesh.call(who, 'readNotifications', { tenantId: localTenant, ...what });
}

/** As a face finds them. */
function unread(who = ada): bigint[] {
  const [reading] = mesh.seenBy(who, 'readings');
  const isRead = (id: bigint) => reading !== undefined && (id <= reading.upTo || reading.ids.includes(id));
  return mesh
    .seenBy(who, 'notifications')
    .map(({ id }) => id)
    .filter((id) => !isRead(id))
    .sort((a, b) => Number(a - b));
}

describe('a notification', () => {
  it('is seen by every member, with who told it', () => {
    notify('Stock is low ', ' 3 left\n');
    const expected = { title: 'Stock is low', text: '3 left', level: { tag: 'Warning' }, by: mesh.owner, at: mesh.now };
    expect(mesh.seenBy(ada, 'notifications')).toMatchObject([expected]);
    expect(() => notify(' ')).toThrow('invalid-title: the title is empty');
  });

  it('is read by each member alone, one by one or all', () => {
    for (const title of ['1', '2', '3', '4']) notify(title);
    read([3n]);
    expect(unread()).toEqual([1n, 2n, 4n]);
    read([1n, 2n]);
    expect(unread()).toEqual([4n]);
    expect(mesh.seenBy(ada, 'readings')).toMatchObject([{ upTo: 3n, ids: [] }]);
    expect(unread(mesh.owner)).toEqual([1n, 2n, 3n, 4n]);
    read('all');
    notify('5');
    expect(unread()).toEqual([5n]);
    expect(mesh.seenBy(mesh.owner, 'readings')).toEqual([]);
  });

  it('with a number that is not there is read by nobody', () => {
    notify('1');
    read([2n, 99n]);
    notify('2');
    expect(unread()).toEqual([1n, 2n]);
  });

  it('goes when there are a thousand newer ones', () => {
    for (let i = 1; i <= 1002; i++) notify(`${i}`);
    expect(mesh.seenBy(ada, 'notifications')).toHaveLength(1000);
    expect(unread()[0]).toBe(3n);
    read([5n]);
    expect(mesh.seenBy(ada, 'readings')).toMatchObject([{ upTo: 2n, ids: [5n] }]);
  });

  it('read by somebody who leaves is forgotten as read', () => {
    notify('1');
    read('all');
    mesh.call(ada, 'leaveTenant', { tenantId: localTenant });
    expect(mesh.rows('reading')).toEqual([]);
  });
});
