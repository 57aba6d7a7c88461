import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CompactSign, exportJWK } from 'jose';
import { afterEach, describe, expect, test } from 'vitest';
import { Authority, type AuthorityOptions } from './authority.ts';
import { identityOf, identityToHex } from './identity.ts';
import { fileKeyStore, type KeyStore } from './keys.ts';

const folders: string[] = [];
afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true });
});

function memoryKeys(): KeyStore {
  let kept: string | undefined;
  return {
    name: 'key',
    load: async () => kept,
    save: async (pem) => {
      kept = pem;
    },
  };
}

const clock = { ms: 1_700_000_000_000, nowMs: () => clock.ms };
function open(options: Partial<AuthorityOptions> = {}): Promise<Authority> {
  return Authority.open({ keys: memoryKeys(), clock, ...options });
}

const rejects = (promise: Promise<unknown>, message: RegExp) =>
  expect(promise).rejects.toMatchObject({ code: 'token', message: expect.stringMatching(message) });

describe('[TOKEN1] minted tokens', () => {
  test('prove the identity of issuer and subject, and never expire unless asked', async () => {
    const authority = await open();
    const minted = await authority.mint({ subject: 'limb-1', claims: { role: 'limb' } });
    expect(await authority.verify(minted.token)).toEqual(minted);
    expect(minted.identity).toBe(identityOf('localhost', 'limb-1'));
    expect(JSON.parse(minted.claims)).toEqual({
      role: 'limb',
      hex_identity: identityToHex(minted.identity),
      sub: 'limb-1',
      iss: 'localhost',
      aud: ['spacetimedb'],
      iat: 1_700_000_000,
      exp: null,
    });
  });

  test('without a subject each is somebody new', async () => {
    const authority = await open();
    const [one, two] = [await authority.mint(), await authority.mint()];
    expect(one.identity).not.toBe(two.identity);
    expect(JSON.parse(one.claims).sub).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });

  test('claims that are asked for cannot replace the standard ones', async () => {
    const authority = await open();
    const minted = await authority.mint({ subject: 'a', claims: { sub: 'b', hex_identity: '00', iss: 'x' } });
    expect(minted.identity).toBe(identityOf('localhost', 'a'));
    expect((await authority.verify(minted.token)).identity).toBe(minted.identity);
  });

  test.each(['', 'x'.repeat(129)])('a subject of %j is refused', async (subject) => {
    await rejects((await open()).mint({ subject }), /expected 1 to 128/);
  });
});

describe('[TOKEN2] the signing key', () => {
  test('is made once, kept for its owner only, and serves after a restart', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'helix-keys-'));
    folders.push(folder);
    const path = join(folder, 'data', 'jwt-key.pem');
    const first = await open({ keys: fileKeyStore(path) });
    const { token } = await first.mint();
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    const pem = await readFile(path, 'utf8');
    const second = await open({ keys: fileKeyStore(path) });
    await second.verify(token);
    expect(second.publicPem).toBe(first.publicPem);
    expect(await readFile(path, 'utf8')).toBe(pem);
  });

  test('that is damaged, or on another curve, says so', async () => {
    const other = generateKeyPairSync('ec', { namedCurve: 'P-384' });
    const pem = other.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    for (const [text, message] of [
      ['no key', /jwt-key.pem.*not a PEM private key/],
      [pem, /jwt-key.pem.*expected an EC key on P-256/],
    ] as const) {
      const keys = { name: '/data/jwt-key.pem', load: async () => text, save: async () => {} };
      await expect(open({ keys })).rejects.toMatchObject({
        code: 'signing-key',
        message: expect.stringMatching(message),
      });
    }
  });
});

