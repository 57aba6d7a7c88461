import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { runCli, startCli } from '../../cli/testing/cli.fixture.ts';
import { ingressText, validateIngress } from '../../infra/tunnel/cloudflared/ingress.ts';
import { unitText } from '../../infra/tunnel/service/unit.ts';
import { descendantsOf } from '../../limbs/sandbox/testing/host.ts';
import { openRelay, type Relay } from './relay.ts';
import { closed } from './through.ts';

const tunnelId = 'f174e90a-fafe-4643-bbbc-4a0ed4fc8415';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'helix-setup-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const helix = (...args: string[]) => runCli(['tunnel', ...args], { env: { HELIX_HOME: folder, HOME: folder } });

describe('helix tunnel setup cloudflared', () => {
  const hostname = 'limb01.example.org';
  beforeEach(() => {
    mkdirSync(join(folder, '.cloudflared'));
    const credentials = { AccountTag: 'a', TunnelSecret: 'the-secret', TunnelID: tunnelId };
    const file = join(folder, '.cloudflared', `${tunnelId}.json`);
    writeFileSync(file, JSON.stringify(credentials), { mode: 0o600 });
  });

  it('writes rules for what is exposed and nothing else, and says how the name comes to lead there', async () => {
    const { code, stdout } = await helix(
      'setup',
      'cloudflared',
      '--hostname',
      hostname,
      '--expose',
      'mcp:8765,metrics:9464',
    );
    expect(code).toBe(0);
    const place = join(folder, 'tunnels/cloudflared');
    const definition = JSON.parse(readFileSync(join(place, 'definition.json'), 'utf8'));
    const service = `http://127.0.0.1:${definition.gatePort}`;
    expect(parse(readFileSync(join(place, 'config.yml'), 'utf8'))).toEqual({
      tunnel: tunnelId,
      'credentials-file': join(folder, '.cloudflared', `${tunnelId}.json`),
      'no-autoupdate': true,
      ingress: [
        { hostname, path: '^/\\.well-known/helix-tunnel/[0-9a-f]+$', service },
        { hostname, path: '^/mcp$', service },
        { hostname, path: '^/(metrics|healthz)$', service },
        { service: 'http_status:404' },
      ],
    });
    expect(stdout).toContain(`cloudflared tunnel route dns ${tunnelId} ${hostname}`);
    expect(stdout).toContain(`${hostname} -> ${tunnelId}.cfargotunnel.com`);
    expect(stdout).toContain(join(place, 'token'));
    expect(stdout).not.toContain('the-secret');
    for (const name of readdirSync(place)) expect(statSync(join(place, name)).mode & 0o777).toBe(0o600);
    expect(statSync(place).mode & 0o777).toBe(0o700);
  });

  it('has cloudflared, or its stand-in here, validate them where it is installed', async () => {
    symlinkSync(fileURLToPath(new URL('stand-in.js', import.meta.url)), join(folder, 'cloudflared'));
    writeFileSync(join(folder, 'stand-in.json'), '{}');
    const env = { HELIX_HOME: folder, HOME: folder, PATH: `${folder}:${process.env['PATH']}` };
    const { stdout } = await runCli(['tunnel', 'setup', 'cloudflared', '--hostname', hostname], { env });
    expect(stdout).toContain('which cloudflared has validated, too');
  });

  it.each([
    [['--hostname', 'Bad_name'], /expected a full hostname/],
    [['--hostname', hostname, '--expose', 'ssh:22'], /expected hub:PORT, mcp:PORT or metrics:PORT/],
    [['--hostname', hostname, '--allow', 'all'], /expected web, pairing or webhooks/],
    [['--hostname', hostname, '--name', '../x'], /expected at most 32 small letters/],
    [['--hostname', hostname, '--credentials-file', '/dev/null'], /is no file/],
    [[], /Give --hostname, or --quick/],
    [['--quick', '--hostname', hostname], /cannot be used with/],
  ])('refuses %j', async (args, message) => {
    const { code, stderr } = await helix('setup', 'cloudflared', ...args);
    expect(code).toBe(1);
    expect(stderr).toMatch(message);
    expect(existsSync(join(folder, 'tunnels'))).toBe(false);
  });

  it('sends those who have a token to the dashboard, with the rules to give there', async () => {
    writeFileSync(join(folder, 'token'), 'a-very-secret-token', { mode: 0o600 });
    const { stdout } = await helix(
      'setup',
      'cloudflared',
      '--hostname',
      hostname,
      '--token-file',
      join(folder, 'token'),
    );
    expect(stdout).toMatch(/limb01\.example\.org, path \^\/v1\/ -> http:\/\/127\.0\.0\.1:\d+/);
    expect(stdout).toContain('http_status:404');
    expect(stdout).not.toContain('a-very-secret-token');
  });
});

