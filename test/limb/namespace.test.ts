import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { descendantsOf } from '../../limbs/sandbox/testing/host.ts';
import { TestHub } from '../../limbs/testing/hub.ts';
import { listeningAddresses } from '../../limbs/testing/listening.ts';
import { type HelixProcess, helixCommand, startProgram } from '../support/process.ts';
import { type Outpost, openOutpost, outpostLack } from './outpost.ts';

const lack = outpostLack();
const title = 'a limb in a network whose only way out leads to the hub';

if (lack !== undefined) describe.skip(`${title} SKIPPED: ${lack}`, () => it('works', () => {}));
else
  describe(title, () => {
    let outpost: Outpost;
    let hub: TestHub;
    let limb: HelixProcess;
    beforeAll(async () => {
      outpost = await openOutpost();
      hub = await TestHub.open(outpost.address);
      const pair = ['--hub', hub.address.url, '--pair', await hub.pairCode()];
      const start = ['limb', 'start', ...pair, '--name', 'outpost', '--health-port', '0'];
      const [program, ...args] = outpost.command([...helixCommand, ...start]);
      limb = startProgram(program, args, { HELIX_HOME: join(hub.folder, 'home') });
      await limb.line(/Connected to/);
    }, 120_000);
    afterAll(async () => {
      await limb?.stop();
      await hub?.close();
      await outpost?.close();
    });

    it('works: it runs Python, remembers a document and answers from it', async () => {
      const documents = join(hub.folder, 'home/limb/documents/1');
      mkdirSync(documents, { recursive: true });
      writeFileSync(join(documents, 'tides.md'), '# Tides\n\nThe tide is high at noon.\n');
      const results = [];
      for (const [skill, input] of [
        ['run_python', { code: 'print(6 * 7)' }],
        ['remember', { paths: ['tides.md'] }],
        ['reason', { question: 'When is the tide high?' }],
      ] as const) {
        const id = await hub.submit(skill, input);
        const task = await hub.reaches(id, 'Done', 'Failed', 'Dead');
        expect(task).toMatchObject({ state: { tag: 'Done' } });
        results.push((await hub.until(() => hub.summary(id))).body.text);
      }
      expect(results[0]).toBe('42');
      expect(results[2]).toContain('The tide is high at noon.');
    }, 60_000);

    it('lists no listening socket that is not on loopback, in any of its processes', () => {
      const pid = limb.child.pid ?? 0;
      const own = listeningAddresses(pid);
      expect(own).toEqual([expect.stringMatching(/^127\.0\.0\.1:\d+$/)]);
      for (const child of descendantsOf(pid)) expect(listeningAddresses(child)).toEqual([]);
    });

    it('sends no packet to anybody but the hub, and tries to send none', async () => {
      const { hostname, port } = new URL(hub.address.url);
      await expect.poll(() => [...outpost.sent()]).toEqual([`tcp ${hostname}:${port}`]);
      expect(outpost.triedElsewhere(limb.child.pid ?? 0)).toBe(0);

      // Both would be noticed.
      const stray = `
import socket
datagram = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagram.sendto(b'x', ('${hostname}', 53))
try: datagram.sendto(b'x', ('192.0.2.1', 53))
except OSError: pass`;
      const [program, ...args] = outpost.command(['/usr/bin/python3', '-c', stray]);
      execFileSync(program, args);
      await expect.poll(() => [...outpost.sent()]).toContain(`udp ${hostname}:53`);
      expect(outpost.triedElsewhere(limb.child.pid ?? 0)).toBe(1);
    });
  });
