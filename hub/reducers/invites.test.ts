import { beforeEach, describe, expect, it } from 'vitest';
import {
  handleOf,
  inviteTo,
  joinLimb,
  joinMember,
  localTenant,
  type Mesh,
  newTenant,
  sha256,
  startMesh,
} from '../../test/hub/mesh.ts';
import { limits } from '../lib/limits.ts';

let mesh: Mesh;
beforeEach(async () => {
  mesh = await startMesh();
});

const invite = {
  handle: 'open',
  tenantId: localTenant,
  kind: { tag: 'Member' as const },
  role: { tag: 'Viewer' as const },
  lifeMs: 0,
};

describe('withdraw_invite', () => {
  const withdraw = (tenantId: bigint, code: string, by = mesh.owner) =>
    mesh.call(by, 'withdrawInvite', { tenantId, handle: handleOf(code) });

  it('closes the way in, for the owners of its tenant alone', () => {
    const code = inviteTo(mesh);
    const { tenantId, owner } = newTenant(mesh, 'orchard');
    expect(() => withdraw(tenantId, code, owner)).toThrow(/^no-such-invite: /);
    withdraw(localTenant, code);
    expect(mesh.rows('invite')).toEqual([]);
    expect(() => mesh.call(mesh.identity('late'), 'redeemInvite', { code, name: 'late' })).toThrow(/^invalid-code: /);
    expect(() => withdraw(localTenant, code)).toThrow(/^no-such-invite: .* was used or has expired/);
  });
});

describe('create_invite', () => {
  it('keeps the hash of a code and never the code', () => {
    const code = inviteTo(mesh);
    expect(mesh.rows('invite').map(({ codeHash }) => codeHash)).toEqual([sha256(code)]);
    const everything = JSON.stringify(
      mesh.database.engine.store
        .tables()
        .map((table) => table.scan().map((row) => Buffer.from(table.row(row)).toString('latin1'))),
    );
    expect(everything).toContain(sha256(code));
    expect(everything).not.toContain(code);
  });

  it.each(['Operator', 'Viewer'] as const)('is refused to an %s', (role) => {
    const member = joinMember(mesh, 'somebody', { role });
    expect(() => mesh.call(member, 'createInvite', { ...invite, codeHash: sha256('x') })).toThrow(
      /^forbidden: .*role owner/,
    );
  });

  it.each(['', 'abc', sha256('x').toUpperCase(), `${sha256('x')}0`, `${sha256('x').slice(1)}g`])(
    'refuses what is not the SHA-256 of a code: %j',
    (codeHash) => {
      expect(() => mesh.call(mesh.owner, 'createInvite', { ...invite, codeHash })).toThrow(/^invalid-code-hash: /);
    },
  );

  it('refuses a code that is waiting already', () => {
    const code = inviteTo(mesh);
    const again = { ...invite, handle: handleOf(code), codeHash: sha256(code) };
    expect(() => mesh.call(mesh.owner, 'createInvite', again)).toThrow(/^code-taken: /);
  });

  it('lives for 15 minutes unless told otherwise, and at most a day', () => {
    const expiresAfterMs = (lifeMs: number) => {
      const codeHash = sha256(inviteTo(mesh, { lifeMs }));
      const row = mesh.rows('invite').find((entry) => entry.codeHash === codeHash);
      return Number(row?.expiresAt.since(mesh.now).millis);
    };
    expect(expiresAfterMs(0)).toBe(15 * 60 * 1000);
    expect(expiresAfterMs(1)).toBe(1);
    expect(expiresAfterMs(limits.inviteLifeMsMax)).toBe(24 * 60 * 60 * 1000);
    expect(() => inviteTo(mesh, { lifeMs: limits.inviteLifeMsMax + 1 })).toThrow(/^invalid-life: /);
  });
});

