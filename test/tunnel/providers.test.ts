import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createProvider, providerSettings } from '../../infra/tunnel/providers/index.ts';
import { SupervisedTunnel } from '../../infra/tunnel/supervised.ts';
import { type Answering, openAnswering } from './answering.ts';

// cloudflared, ngrok, bore and tailscale are a stand-in here: stand-in.js says what it reproduces.

const token = 'a-token-that-nobody-may-see';
let home: string;
let inside: Answering;
let tunnel: SupervisedTunnel;

beforeEach(async () => {
  home = mkdtempSync(join(tmpdir(), 'helix-providers-'));
  const bin = join(home, 'bin');
  mkdirSync(bin);
  const standIn = fileURLToPath(new URL('stand-in.js', import.meta.url));
  chmodSync(standIn, 0o755);
  for (const name of ['cloudflared', 'ngrok', 'bore', 'tailscale']) symlinkSync(standIn, join(bin, name));
  vi.stubEnv('PATH', `${bin}:${process.env['PATH']}`);
  vi.stubEnv('HOME', home);
  vi.stubEnv('THE_TOKEN', token);
  secretFile('token', token);
  secretFile('credentials.json', '{}');
  inside = await openAnswering('here');
  writeFileSync(join(home, 'config.yml'), `ingress:\n  - service: http://127.0.0.1:${inside.port}\n`);
  fails(undefined);
});
afterEach(async () => {
  await tunnel.stop();
  await inside.close();
  vi.unstubAllEnvs();
  rmSync(home, { recursive: true });
});

function secretFile(name: string, text: string): void {
  writeFileSync(join(home, name), text, { mode: 0o600 });
}

function fails(failure: string | undefined): void {
  writeFileSync(join(home, 'stand-in.json'), JSON.stringify({ failure }));
}

const standIn = () => JSON.parse(readFileSync(join(home, 'stand-in.json'), 'utf8'));

/** A real request to the port that stands for the whole internet, meant for the tunnel's address. */
function probe(address: string, signal: AbortSignal): Promise<void> {
  const { port } = standIn();
  return new Promise((resolve, reject) => {
    request(
      { host: '127.0.0.1', port, path: '/', headers: { host: new URL(address).host }, signal, agent: false },
      (answer) => {
        answer.resume();
        if (answer.statusCode === 200) resolve();
        else reject(new Error(`status ${answer.statusCode}`));
      },
    )
      .on('error', reject)
      .end();
  });
}

function open(settings: Record<string, unknown>): SupervisedTunnel {
  const provider = createProvider(providerSettings.parse(settings));
  const backoff = { msMin: 10, msMax: 50 };
  tunnel = new SupervisedTunnel({ provider, port: inside.port, probe, backoff, healthMs: 100 });
  return tunnel;
}

const cases = () => {
  const file = { file: join(home, 'token') };
  const configFile = join(home, 'config.yml');
  return {
    'cloudflared, quick': {
      settings: { kind: 'cloudflared', mode: 'quick', configFile },
      address: 'https://angle-plain-river-stone.trycloudflare.com',
      secretIn: undefined,
    },
    'cloudflared by token': {
      settings: { kind: 'cloudflared', mode: 'token', hostname: 'limb01.example.org', token: file, configFile },
      address: 'https://limb01.example.org',
      secretIn: 'TUNNEL_TOKEN',
    },
    'cloudflared by credentials': {
      settings: {
        kind: 'cloudflared',
        mode: 'credentials',
        hostname: 'limb01.example.org',
        credentialsFile: join(home, 'credentials.json'),
        configFile,
      },
      address: 'https://limb01.example.org',
      secretIn: undefined,
    },
    ngrok: {
      settings: { kind: 'ngrok', token: { env: 'THE_TOKEN' } },
      address: 'https://0a1b-198-51-100-7.ngrok-free.app',
      secretIn: 'NGROK_AUTHTOKEN',
    },
    'ngrok with a domain': {
      settings: { kind: 'ngrok', token: file, hostname: 'hub.example.org' },
      address: 'https://hub.example.org',
      secretIn: 'NGROK_AUTHTOKEN',
    },
    bore: {
      settings: { kind: 'bore', server: 'relay.example.org', secret: file },
      address: 'http://relay.example.org:35735',
      secretIn: 'BORE_SECRET',
    },
    'bore with a port': {
      settings: { kind: 'bore', server: 'relay.example.org', remotePort: 9000 },
      address: 'http://relay.example.org:9000',
      secretIn: undefined,
    },
    tailscale: {
      settings: { kind: 'tailscale' },
      address: 'https://edge.tail1234.ts.net',
      secretIn: undefined,
    },
    'tailscale on another port': {
      settings: { kind: 'tailscale', httpsPort: 8443 },
      address: 'https://edge.tail1234.ts.net:8443',
      secretIn: undefined,
    },
  };
};
const names = [
  'cloudflared, quick',
  'cloudflared by token',
  'cloudflared by credentials',
  'ngrok',
  'ngrok with a domain',
  'bore',
  'bore with a port',
  'tailscale',
  'tailscale on another port',
] as const;

