import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RunResult, SandboxEngine } from './engine.ts';
import { type Attack, programOf, type Try } from './testing/attacks/attack.ts';
import { fileAttacks, fileTries } from './testing/attacks/files.ts';
import { kernelAttacks, kernelTries } from './testing/attacks/kernel.ts';
import { networkTries } from './testing/attacks/network.ts';
import { hiddenMark, processAttacks, processTries } from './testing/attacks/processes.ts';
import { resourceAttacks } from './testing/attacks/resources.ts';
import { secretAttacks } from './testing/attacks/secrets.ts';
import { describeEachEngine } from './testing/engines.ts';
import { type Host, openHost, processesMarked } from './testing/host.ts';

const tries = { files: fileTries, network: networkTries, processes: processTries, kernel: kernelTries };
const attacks = [...fileAttacks, ...secretAttacks, ...processAttacks, ...kernelAttacks, ...resourceAttacks];
const attacksMin = 40;

let host: Host;
beforeAll(async () => {
  host = await openHost();
});
afterAll(() => host.close());

const all: readonly (Try | Attack)[] = [...Object.values(tries).flat(), ...attacks];

await describeEachEngine('an attack that is held', (engine) => {
  const applies = ({ skip }: Try | Attack) => skip?.[engine.name] === undefined;
  const count = all.filter(applies).length;

  it(`is each of ${count} attacks on ${engine.name}, at the level ${engine.level}`, () => {
    expect(count).toBeGreaterThanOrEqual(attacksMin);
    expect(new Set(all.map(({ name }) => name)).size).toBe(all.length);
  });

  for (const [kind, each] of Object.entries(tries)) describeTries(kind, each.filter(applies), engine);

  it.each(attacks.filter(applies).map((attack) => [attack.name, attack] as const))('%s', async (_name, attack) => {
    const code = `import os, sys\n${attack.python(host)}\n`;
    const request = { code, ...(attack.limits && { limits: attack.limits }) };
    // What one run leaves must not be there for the next one.
    const results = [await engine.run(request)];
    if (attack.name.includes('a later run')) results.push(await engine.run(request));
    for (const result of results) {
      expectUnnoticed(result);
      expect(attack.isHeld(result), JSON.stringify(result).slice(0, 1000)).toBe(true);
    }
    // The kernel ends a jail's processes when its first one ends, which takes it a moment.
    await expect.poll(() => processesMarked(hiddenMark), { timeout: 10_000 }).toEqual([]);
  });

  for (const { name, skip } of all) {
    const reason = skip?.[engine.name];
    if (reason !== undefined) it.skip(`${name}: does not apply, ${reason}`, () => {});
  }
});

/** Makes all tries of a kind in one program, and tells of each how it went. */
function describeTries(kind: string, tries: readonly Try[], engine: SandboxEngine): void {
  describe(kind, () => {
    let result: RunResult;
    beforeAll(async () => {
      result = await engine.run({ code: programOf(tries, host), limits: { timeMs: 30_000 } });
    });

    it.each(tries.map(({ name }, number) => [name, number] as const))('%s', (_name, number) => {
      expect(result.stdout.split('\n').filter((line) => line.split(' ')[1] === String(number))).toEqual([
        expect.stringMatching(/^refused /),
      ]);
    });

    it('the host has noticed none of them, and all were made', () => {
      expectUnnoticed(result);
      expect(result).toMatchObject({ outcome: 'exited', exitCode: 0, stderr: '' });
      expect(result.stdout).toMatch(/^end\n$/m);
    });
  });
}

function expectUnnoticed(result: RunResult): void {
  expect(result.stdout).not.toContain('ESCAPED');
  expect(result.stdout + result.stderr).not.toContain(host.secret);
  expect(host.connections()).toBe(0);
  expect(host.victim.exitCode).toBeNull();
  expect(host.victim.signalCode).toBeNull();
  expect(readdirSync(host.openFolder)).toEqual([]);
}