describe('the configuration for cloudflared', () => {
  const hostname = 'hub.example.org';
  const good = ingressText({
    tunnelId,
    credentialsFile: '/c.json',
    hostname,
    services: { hub: 1 },
    openings: closed,
    gatePort: 4000,
  });
  const expected = { hostname, gatePort: 4000 };

  it('is valid whatever is exposed', () => {
    const portNumber = fc.integer({ min: 1, max: 65_535 });
    const service = fc.record({ hub: portNumber, mcp: portNumber, metrics: portNumber }, { requiredKeys: ['hub'] });
    const openings = fc.record({ web: fc.boolean(), pairing: fc.boolean(), webhooks: fc.boolean() });
    fc.assert(
      fc.property(service, openings, portNumber, (services, opened, gatePort) => {
        const text = ingressText({
          tunnelId,
          credentialsFile: '/c.json',
          hostname,
          services,
          openings: opened,
          gatePort,
        });
        validateIngress(text, { hostname, gatePort });
        expect(text.trimEnd().endsWith('- service: http_status:404')).toBe(true);
      }),
    );
  });

  it.each([
    ['another port', good.replace('127.0.0.1:4000', '127.0.0.1:22'), /leads to http:\/\/127\.0\.0\.1:22/],
    ['another machine', good.replace('127.0.0.1:4000', '192.168.0.1:4000'), /leads to http:\/\/192/],
    ['another name', good.replace(hostname, 'evil.example.org'), /is for evil\.example\.org/],
    ['every name', good.replace(`hostname: ${hostname}\n    `, ''), /ingress/],
    ['no last rule', good.replace('  - service: http_status:404\n', ''), /ingress|last rule/],
    ['a last rule that leads somewhere', good.replace('http_status:404', 'http://127.0.0.1:4000'), /ingress/],
    [
      'a rule for all before the last',
      good.replace('ingress:\n', 'ingress:\n  - service: http_status:404\n'),
      /catches everything/,
    ],
    ['more than it should say', `${good}\nwarp-routing:\n  enabled: true\n`, /warp-routing/],
  ])('is refused with %s', (_what, text, message) => {
    expect(text).not.toBe(good);
    expect(() => validateIngress(text, expected)).toThrow(message);
  });
});

