import { beforeEach, describe, expect, it } from 'vitest';
import { gitHub, secret, standard } from '../../test/events/signed.ts';
import { joinMember, localTenant, type Mesh, startMesh } from '../../test/hub/mesh.ts';

let mesh: Mesh;
beforeEach(async () => {
  mesh = await startMesh();
});

function createHook(
  changes: Partial<{ name: string; kind: string; style: 'Standard' | 'GitHub'; secret: string }> = {},
) {
  const { style = 'Standard', ...given } = changes;
  const hook = { tenantId: localTenant, name: 'shop', kind: 'order.paid', secret, ...given };
  mesh.call(mesh.owner, 'createHook', { ...hook, style: { tag: style } });
}

const nowMs = () => mesh.now.toDate().getTime();
const send = async (delivery: RequestInit) => (await mesh.fetch('/hooks?id=1', delivery)).status;

describe('a hook', () => {
  it.each([
    [{ secret: 'hunter2' }, 'invalid-secret: a secret is whsec_ and then 24 to 64 random bytes in base64'],
    [{ secret: `whsec_${'A'.repeat(28)}` }, 'invalid-secret'],
    [{ secret: `whsec_${'A'.repeat(88)}` }, 'invalid-secret'],
    [{ secret: `whsec_${'A'.repeat(43)}` }, 'invalid-secret'],
    [{ secret: `whsec_${'A'.repeat(43)}-` }, 'invalid-secret'],
    [{ name: ' ' }, 'invalid-name: the name is empty'],
    [{ kind: 'a b' }, 'invalid-kind'],
  ])('is refused when it is not as it must be (%#)', (changes, message) => {
    expect(() => createHook(changes)).toThrow(message);
    expect(mesh.rows('hook')).toEqual([]);
  });

  it('has a name of its own, and there are not too many of them', () => {
    createHook();
    expect(() => createHook()).toThrow('name-taken: there is a hook shop already');
    for (let i = 1; i < 100; i++) createHook({ name: `shop ${i}` });
    expect(() => createHook({ name: 'one more' })).toThrow(
      'too-many-hooks: the tenant has 100 hooks, the most that are allowed',
    );
  });

  it('shows its secret to nobody', () => {
    createHook();
    const client = mesh.connect(joinMember(mesh, 'another owner', { role: 'Owner' }));
    expect(client.query('SELECT * FROM hooks')).toHaveLength(1);
    for (const table of ['hook', 'hook_key', 'delivery']) {
      expect(() => client.query(`SELECT * FROM ${table}`)).toThrow(table);
    }
    expect(Object.keys(mesh.seenBy(mesh.owner, 'hooks')[0] ?? {})).not.toContain('key');
  });
});

describe('the deliveries of a hook', () => {
  it('are remembered for as long as they would not be stale', async () => {
    createHook();
    const delivery = standard('{}', { atMs: nowMs() + 240_000 });
    expect(await send(delivery)).toBe(202);
    mesh.jump(539_000);
    expect(await send(delivery)).toBe(409);
    mesh.jump(2000);
    expect(await send(delivery)).toBe(400);
    expect(await send(standard('{}', { id: 'msg_2', atMs: nowMs() }))).toBe(202);
    mesh.jump(600_001);
    expect(await send(standard('{}', { id: 'msg_3', atMs: nowMs() }))).toBe(202);
    expect(mesh.rows('delivery')).toHaveLength(1);
  });

  it('are remembered for a month where the sender does not say when it signed', async () => {
    createHook({ style: 'GitHub' });
    expect(await send(gitHub('{}'))).toBe(202);
    mesh.jump(29 * 86_400_000);
    expect(await send(gitHub('{}'))).toBe(409);
  });

  it('are forgotten with it', async () => {
    createHook();
    await send(standard('{}', { atMs: nowMs() }));
    mesh.call(mesh.owner, 'deleteHook', { hookId: 1n });
    for (const table of ['hook', 'hookKey', 'delivery'] as const) expect(mesh.rows(table)).toEqual([]);
    expect(mesh.rows('event')).toHaveLength(1);
  });
});