test('[CRASH6] a flipped bit in any byte of the signing key is refused by name, or changes nothing', async () => {
  const pair = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = pair.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const keysOf = (text: string) => ({ name: '/data/jwt-key.pem', load: async () => text, save: async () => {} });
  const whole = await open({ keys: keysOf(pem) });
  let refusedCount = 0;
  for (let at = 0; at < pem.length; at++) {
    const bytes = Buffer.from(pem);
    bytes.writeUInt8(bytes.readUInt8(at) ^ (1 << (at & 7)), at);
    try {
      const flipped = await open({ keys: keysOf(bytes.toString('latin1')) });
      await whole.verify((await flipped.mint()).token);
    } catch (error) {
      expect(error).toMatchObject({
        code: 'signing-key',
        message: expect.stringMatching(/^\/data\/jwt-key\.pem, the key/),
      });
      refusedCount += 1;
    }
  }
  expect(refusedCount).toBeGreaterThan(150);
});

describe('[TOKEN3] a token is refused', () => {
  test('when it is not one', async () => {
    const authority = await open();
    await rejects(authority.verify('nonsense'), /could not be verified|Invalid/);
    await rejects(authority.verify('x'.repeat(20_000)), /20000 characters, expected at most/);
  });

  test('when another server signed it', async () => {
    const { token } = await (await open()).mint();
    await rejects((await open()).verify(token), /signature is not this server's/);
  });

  test('when its claims were changed', async () => {
    const authority = await open();
    const { token, claims } = await authority.mint({ subject: 'a' });
    const [header, , signature] = token.split('.');
    const changed = Buffer.from(claims.replace('"a"', '"b"')).toString('base64url');
    await rejects(authority.verify(`${header}.${changed}.${signature}`), /signature is not this server's/);
  });

  test('without a signature at all', async () => {
    const authority = await open();
    const header = Buffer.from('{"alg":"none"}').toString('base64url');
    const claims = Buffer.from('{"iss":"localhost","sub":"a"}').toString('base64url');
    await rejects(authority.verify(`${header}.${claims}.`), /./);
  });

  test('once it has expired', async () => {
    const authority = await open();
    const { token } = await authority.mint({ lifetimeS: 10 });
    await authority.verify(token);
    clock.ms += 10_000;
    await rejects(authority.verify(token), /expired 0 s ago/);
  });
});

describe('[TOKEN4] a WebSocket token', () => {
  test('is the same identity for 60 s', async () => {
    const authority = await open();
    const long = await authority.mint({ claims: { role: 'limb' } });
    const short = await authority.shorten(long);
    expect(short.identity).toBe(long.identity);
    expect(JSON.parse(short.claims)).toMatchObject({ role: 'limb', exp: Math.floor(clock.ms / 1000) + 60 });
    await authority.verify(short.token);
    clock.ms += 60_000;
    await rejects(authority.verify(short.token), /expired/);
    await authority.verify(long.token);
  });

  test('does not outlive the token it was traded for', async () => {
    const authority = await open();
    const short = await authority.shorten(await authority.mint({ lifetimeS: 5 }));
    expect(JSON.parse(short.claims).exp).toBe(Math.floor(clock.ms / 1000) + 5);
  });
});

describe('[TOKEN5] OpenID Connect issuers', () => {
  const issuer = 'https://id.example';

  async function provider(kid = 'k1') {
    const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const jwks = { keys: [{ ...(await exportJWK(keys.publicKey)), kid, alg: 'RS256' }] };
    const asked: string[] = [];
    let isDown = false;
    return {
      asked,
      setDown: (down: boolean) => {
        isDown = down;
      },
      async fetchJson(url: string): Promise<unknown> {
        asked.push(url);
        if (isDown) throw new Error('connection refused');
        if (url === `${issuer}/.well-known/openid-configuration`) return { issuer, jwks_uri: `${issuer}/jwks` };
        return jwks;
      },
      sign: (claims: object) =>
        new CompactSign(Buffer.from(JSON.stringify(claims)))
          .setProtectedHeader({ alg: 'RS256', kid })
          .sign(keys.privateKey),
    };
  }

  test('that are trusted sign for their own subjects', async () => {
    const idp = await provider();
    const authority = await open({ trusted: [issuer], fetchJson: idp.fetchJson });
    const token = await idp.sign({ iss: issuer, sub: 'ada', email: 'ada@example.org' });
    const verified = await authority.verify(token);
    expect(verified.identity).toBe(identityOf(issuer, 'ada'));
    expect(JSON.parse(verified.claims)).toMatchObject({ email: 'ada@example.org' });
    // Traded for a WebSocket token it is still the issuer's subject.
    const short = await authority.shorten(verified);
    expect((await authority.verify(short.token)).identity).toBe(verified.identity);
  });

  test('that are not trusted are never asked', async () => {
    const idp = await provider();
    const token = await idp.sign({ iss: issuer, sub: 'ada' });
    await rejects((await open({ fetchJson: idp.fetchJson })).verify(token), /not one of the issuers/);
    const plain = await idp.sign({ iss: 'http://169.254.169.254', sub: 'ada' });
    await rejects((await open({ trusted: 'any', fetchJson: idp.fetchJson })).verify(plain), /not an https address/);
    expect(idp.asked).toEqual([]);
  });

  test('are asked again after 300 s; when they are down their keys serve for 2 h', async () => {
    const idp = await provider();
    const authority = await open({ trusted: 'any', fetchJson: idp.fetchJson });
    const token = await idp.sign({ iss: issuer, sub: 'ada' });
    await Promise.all([authority.verify(token), authority.verify(token)]);
    expect(idp.asked).toHaveLength(2);
    clock.ms += 299_000;
    await authority.verify(token);
    expect(idp.asked).toHaveLength(2);
    clock.ms += 2_000;
    await authority.verify(token);
    expect(idp.asked).toHaveLength(4);
    idp.setDown(true);
    clock.ms += 7_000_000;
    await authority.verify(token);
    clock.ms += 200_001;
    await rejects(authority.verify(token), /could not be fetched: connection refused/);
  });

  test('that have changed their keys are asked again, though not for every token', async () => {
    const [before, after] = [await provider(), await provider('k2')];
    let idp = before;
    const authority = await open({ trusted: [issuer], fetchJson: (url) => idp.fetchJson(url) });
    await authority.verify(await before.sign({ iss: issuer, sub: 'ada' }));
    idp = after;
    clock.ms += 9_000;
    const token = await after.sign({ iss: issuer, sub: 'ada' });
    await rejects(authority.verify(token), /could not be verified/);
    clock.ms += 2_000;
    expect((await authority.verify(token)).identity).toBe(identityOf(issuer, 'ada'));
    for (let i = 0; i < 3; i++)
      await rejects(authority.verify(await before.sign({ iss: issuer, sub: 'x' })), /verified/);
    expect(after.asked).toHaveLength(2);
  });

  test('cannot make an identity that is not theirs', async () => {
    const idp = await provider();
    const authority = await open({ trusted: [issuer], fetchJson: idp.fetchJson });
    const stolen = identityToHex(identityOf('localhost', 'admin'));
    await rejects(
      authority.verify(await idp.sign({ iss: issuer, sub: 'ada', hex_identity: stolen })),
      /hex_identity is/,
    );
    await rejects(authority.verify(await idp.sign({ iss: issuer })), /claims do not fit/);
    await rejects(
      authority.verify(await idp.sign({ iss: issuer, sub: 'x'.repeat(129) })),
      /129 bytes, expected 1 to 128/,
    );
    await rejects(
      authority.verify(await idp.sign({ iss: issuer, sub: 'ada', nbf: clock.ms / 1000 + 60 })),
      /valid only in 60 s/,
    );
  });

  test('that answer for somebody else are refused', async () => {
    const idp = await provider();
    const fetchJson = async () => ({ issuer: 'https://other.example', jwks_uri: 'https://other.example/jwks' });
    const authority = await open({ trusted: [issuer], fetchJson });
    await rejects(
      authority.verify(await idp.sign({ iss: issuer, sub: 'ada' })),
      /calls itself "https:\/\/other.example"/,
    );
  });
});