describe('helix tunnel', () => {
  let relay: Relay;
  beforeEach(async () => {
    relay = await openRelay();
  });
  afterEach(() => relay.close());

  it('keeps a tunnel up in the background, says so, and takes it down', async () => {
    const setup = await helix(
      'setup',
      'custom',
      '--name',
      'home',
      '--expose',
      'metrics:9',
      '--pattern',
      'gives (\\S+)',
      '--',
      ...relay.command,
    );
    expect(setup.code).toBe(0);
    expect(await helix('status')).toMatchObject({ code: 1, stdout: expect.stringContaining('home (custom) is down') });
    const up = await helix('up', '--background');
    expect(up).toMatchObject({ code: 0, stdout: expect.stringContaining(`home is up at ${relay.address}`) });
    const { code, stdout } = await helix('status', '--json');
    const status = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(status).toMatchObject({
      name: 'home',
      kind: 'custom',
      state: 'up',
      address: relay.address,
      lastError: null,
    });
    expect(descendantsOf(status.pid)).not.toEqual([]);
    expect(await helix('up')).toMatchObject({ code: 1, stderr: expect.stringContaining('runs already') });
    expect(await helix('remove', 'home')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('tunnel down home'),
    });
    const place = join(folder, 'tunnels/home');
    for (const name of readdirSync(place)) expect(statSync(join(place, name)).mode & 0o777).toBe(0o600);

    expect(await helix('down')).toMatchObject({ code: 0, stdout: 'home is down.\n' });
    await expect.poll(() => existsSync(`/proc/${status.pid}`), { timeout: 10_000 }).toBe(false);
    expect(JSON.parse((await helix('list', '--json')).stdout)).toMatchObject([
      { name: 'home', state: 'stopped', pid: null },
    ]);
    await helix('remove', 'home');
    expect((await helix('list')).stdout).toContain('No tunnel is set up here');
  });

  it('says that a tunnel is down whose keeper was killed, and leaves nothing of it', async () => {
    await helix('setup', 'custom', '--expose', 'metrics:9', '--pattern', 'gives (\\S+)', '--', ...relay.command);
    const keeper = startCli(['tunnel', 'up'], { env: { HELIX_HOME: folder } });
    await keeper.line(/The tunnel is up at http/);
    const below = descendantsOf(keeper.child.pid ?? 0);
    keeper.child.kill('SIGKILL');
    await keeper.ended;
    await expect.poll(() => below.filter((pid) => existsSync(`/proc/${pid}`)), { timeout: 10_000 }).toEqual([]);
    expect(JSON.parse((await helix('status', '--json')).stdout)).toMatchObject({
      state: 'stopped',
      pid: null,
      address: null,
    });
    expect((await helix('down')).stdout).toBe('custom is down already.\n');
  });

  it('ends in order at SIGTERM, and fails at once when its program is missing', async () => {
    await helix('setup', 'custom', '--expose', 'metrics:9', '--pattern', 'gives (\\S+)', '--', ...relay.command);
    const keeper = startCli(['tunnel', 'up'], { env: { HELIX_HOME: folder } });
    await keeper.line(/The tunnel is up at http/);
    keeper.child.kill('SIGTERM');
    expect((await keeper.ended).code).toBe(0);
    await helix('setup', 'custom', '--address', 'http://127.0.0.1:9', '--', 'no-such-program-anywhere');
    const failed = await helix('up');
    expect(failed).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no-such-program-anywhere is not on this machine'),
    });
    expect(JSON.parse((await helix('status', '--json')).stdout)).toMatchObject({ state: 'failed' });
  });

  it('asks which of several, and knows which there are', async () => {
    for (const name of ['one', 'two'])
      await helix('setup', 'custom', '--name', name, '--address', 'http://127.0.0.1:9', '--', 'true');
    expect((await helix('up')).stderr).toContain('Which of one, two?');
    expect((await helix('status', 'three')).stderr).toContain('There is no tunnel three here, there is one, two');
  });
});

describe('the unit of a tunnel', () => {
  const unit = unitText({
    name: 'home',
    user: '1000',
    home: '/srv/he%l x',
    command: ['/usr/bin/node', '/opt/a$b/bin.js'],
  });

  it('takes what it does not need away, and holds no secret', () => {
    for (const line of [
      'NoNewPrivileges=yes',
      'ProtectSystem=strict',
      'CapabilityBoundingSet=',
      'UMask=0077',
      'User=1000',
    ]) {
      expect(unit.split('\n')).toContain(line);
    }
    expect(unit).toContain('ExecStart=/usr/bin/node /opt/a$$b/bin.js tunnel up home');
    expect(unit).toContain('ReadWritePaths="/srv/he%%l x"');
  });

  const isHere = spawnSync('systemd-analyze', ['--version']).status === 0;
  it.skipIf(!isHere)('is understood by systemd', () => {
    const file = join(folder, 'helix-tunnel-home.service');
    writeFileSync(file, unitText({ name: 'home', user: '0', home: folder, command: [process.execPath, '/bin.js'] }));
    const said = execFileSync('sh', ['-c', `systemd-analyze verify ${file} 2>&1 || true`], { encoding: 'utf8' });
    expect(said.split('\n').filter((line) => line.includes('helix-tunnel'))).toEqual([]);
  });
});
