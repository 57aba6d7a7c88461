import { execFile, execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judge } from '../../infra/tunnel/audit/audit.ts';
import { isLoopback } from '../../infra/tunnel/audit/sockets.ts';
import { type Outpost, openOutpost, outpostLack } from '../limb/outpost.ts';
import { type HelixProcess, helixCommand, startProgram } from '../support/process.ts';
import { openDoor, scan } from './scan.ts';

const lack = outpostLack() ?? (existsSync('/usr/sbin/nft') ? undefined : 'nft is missing (apt-get install nftables)');
const title = 'the firewall of a machine in a network of its own';
const door = 7777;

if (lack !== undefined) describe.skip(`${title} SKIPPED: ${lack}`, () => it('works', () => {}));
else
  describe(title, { timeout: 60_000 }, () => {
    let outpost: Outpost;
    let open: HelixProcess;
    let run: string;
    beforeAll(async () => {
      outpost = await openOutpost();
      run = mkdtempSync(join(tmpdir(), 'helix-run-'));
      const [program, ...args] = outpost.command(openDoor(door));
      open = startProgram(program, args);
      await open.line(/^open$/);
    });
    afterAll(async () => {
      await open?.stop();
      await outpost?.close();
      rmSync(run, { recursive: true });
    });

    /** Runs a command there, where /run is a folder of this test. */
    async function inside(...command: string[]): Promise<{ code: number; output: string }> {
      const own = ['sh', '-c', `mount --bind ${run} /run && exec "$@"`, 'sh', ...command];
      const [program, ...args] = outpost.command(own);
      try {
        const { stdout, stderr } = await promisify(execFile)(program, args, { env: { ...process.env, NO_COLOR: '1' } });
        return { code: 0, output: stdout + stderr };
      } catch (error) {
        const { code, stdout, stderr } = error as { code: number; stdout: string; stderr: string };
        return { code, output: stdout + stderr };
      }
    }
    const helix = (...args: string[]) => inside(...helixCommand, 'tunnel', ...args);
    const prefix = `fd00:6865:${(process.pid & 0xffff).toString(16)}`;
    const look = () => scan(outpost.insideAddress, door + 1, door);

    it('is not there at first: a scan finds what listens, and the audit names it', async () => {
      expect(scan(outpost.insideAddress, door + 1)).toEqual({ tcp: [door], refused: 65_534, udp: [door + 1] });
      const { code, output } = await helix('audit');
      expect(code).toBe(1);
      expect(output).toMatch(
        /yes +tcp +0\.0\.0\.0:7777 +python3 \(\d+\) +it listens on all addresses .*198\.18\..*no firewall of Helix is on/,
      );
      expect(output).toMatch(/yes +udp +0\.0\.0\.0:7778/);
      expect(output).toContain('2 sockets are reachable from outside');
      expect((await helix('firewall', 'show')).output).toContain('These rules are not in force.');
    });

    it('is taken back by itself when nobody confirms it', async () => {
      const { code, output } = await helix('firewall', 'apply', '--confirm-within', '4');
      expect({ code, output }).toMatchObject({
        code: 0,
        output: expect.stringContaining('helix tunnel firewall confirm'),
      });
      await expect.poll(() => look().tcp, { timeout: 40_000, interval: 500 }).toEqual([door]);
      expect((await helix('firewall', 'confirm')).output).toContain('No rules wait for a confirmation');
    });

    it('closes every port: a scan finds nothing, not even that somebody is there, and the audit is content', async () => {
      expect((await helix('firewall', 'apply', '--confirm-within', '3600')).code).toBe(0);
      expect((await helix('firewall', 'show')).output).toMatch(/in force, until .* unless they are confirmed/);
      expect((await helix('firewall', 'apply')).output).toContain('wait for their confirmation already');
      expect((await helix('firewall', 'confirm')).code).toBe(0);
      expect(scan(outpost.insideAddress, door + 1)).toEqual({ tcp: [], refused: 0, udp: [] });
      const { code, output } = await helix('audit', '--json');
      expect(code).toBe(0);
      expect(JSON.parse(output)).toContainEqual({
        protocol: 'tcp',
        address: '0.0.0.0',
        port: door,
        owner: expect.stringMatching(/^python3 \(/),
        isReachable: false,
        why: expect.stringContaining('nftables drops what comes from outside'),
      });
    });

    it('is not believed to be closed when somebody has opened a port in it', async () => {
      await inside('nft', 'add', 'rule', 'inet', 'helix_firewall', 'inbound', 'tcp', 'dport', `${door}`, 'accept');
      expect(look().tcp).toEqual([door]);
      const { code, output } = await helix('audit');
      expect(code).toBe(1);
      expect(output).toContain(`rules that are not of Helix (tcp dport ${door} accept)`);
      expect((await helix('firewall', 'apply', '--confirm-within', '3600')).code).toBe(0);
      expect((await helix('firewall', 'confirm')).code).toBe(0);
      expect((await helix('audit')).code).toBe(0);
    });

    it('lets out what it did, over IPv4, IPv6 and loopback, and what was open before', async () => {
      const name = outpost.command([])[3] ?? '';
      const [outside, within] = [`${name}o`, `${name}i`];
      execFileSync('sh', ['-c', `echo 0 >/proc/sys/net/ipv6/conf/${outside}/disable_ipv6`]);
      execFileSync('/usr/sbin/ip', ['addr', 'add', `${prefix}::1/64`, 'dev', outside, 'nodad']);
      const enable = `echo 0 >/proc/sys/net/ipv6/conf/all/disable_ipv6; echo 0 >/proc/sys/net/ipv6/conf/${within}/disable_ipv6; ip addr add ${prefix}::2/64 dev ${within} nodad`;
      const [program, ...args] = outpost.command(['sh', '-c', enable]);
      execFileSync(program, args);
      const listener = startProgram('/usr/bin/python3', [
        '-c',
        `import socket
a = socket.create_server(('${outpost.address}', 0))
b = socket.create_server(('${prefix}::1', 0), family=socket.AF_INET6)
print(a.getsockname()[1], b.getsockname()[1], flush=True)
while True:
    for s in (a, b): s.accept()[0].sendall(b'hello')`,
      ]);
      const [, first, second] = await listener.line(/^(\d+) (\d+)$/);
      const text = `import socket
for address in (('${outpost.address}', ${first}), ('${prefix}::1', ${second})):
    with socket.create_connection(address, 20) as s: print(s.recv(5).decode())
with socket.create_connection(('127.0.0.1', ${door}), 20) as s: print('loopback')`;
      const { output } = await inside('/usr/bin/python3', '-c', text);
      expect(output).toBe('hello\nhello\nloopback\n');
      await listener.stop();
    });

    it('is as it was before when it is rolled back', async () => {
      expect((await helix('firewall', 'rollback')).code).toBe(0);
      expect(look()).toMatchObject({ tcp: [door], udp: [door + 1] });
      expect((await inside('nft', 'list', 'ruleset')).output).toBe('');
      expect((await helix('firewall', 'rollback')).output).toContain('no rules were applied');
    });

    it('is taken back also after a restart of the machine, when its service has put it in force', async () => {
      expect((await helix('firewall', 'apply', '--confirm-within', '3600')).code).toBe(0);
      rmSync(join(run, 'helix-firewall'), { recursive: true });
      expect((await helix('firewall', 'rollback')).code).toBe(0);
      expect((await inside('nft', 'list', 'ruleset')).output).toBe('');
    });

    const noUfw = existsSync('/usr/sbin/ufw') ? undefined : 'ufw is missing (apt-get install ufw)';
    it.skipIf(noUfw !== undefined)(`is closed by ufw just so${noUfw ? ` SKIPPED: ${noUfw}` : ''}`, async () => {
      const etc = mkdtempSync(join(tmpdir(), 'helix-etc-'));
      execFileSync('cp', ['-a', '/etc/ufw', '/etc/default', etc]);
      const withUfw = (...command: string[]) =>
        inside(
          'sh',
          '-c',
          `mount --bind ${etc}/ufw /etc/ufw && mount --bind ${etc}/default /etc/default && exec "$@"`,
          'sh',
          ...command,
        );
      const ufw = (...args: string[]) => withUfw(...helixCommand, 'tunnel', 'firewall', ...args);
      const applied = await ufw('apply', '--with', 'ufw');
      expect(applied).toMatchObject({ code: 0 });
      expect((await ufw('confirm', '--permanent')).output).toContain('ufw keeps its own after a restart');
      expect((await ufw('confirm')).output).toContain('The rules of ufw stay, also after a restart');
      expect(look()).toMatchObject({ tcp: [], refused: 0, udp: [] });
      expect((await withUfw(...helixCommand, 'tunnel', 'audit')).code).toBe(0);
      expect((await withUfw('ufw', 'limit', `${door}/tcp`)).code).toBe(0);
      expect((await withUfw(...helixCommand, 'tunnel', 'audit')).code).toBe(1);
      expect((await ufw('rollback')).code).toBe(0);
      expect(look()).toMatchObject({ tcp: [door], udp: [door + 1] });
      rmSync(etc, { recursive: true });
    });
  });

describe('what an audit says of a socket', () => {
  const off = { isClosed: false, words: 'no firewall' };
  it.each([
    ['127.0.0.1', false],
    ['127.8.9.1', false],
    ['::1', false],
    ['::ffff:127.0.0.1', false],
    ['0.0.0.0', true],
    ['::', true],
    ['192.0.2.7', true],
    ['fe80::1', true],
    ['::ffff:192.0.2.7', true],
  ])('%s: reachable without a firewall: %s', (address, isReachable) => {
    expect(judge({ address }, off, []).isReachable).toBe(isReachable);
    expect(isLoopback(address)).toBe(!isReachable);
    expect(judge({ address }, { isClosed: true, words: 'closed' }, []).isReachable).toBe(false);
  });
});
