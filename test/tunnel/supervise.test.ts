import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { backoffMs } from '../../infra/tunnel/backoff.ts';
import { type Gate, openGate } from '../../infra/tunnel/gate/gate.ts';
import { CustomProvider } from '../../infra/tunnel/providers/custom.ts';
import { SupervisedTunnel } from '../../infra/tunnel/supervised.ts';
import { descendantsOf } from '../../limbs/sandbox/testing/host.ts';
import { openRelay, type Relay } from './relay.ts';

const folder = mkdtempSync(join(tmpdir(), 'helix-tunnel-'));
afterAll(() => rmSync(folder, { recursive: true }));

const fast = { backoff: { msMin: 10, msMax: 50 }, healthMs: 50, startMsMax: 20_000, probeMsMax: 1000 };
const pattern = 'gives (\\S+)';

let relay: Relay;
let gate: Gate;
let tunnel: SupervisedTunnel;
beforeEach(async () => {
  relay = await openRelay();
  gate = await openGate({
    port: 0,
    services: { metrics: 9 },
    openings: { web: false, pairing: false, webhooks: false },
    address: () => tunnel?.status.address,
    token: 'a token of the gate',
  });
});
afterEach(async () => {
  await tunnel.stop();
  await gate.close();
  await relay.close();
});

function open(command: readonly string[] = relay.command, more: Partial<typeof fast> = {}): SupervisedTunnel {
  const provider = new CustomProvider({ kind: 'custom', command: [...command], pattern, passEnv: [] });
  tunnel = new SupervisedTunnel({ provider, port: gate.port, probe: gate.probe, ...fast, ...more });
  return tunnel;
}

const programs = (): number[] => descendantsOf(process.pid).filter((pid) => commandOf(pid).includes('relay-client'));

describe('a tunnel', () => {
  it('is up when a request came through, and says where it is reached', async () => {
    await open().start();
    expect(tunnel.status).toMatchObject({ state: 'up', address: relay.address, restartCount: 0, lastError: undefined });
    expect(await tunnel.health()).toEqual({ isHealthy: true, roundTripMs: expect.any(Number) });
  });

  it('is gone with all of its processes when it was stopped, and starts again', async () => {
    await open().start();
    expect(programs()).not.toEqual([]);
    await tunnel.stop();
    expect(tunnel.status.state).toBe('stopped');
    await expect.poll(programs, { timeout: 10_000 }).toEqual([]);
    await tunnel.start();
    expect(tunnel.status.state).toBe('up');
  });

  it('is started anew when its program was killed', async () => {
    await open().start();
    for (const restartCount of [1, 2, 3]) {
      for (const pid of programs()) process.kill(pid, 'SIGKILL');
      await expect.poll(() => tunnel.status, { timeout: 20_000 }).toMatchObject({ state: 'up', restartCount });
    }
  });

  it('is started anew when requests are not answered any more', async () => {
    await open().start();
    relay.isStuck = true;
    await expect.poll(() => tunnel.status.restartCount, { timeout: 20_000 }).toBeGreaterThan(0);
    relay.isStuck = false;
    await expect.poll(() => tunnel.status.state, { timeout: 20_000 }).toBe('up');
  });

  it('is started anew when its relay is gone, and says so meanwhile', async () => {
    const seen = new Set<string>();
    open().onChange(({ state, lastError }) => seen.add(`${state}: ${lastError ?? ''}`));
    await tunnel.start();
    await relay.close();
    await expect.poll(() => [...seen].join('\n'), { timeout: 20_000 }).toMatch(/^(unhealthy|waiting): .+/m);
    expect((await tunnel.health()).isHealthy).toBe(false);
    await expect.poll(() => tunnel.status.restartCount, { timeout: 20_000 }).toBeGreaterThan(0);
  });

  it('is not up when something else answers at its address', async () => {
    const other = await openGate({
      port: 0,
      services: { metrics: 9 },
      openings: { web: false, pairing: false, webhooks: false },
      address: () => undefined,
      token: 'another',
    });
    relay.announce(`http://127.0.0.1:${other.port}`);
    open(relay.command, { startMsMax: 300 })
      .start()
      .catch(() => {});
    await expect.poll(() => tunnel.status.lastError, { timeout: 20_000 }).toMatch(/something else .* status 421/);
    expect(tunnel.status.state).not.toBe('up');
    await other.close();
  });

  it('fails for good when its program is missing, with how to get it', async () => {
    const started = open(['/no/such/program']).start();
    await expect(started).rejects.toMatchObject({ code: 'program-missing', message: /\/no\/such\/program is not on/ });
    expect(tunnel.status).toMatchObject({ state: 'failed', lastError: /is not on this machine/ });
  });

  it('keeps the last words of a program that ends by itself', async () => {
    open(['/bin/sh', '-c', 'echo no such region >&2; exit 7'])
      .start()
      .catch(() => {});
    await expect
      .poll(() => tunnel.status.lastError)
      .toBe('/bin/sh ended with exit code 7; its last words: no such region');
  });

  it('is ended by force when its program does not listen, with what that has started', async () => {
    const stubborn = join(folder, 'stubborn.sh');
    const pids = join(folder, 'pids');
    const inner = relay.command.join(' ').replace('{port}', String(gate.port));
    writeFileSync(
      stubborn,
      `trap '' TERM INT HUP
sleep 1000 &
echo $$ $! >${pids}
${inner}
true
`,
    );
    await open(['/bin/sh', stubborn, '{port}'])
      .start()
      .catch(() => {});
    await tunnel.stop();
    for (const pid of readFileSync(pids, 'utf8').trim().split(' ')) {
      await expect.poll(() => existsSync(`/proc/${pid}`), { timeout: 10_000 }).toBe(false);
    }
  });
});

describe('a process that is killed', () => {
  let program: string;
  beforeAll(async () => {
    program = join(folder, 'keeper.mjs');
    const entryPoints = [join(import.meta.dirname, 'keeper.ts')];
    await build({ entryPoints, outfile: program, bundle: true, platform: 'node', format: 'esm', logLevel: 'error' });
  });

  it('leaves nothing of its tunnel behind', async () => {
    const command = ['/bin/sh', '-c', `sleep 1000 & ${relay.command.join(' ')}`, '{port}'];
    open();
    const keeper = spawn(
      process.execPath,
      [program, JSON.stringify(command.map((part) => part.replaceAll('{port}', String(gate.port))))],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    expect(String(await once(keeper.stdout, 'data'))).toBe('started\n');
    await expect.poll(() => descendantsOf(keeper.pid ?? 0).length).toBeGreaterThanOrEqual(4);
    const begun = descendantsOf(keeper.pid ?? 0);
    keeper.kill('SIGKILL');
    await once(keeper, 'exit');
    await expect.poll(() => begun.filter((pid) => existsSync(`/proc/${pid}`)), { timeout: 10_000 }).toEqual([]);
  });
});

describe('the time between two starts', () => {
  it('doubles up to a bound, half of it at random', () => {
    const backoff = { msMin: 1000, msMax: 60_000 };
    expect([1, 2, 3, 7, 1000].map((failures) => backoffMs(backoff, failures, () => 1))).toEqual([
      1000, 2000, 4000, 60_000, 60_000,
    ]);
    expect(backoffMs(backoff, 1, () => 0)).toBe(500);
  });
});

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
