import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'undici';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DbConnection } from '../../bindings/index.ts';
import { descendantsOf } from '../../limbs/sandbox/testing/host.ts';
import { type Outpost, openOutpost, outpostLack } from '../limb/outpost.ts';
import { buildCountingLimb, startCountingLimb, submitCounts } from '../support/counting-limbs.ts';
import { connectTo, subscribe, until } from '../support/hub.ts';
import { freePort } from '../support/port.ts';
import { type HelixProcess, helixCommand, startProgram } from '../support/process.ts';
import { scan } from './scan.ts';

const programs = { '/usr/sbin/sshd': 'openssh-server', '/usr/bin/ssh': 'openssh-client', '/usr/sbin/nft': 'nftables' };
const missing = Object.entries(programs).find(([file]) => !existsSync(file));
const lack = outpostLack() ?? (missing && `${missing[0]} is missing (apt-get install ${missing[1]})`);
const title = 'a hub in a network with no way in, reached by ssh through a machine in between';

if (lack !== undefined) describe.skip(`${title} SKIPPED: ${lack}`, () => it('works', () => {}));
else
  describe(title, { timeout: 120_000 }, () => {
    /** An address of this machine, which is the one in between, on both cables. */
    const middle = `198.19.255.${8 + (process.pid % 240)}`;
    const module = fileURLToPath(new URL('../../hub/index.ts', import.meta.url));
    const folder = mkdtempSync(join(tmpdir(), 'helix-ssh-'));
    const file = (name: string) => join(folder, name);
    const ip = (...args: string[]) => execFileSync('/usr/sbin/ip', args);
    let hubSide: Outpost;
    let limbSide: Outpost;
    let sshd: ChildProcess;
    let hub: HelixProcess;
    let keeper: HelixProcess;
    let limb: ChildProcess;
    let owner: DbConnection;
    let sshPort: number;
    let address: string;

    const at = (outpost: Outpost, environment: Record<string, string>, ...command: string[]): HelixProcess => {
      const [program, ...args] = outpost.command(command);
      return startProgram(program, args, environment);
    };
    const atHub = (...args: string[]) => at(hubSide, { HELIX_HOME: file('home') }, ...helixCommand, ...args);
    const done = async (running: HelixProcess): Promise<string> => {
      await running.exited;
      return running.output();
    };
    const status = async () => JSON.parse(await done(atHub('tunnel', 'status', '--json')));

    beforeAll(async () => {
      [hubSide, limbSide] = [await openOutpost(0), await openOutpost(1)];
      ip('addr', 'add', `${middle}/32`, 'dev', 'lo');
      for (const side of [hubSide, limbSide]) {
        const [program, ...args] = side.command(['/usr/sbin/ip', 'route', 'add', middle, 'via', side.address]);
        execFileSync(program, args);
      }
      sshPort = await freePort();
      address = `http://${middle}:${await freePort()}`;
      sshd = await startSshd();

      hub = at(
        hubSide,
        {},
        ...helixCommand,
        'hub',
        'start',
        '--module',
        module,
        '--name',
        'helix',
        '--data',
        file('data'),
        '--listen',
        '127.0.0.1:3000',
      );
      await hub.line(/listening on/);
      const remote = ['--remote-port', new URL(address).port, '--remote-host', middle, '--address', address];
      const keys = ['--known-hosts', file('known_hosts'), '--identity-file', file('key')];
      const setup = [
        'tunnel',
        'setup',
        'ssh',
        '--to',
        `root@${middle}`,
        '--ssh-port',
        String(sshPort),
        ...remote,
        ...keys,
      ];
      expect(await done(atHub(...setup, '--expose', 'hub:3000', '--allow', 'pairing'))).toContain('is not encrypted');
      keeper = atHub('tunnel', 'up');
      await keeper.line(/The tunnel is up at/);
      globalThis.WebSocket ??= WebSocket as unknown as typeof globalThis.WebSocket;
      owner = await connectTo(address, readFileSync(join(file('data'), 'operator.token'), 'utf8').trim());
      await subscribe(owner, 'SELECT * FROM tasks');
    }, 120_000);
    afterAll(async () => {
      owner?.disconnect();
      limb?.kill('SIGKILL');
      await keeper?.stop();
      await hub?.stop();
      sshd?.kill();
      await hubSide?.close();
      await limbSide?.close();
      ip('addr', 'del', `${middle}/32`, 'dev', 'lo');
      rmSync(folder, { recursive: true });
    });

    async function startSshd(): Promise<ChildProcess> {
      for (const name of ['key', 'host_key', 'other_key'])
        execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file(name)]);
      const key = readFileSync(file('key.pub'), 'utf8');
      const listen = `${middle}:${new URL(address).port}`;
      writeFileSync(file('authorized_keys'), `restrict,port-forwarding,permitlisten="${listen}" ${key}`);
      writeFileSync(file('known_hosts'), `[${middle}]:${sshPort} ${readFileSync(file('host_key.pub'), 'utf8')}`);
      const settings = [
        `ListenAddress ${middle}:${sshPort}`,
        `HostKey ${file('host_key')}`,
        `AuthorizedKeysFile ${file('authorized_keys')}`,
        'GatewayPorts clientspecified',
        'StrictModes no',
        'PasswordAuthentication no',
        'UsePAM no',
        'PidFile none',
      ];
      writeFileSync(file('sshd_config'), `${settings.join('\n')}\n`);
      mkdirSync('/run/sshd', { recursive: true, mode: 0o755 });
      const started = spawn('/usr/sbin/sshd', ['-D', '-e', '-f', file('sshd_config')], {
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      await new Promise<void>((resolve, reject) => {
        let said = '';
        started.stderr.on('data', (bytes: Buffer) => {
          said += bytes;
          if (said.includes('Server listening')) resolve();
        });
        started.on('exit', () => reject(new Error(said)));
      });
      return started;
    }

    it('has its ports closed, and the tunnel up all the same', async () => {
      const script = `mount -t tmpfs none /run && "$@" firewall apply && "$@" firewall confirm && "$@" audit`;
      const closing = at(hubSide, {}, 'sh', '-c', script, 'sh', ...helixCommand, 'tunnel');
      expect(await done(closing)).toContain('only this machine reaches loopback');
      expect(closing.child.exitCode).toBe(0);
      expect(scan(hubSide.insideAddress, 53)).toEqual({ tcp: [], refused: 0, udp: [] });
      expect(await status()).toMatchObject({ state: 'up', address, kind: 'ssh' });
    });

    it('gives work to a limb in another network, which sends packets to nowhere but the tunnel', async () => {
      await buildCountingLimb();
      const options = { folder: file('far'), ledger: file('ledger'), command: limbSide.command };
      limb = await startCountingLimb(owner, address, options);
      await submitCounts(owner, 0, 20);
      await until('every task is done', () => doneCount() === 20, 60_000);
      expect([...limbSide.sent()]).toEqual([`tcp ${new URL(address).host}`]);
      const sent = [...hubSide.sent()].filter((packet) => packet !== `tcp ${new URL(address).host}`);
      expect(sent).toEqual([`tcp ${middle}:${sshPort}`]);
    });

    it('is reached again when the ssh session was cut', async () => {
      const { restartCount, pid } = await status();
      const ssh = descendantsOf(pid).find((child) => readFileSync(`/proc/${child}/comm`, 'utf8') === 'ssh\n');
      process.kill(ssh ?? 0, 'SIGKILL');
      await expect.poll(status, { timeout: 60_000 }).toMatchObject({ state: 'up', restartCount: restartCount + 1 });
      owner = await connectTo(address, readFileSync(join(file('data'), 'operator.token'), 'utf8').trim());
      await subscribe(owner, 'SELECT * FROM tasks');
      await submitCounts(owner, 20, 20);
      await until('the others are done, too', () => doneCount() === 40, 60_000);
    });

    it('does not dial a server that has another key than the known one', async () => {
      await keeper.stop();
      writeFileSync(file('known_hosts'), `[${middle}]:${sshPort} ${readFileSync(file('other_key.pub'), 'utf8')}`);
      const changed = atHub('tunnel', 'up');
      expect(await done(changed)).toContain('somebody may stand between');
      expect(changed.child.exitCode).toBe(1);
      writeFileSync(file('known_hosts'), '');
      expect(await done(atHub('tunnel', 'up'))).toMatch(/has no key of .*: run `ssh-keyscan -p \d+ .*fingerprint/);
    });

    function doneCount(): number {
      return [...owner.db.tasks.iter()].filter(({ state }) => state.tag === 'Done').length;
    }
  });