describe('redeem_invite', () => {
  it('takes five wrong tries of a code, and after that not even the right one', () => {
    const [code, patient] = [inviteTo(mesh), inviteTo(mesh)];
    const guess = (text: string, name = 'mallory') =>
      mesh.call(mesh.identity(name), 'redeemInvite', { code: text, name });
    for (let i = 0; i < 4; i++) expect(() => guess(`${handleOf(patient)}-${i}`)).toThrow(/^invalid-code: /);
    guess(patient, 'alice');
    for (let i = 0; i < 5; i++) expect(() => guess(`${handleOf(code)}-${i}`)).toThrow(/^invalid-code: /);
    expect(() => guess(code)).toThrow(/^invalid-code: /);
    expect(mesh.rows('member').map(({ name }) => name)).not.toContain('mallory');
  });

  it.each(['', 'abc', 'a b c d', 'x'.repeat(17)])('is opened with no such handle: %j', (handle) => {
    const call = () => mesh.call(mesh.owner, 'createInvite', { ...invite, handle, codeHash: sha256('x') });
    expect(call).toThrow(/^invalid-handle: /);
  });

  it.each(['Owner', 'Operator', 'Viewer'] as const)('makes the caller a member with the role %s', (role) => {
    const alice = joinMember(mesh, 'alice', { role });
    expect(mesh.rows('member').find(({ identity }) => identity.isEqual(alice))).toMatchObject({
      tenantId: localTenant,
      role: { tag: role },
      name: 'alice',
      joinedAt: mesh.now,
    });
  });

  it('makes the caller a limb that is offline until it is announced', () => {
    const code = inviteTo(mesh, { kind: 'Limb' });
    const bot = mesh.identity('bot');
    mesh.call(bot, 'redeemInvite', { code: ` ${code}\n`, name: '  bot ' });
    expect(mesh.rows('limb')).toMatchObject([
      { identity: bot, tenantId: localTenant, name: 'bot', skills: [], online: false, connection: undefined },
    ]);
    expect(mesh.rows('member')).toHaveLength(1);
  });

  it('works once', () => {
    const code = inviteTo(mesh);
    mesh.call(mesh.identity('alice'), 'redeemInvite', { code, name: 'alice' });
    expect(() => mesh.call(mesh.identity('bob'), 'redeemInvite', { code, name: 'bob' })).toThrow(/^invalid-code: /);
    expect(mesh.rows('invite')).toEqual([]);
  });

  it('answers an unknown, a used and an expired code alike', () => {
    const used = inviteTo(mesh);
    mesh.call(mesh.identity('alice'), 'redeemInvite', { code: used, name: 'alice' });
    const expired = inviteTo(mesh, { lifeMs: 1000 });
    mesh.advance(1000.001);
    const answers = ['unknown', used, expired].map((code) => {
      try {
        mesh.call(mesh.identity('bob'), 'redeemInvite', { code, name: 'bob' });
      } catch (error) {
        return String(error);
      }
      return 'taken';
    });
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain('invalid-code: ');
  });

  it('works until the very end of its life', () => {
    const code = inviteTo(mesh, { lifeMs: 1000 });
    mesh.advance(1000);
    mesh.call(mesh.identity('alice'), 'redeemInvite', { code, name: 'alice' });
    expect(mesh.rows('member')).toHaveLength(2);
  });

  it('leaves the invite as it was when the name is refused', () => {
    const code = inviteTo(mesh);
    for (const name of ['', ' \n', 'x'.repeat(limits.nameCharsMax + 1)]) {
      expect(() => mesh.call(mesh.identity('alice'), 'redeemInvite', { code, name })).toThrow(/^invalid-name: /);
    }
    mesh.call(mesh.identity('alice'), 'redeemInvite', { code, name: 'x'.repeat(limits.nameCharsMax) });
  });

  it('does not change the role that a member has', () => {
    const alice = joinMember(mesh, 'alice', { role: 'Viewer' });
    joinMember(mesh, 'alice', { role: 'Owner' });
    expect(mesh.rows('member').filter(({ identity }) => identity.isEqual(alice))).toMatchObject([
      { role: { tag: 'Viewer' } },
    ]);
  });

  it('lets one identity be a member and a limb of many tenants', () => {
    const { tenantId, owner } = newTenant(mesh, 'other');
    joinMember(mesh, 'alice');
    joinMember(mesh, 'alice', { tenantId, owner });
    const bot = joinLimb(mesh, 'bot');
    mesh.call(bot.identity, 'redeemInvite', {
      code: inviteTo(mesh, { tenantId, owner, kind: 'Limb' }),
      name: 'theirs',
    });
    expect(mesh.rows('limb')).toMatchObject([
      { tenantId: localTenant, name: 'bot', online: true, skills: ['reason'] },
      { tenantId, name: 'theirs', online: true, skills: ['reason'] },
    ]);
    // A second code of the same tenant changes nothing.
    mesh.call(bot.identity, 'redeemInvite', { code: inviteTo(mesh, { kind: 'Limb' }), name: 'again' });
    expect(mesh.rows('limb')).toHaveLength(2);
  });
});