describe('the stand-in for a provider', () => {
  it.each(names)('is up, with its address found, and no secret in its arguments: %s', async (name) => {
    const { settings, address, secretIn } = cases()[name];
    await open(settings).start();
    expect(tunnel.status).toMatchObject({ state: 'up', address });
    const { args, environment } = standIn();
    expect(args.join(' ')).not.toContain(token);
    expect(environment).not.toContain('THE_TOKEN');
    for (const variable of ['TUNNEL_TOKEN', 'NGROK_AUTHTOKEN', 'BORE_SECRET']) {
      expect(environment.includes(variable)).toBe(variable === secretIn);
    }
    await tunnel.stop();
    expect(tunnel.status.state).toBe('stopped');
  });

  it.each([
    ['cloudflared by token', 'bad-token', /does not take the token: copy it anew/],
    ['cloudflared by credentials', 'refused', /refused the tunnel \(Invalid tunnel secret\)/],
    ['ngrok', 'bad-token', /does not take the authtoken \(ERR_NGROK_4018\)/],
    ['bore with a port', 'secret', /asks for a secret/],
    ['tailscale', 'refused', /does not allow funnels/],
  ] as const)('fails for good when trying again would not help: %s, %s', async (name, failure, message) => {
    fails(failure);
    await expect(open(cases()[name].settings).start()).rejects.toMatchObject({ code: 'tunnel-failed', message });
    expect(tunnel.status.state).toBe('failed');
    expect(JSON.stringify(tunnel.status)).not.toContain(token);
  });

  it.each([
    ['cloudflared by token', 'blocked', /allow outbound 7844/],
    ['cloudflared, quick', 'no-quick', /gives no quick tunnel/],
    ['ngrok', 'session', /another session of ngrok \(ERR_NGROK_108\)/],
    ['bore', 'blocked', /relay\.example\.org:7835 cannot be reached/],
    ['bore', 'taken', /remote port is taken/],
    ['tailscale', 'away', /systemctl enable --now tailscaled/],
  ] as const)(
    'says what is wrong, tries again, and is up when that has passed: %s, %s',
    async (name, failure, message) => {
      fails(failure);
      const started = open(cases()[name].settings).start();
      await expect.poll(() => tunnel.status.lastError, { timeout: 20_000 }).toMatch(message);
      fails(undefined);
      await started;
      expect(tunnel.status).toMatchObject({ state: 'up', lastError: undefined });
    },
  );

  it.each(names)('says how to install what is missing: %s', async (name) => {
    const { settings } = cases()[name];
    vi.stubEnv('PATH', '/nowhere');
    const program = settings.kind;
    const message = new RegExp(`The program ${program} is not on this machine: (install it|run) .*`);
    await expect(open(settings).start()).rejects.toMatchObject({ code: 'program-missing', message });
  });

  it('is given no secret that others of this machine may read', async () => {
    chmodSync(join(home, 'token'), 0o640);
    const { settings } = cases()['ngrok with a domain'];
    const message = expect.stringMatching(/Others on this machine may read .*chmod 600/);
    await expect(open(settings).start()).rejects.toMatchObject({ code: 'secret-readable', message });
  });
});

describe('settings of a provider', () => {
  it.each([
    [
      {
        kind: 'ssh',
        destination: '-oProxyCommand=x',
        address: 'http://a.example:1',
        remotePort: 1,
        knownHostsFile: '/k',
      },
    ],
    [{ kind: 'bore', server: '--help' }],
    [{ kind: 'ngrok', token: { file: 'relative' } }],
    [{ kind: 'custom', command: ['x'] }],
    [{ kind: 'custom', command: ['x'], pattern: 'y', address: 'http://a.example' }],
    [{ kind: 'custom', command: ['x'], address: 'http://a.example/path' }],
    [{ kind: 'cloudflared', mode: 'quick', configFile: '/c', hostname: 'a.example' }],
    [{ kind: 'tailscale', httpsPort: 22 }],
  ])('are refused: %j', (settings) => {
    expect(providerSettings.safeParse(settings).success).toBe(false);
  });
});
